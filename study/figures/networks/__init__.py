"""Figures of what the networks learned."""
