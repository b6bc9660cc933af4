"""The results of a search's trials, in numbers."""
