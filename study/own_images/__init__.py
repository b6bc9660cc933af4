"""What a network predicts, and why, for the user's own pictures."""
