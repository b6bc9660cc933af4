"""Kills, signals and full disks at random moments, and what must be true after them."""
