"""Where training runs: worker processes, on this machine or on a cluster."""
