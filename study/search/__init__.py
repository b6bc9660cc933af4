"""The search: what decides what to try, and what is done with each trial."""
