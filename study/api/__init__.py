"""What `import study` offers: the command line's nouns, from Python.

Nothing here prints. What fails raises a `study.errors.StudyError` with the message that the command
line would print. Objects show themselves in notebooks.
"""
