"""Is the tuned network better? Retraining, the test part, intervals and tests."""
