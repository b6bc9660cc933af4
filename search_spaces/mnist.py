"""MNIST: handwritten digits, 10 classes, one sequential CNN."""

from search_spaces import _cnn

DATA = "mnist"
HEADS = ("class",)
OBJECTIVE = "accuracy"
BASELINE = _cnn.baseline(HEADS)
CORE = _cnn.CORE
build = _cnn.build
recipe = _cnn.recipe
describe_baseline = _cnn.describe_baseline
