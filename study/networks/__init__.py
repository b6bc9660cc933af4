"""Finished networks: how to load them, look inside and predict."""
