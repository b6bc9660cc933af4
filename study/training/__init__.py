"""Train one network for given hyperparameter values: what runs on a worker."""
