"""Figures of every class: who is taken for whom, and how often each is found."""
