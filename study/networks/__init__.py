"""Finished networks: load them safely, look inside, predict."""
