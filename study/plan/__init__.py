"""What a run is to do, under which conditions, and what of it is done."""
