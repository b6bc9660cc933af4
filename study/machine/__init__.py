"""What lies between the study and the machine: files, processes, what to trust."""
