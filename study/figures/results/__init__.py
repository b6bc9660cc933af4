"""Figures of what baseline and tuned came to."""
