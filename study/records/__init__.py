"""What stages hand on, and what runs leave on disk: plain frozen records, one file per writer."""
