"""What did the networks learn? Numbers only, no pictures."""
