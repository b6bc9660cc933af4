"""The page itself: templates, number formats, one file of HTML."""
