"""The page itself: templates, formats of dates and names, one HTML file."""
