"""What the networks learned: numbers and arrays, no pictures."""
