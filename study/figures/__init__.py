"""Figures: each a data step that is tested by equality, then a drawing step."""
