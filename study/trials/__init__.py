"""What came of a search's trials, in numbers."""
