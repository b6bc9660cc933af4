"""What is asked of which network."""
