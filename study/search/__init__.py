"""What to try next, and when a trial gets more epochs."""
