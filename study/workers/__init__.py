"""Worker processes, on this machine or on a cluster, and how they get jobs."""
