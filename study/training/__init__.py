"""Training of one network: what runs on a worker for each trial and each retraining."""
