"""What is asked of which network: data, heads, search space, settings."""
