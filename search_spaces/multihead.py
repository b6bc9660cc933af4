"""Multi-head: one feature network, four heads for a line's length, width, color and angle."""

from search_spaces import _cnn

DATA = "lines"
HEADS = ("length", "width", "color", "angle")
OBJECTIVE = "joint"
BASELINE = _cnn.baseline(HEADS)
CORE = _cnn.CORE
build = _cnn.build
recipe = _cnn.recipe
describe_baseline = _cnn.describe_baseline
