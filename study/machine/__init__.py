"""What lies between the study and the machine: files, processes, whom to trust."""
