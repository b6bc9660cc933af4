"""Figures of the results: how well both networks do on the test part."""
