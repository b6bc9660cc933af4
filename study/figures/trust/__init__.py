"""Figures of what heatmaps are worth, and whether they can be trusted."""
