"""A hyperparameter search study: does tuning help, by how much, is it real, what was learned?"""

__version__ = "1.0.0"
