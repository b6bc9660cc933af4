"""Search spaces: one file a problem."""
