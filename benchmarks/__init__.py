"""How fast the search is, beside its peers: `make bench`. Not part of the tests."""
