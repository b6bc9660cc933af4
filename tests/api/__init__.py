"""The study from Python."""
