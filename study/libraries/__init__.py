"""What the libraries do behind our back, and what of theirs is used though it is private."""
