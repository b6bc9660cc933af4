"""The search: who decides what to try, and what is done with each trial."""
