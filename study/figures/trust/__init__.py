"""Figures of how informative heatmaps are, and whether they can be trusted."""
