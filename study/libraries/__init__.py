"""What the libraries do without being asked, and which private parts of them are used."""
