"""Figures of what came out: how both networks do on the test part."""
