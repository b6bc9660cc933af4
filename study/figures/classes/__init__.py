"""Figures of every class: which is mistaken for which, and how often each is recognised."""
