"""What a run is to do, under which conditions, and which part of it is done."""
