"""What records hold, in words."""
