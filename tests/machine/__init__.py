"""What lies between the study and the machine."""
