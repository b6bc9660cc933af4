"""What is installed, and what is in it."""
