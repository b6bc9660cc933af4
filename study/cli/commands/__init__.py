"""The commands: each reads its options, has the work done and prints the results."""
