"""What excites the filters of convolutions."""
