"""What a network makes of pictures that the user has."""
