"""The folder of a run: what lies where, what is planned and what is done."""
