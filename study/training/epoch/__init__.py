"""What happens within one epoch of training."""
