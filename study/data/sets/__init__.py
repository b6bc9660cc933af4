"""The data sets that come with the study: one file each."""
