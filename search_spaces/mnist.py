"""MNIST: handwritten digits, 10 classes, one sequential CNN."""

from search_spaces import _cnn

DATA = "mnist"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE = _cnn.baseline(HEADS)
build = _cnn.build
describe_baseline = _cnn.describe_baseline
