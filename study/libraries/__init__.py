"""What libraries do behind our back, and what of them is changed here."""
