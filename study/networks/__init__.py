"""Finished networks: load them, look inside, predict."""
