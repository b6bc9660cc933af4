"""Worker processes, here or on a cluster, and how jobs come to them."""
