"""What is asked of which network, within which space, at what expense."""
