"""What `import study` offers: the things that the command line works with, from Python.

Nothing here prints. Failures raise a `study.errors.StudyError` with the message that the command
line would print. Objects show themselves in notebooks.
"""
