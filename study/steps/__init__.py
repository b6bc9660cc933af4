"""The steps of a run, each on its folder: search, evaluate, explain, draw, report."""
