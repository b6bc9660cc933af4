"""Figures of what networks learned."""
