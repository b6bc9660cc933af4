"""Tests, mirroring the source tree; `tests.factories` makes records by hand."""
