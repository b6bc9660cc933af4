"""What the libraries below the study do without being asked, and what of them is not public."""
