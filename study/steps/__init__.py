"""The steps of a run, in their order: each takes its input from the run's folder."""
