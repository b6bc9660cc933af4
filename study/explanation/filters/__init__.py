"""What drives the filters of convolutions up."""
