"""What lies between the study and the machine: files, signals, variables, text from outside."""
