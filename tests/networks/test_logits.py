"""Heatmaps of one function, written in every form there is, and of what cannot be cut."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
from keras import layers, ops

from study.errors import WrongName
from study.explanation.attribution import Explainer, attribute
from study.records.finding import METHODS, Method

pytestmark = pytest.mark.slow

Tensor = keras.KerasTensor
End = Callable[[Tensor, layers.Layer], Tensor]
"""(what the last layer is given, that layer without activation function) -> probabilities."""


class Softened(layers.Layer):
    """A user's own softmax."""

    def call(self, scores: Tensor) -> Tensor:
        """Another way of writing it."""
        powers = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
        return powers / ops.sum(powers, axis=-1, keepdims=True)


def in_the_layer(activation: str) -> End:
    def end(given: Tensor, last: layers.Layer) -> Tensor:
        return type(last).from_config({**last.get_config(), "activation": activation})(given)

    return end


SOFTMAX: dict[str, End] = {
    "activation attribute": in_the_layer("softmax"),
    "Softmax layer": lambda x, last: layers.Softmax()(last(x)),
    "Activation layer": lambda x, last: layers.Activation("softmax")(last(x)),
    "own layer": lambda x, last: Softened()(last(x)),
    "operation": lambda x, last: ops.softmax(last(x)),
    "function": lambda x, last: keras.activations.softmax(last(x)),
    "reshape after": lambda x, last: layers.Reshape((3,))(layers.Softmax()(last(x))),
    "reshape after attribute": lambda x, last: layers.Reshape((3,))(
        in_the_layer("softmax")(x, last)
    ),
    "linear after": lambda x, last: layers.Activation("linear", dtype="float32")(
        layers.Softmax()(last(x))
    ),
    "dropout and identity after": lambda x, last: layers.Identity()(
        layers.Dropout(0.5)(in_the_layer("softmax")(x, last))
    ),
    "flatten after": lambda x, last: layers.Flatten()(
        ops.softmax(layers.Reshape((1, 1, 3))(last(x)))
    ),
    "clipped": lambda x, last: ops.clip(ops.softmax(last(x)), 1e-7, 1 - 1e-7),
    "none": lambda x, last: last(x),
}
SIGMOID: dict[str, End] = {
    "activation attribute": in_the_layer("sigmoid"),
    "Activation layer": lambda x, last: layers.Activation("sigmoid")(last(x)),
    "operation": lambda x, last: ops.sigmoid(last(x)),
    "function": lambda x, last: keras.activations.sigmoid(last(x)),
    "reshape after": lambda x, last: layers.Reshape((1,))(ops.sigmoid(last(x))),
    "dropout after": lambda x, last: layers.Dropout(0.1)(in_the_layer("sigmoid")(x, last)),
}


def network(*ends: tuple[int, End]) -> keras.Model:
    """A convolution, a pooling, another convolution and heads of so many units; seeded weights."""
    pixels = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv1")(layers.Rescaling(1 / 255)(pixels))
    x = layers.Conv2D(5, 3, activation="relu", name="conv2")(layers.MaxPooling2D(2)(x))
    x = layers.Flatten()(x)
    heads = [end(x, layers.Dense(units, name=f"last{n}")) for n, (units, end) in enumerate(ends)]
    model = keras.Model(pixels, heads[0] if len(heads) == 1 else heads)
    for layer in model.layers:
        rng = np.random.default_rng(list(layer.name.encode()))
        layer.set_weights([rng.normal(0.1, 0.7, weight.shape) for weight in layer.get_weights()])
    return model


def images(count: int = 3) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 255, (count, 8, 8, 3), np.uint8)


def all_maps(model: keras.Model, head: str | None = None) -> dict[Method, np.ndarray]:
    explainer = Explainer(model, samples=2)
    return {method: explainer.maps(images(), method, head) for method in METHODS}


def assert_same(maps: dict[Method, np.ndarray], expected: dict[Method, np.ndarray]) -> None:
    for method in METHODS:
        np.testing.assert_allclose(maps[method], expected[method], atol=1e-4, err_msg=method)
        assert (maps[method].max(axis=(1, 2)) > 0).any(), method


@pytest.fixture(scope="module")
def expected() -> dict[Method, np.ndarray]:
    return all_maps(network((3, SOFTMAX["activation attribute"])))


@pytest.mark.parametrize("form", [form for form in SOFTMAX if form != "activation attribute"])
def test_softmax_in_every_form_gives_the_same_maps(
    form: str, expected: dict[Method, np.ndarray]
) -> None:
    assert_same(all_maps(network((3, SOFTMAX[form]))), expected)


@pytest.fixture(scope="module")
def expected_of_neuron() -> dict[Method, np.ndarray]:
    return all_maps(network((1, SIGMOID["activation attribute"])))


@pytest.mark.parametrize("form", [form for form in SIGMOID if form != "activation attribute"])
def test_a_sigmoid_neuron_in_every_form_gives_the_same_maps(
    form: str, expected_of_neuron: dict[Method, np.ndarray]
) -> None:
    assert_same(all_maps(network((1, SIGMOID[form]))), expected_of_neuron)


def test_heads_in_different_forms_give_the_maps_of_plain_ones() -> None:
    plain = network((3, SOFTMAX["activation attribute"]), (1, SIGMOID["activation attribute"]))
    other = network((3, SOFTMAX["flatten after"]), (1, SIGMOID["operation"]))

    for head, same in zip(plain.output_names, other.output_names, strict=True):
        assert_same(all_maps(other, same), all_maps(plain, head))


def test_a_head_on_top_of_another_heads_probabilities_keeps_them() -> None:
    """Cutting the first head must not change the second."""

    def model(given: Tensor, first: Tensor) -> keras.Model:
        made = keras.Model(given, [first, layers.Dense(2, "softmax", name="fine")(first)])
        rng = np.random.default_rng(4)
        made.set_weights([rng.normal(0, 0.7, weight.shape) for weight in made.get_weights()])
        return made

    def trunk() -> tuple[Tensor, Tensor]:
        pixels = keras.Input((8, 8, 3))
        maps = layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(pixels))
        return pixels, layers.GlobalAveragePooling2D()(maps)

    pixels, means = trunk()
    attributes = model(pixels, layers.Dense(3, "softmax", name="coarse")(means))
    pixels, means = trunk()
    separate = model(pixels, layers.Softmax(name="coarse")(layers.Dense(3)(means)))

    assert_same(all_maps(attributes, "fine"), all_maps(separate, "fine"))
    explainer = Explainer(attributes)
    assert len(explainer.network.outputs) == 2  # both fit into one network, for the sanity check


def test_attention_in_the_network_is_not_taken_for_its_end() -> None:
    """A softmax over channels that weighs maps stays; the head has scores already."""
    pixels = keras.Input((8, 8, 3))
    maps = layers.Conv2D(4, 3, activation="relu", name="conv1")(pixels)
    weights = layers.Dense(4, "softmax")(layers.GlobalAveragePooling2D()(maps))
    weighed = layers.Multiply()([maps, layers.Reshape((1, 1, 4))(weights)])
    scores = layers.Dense(3)(layers.Flatten()(weighed))

    plain, softened = (all_maps(keras.Model(pixels, end)) for end in (scores, ops.softmax(scores)))

    assert_same(plain, softened)


@pytest.mark.parametrize("form", ["activation attribute", "Softmax layer", "operation"])
def test_the_network_is_never_changed(form: str) -> None:
    model = network((3, SOFTMAX[form]))
    config, before = model.get_config(), np.asarray(model(images()))
    weights = model.get_weights()

    explainer = Explainer(model, samples=2)
    explainer.in_turn(images(), "gradcam")
    for weight in explainer.network.weights:
        weight.assign(weight * 0)

    assert model.get_config() == config
    np.testing.assert_array_equal(np.asarray(model(images())), before)
    for weight, kept in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(weight, kept)


MIXED: dict[str, tuple[int, End]] = {
    "dense after softmax": (3, lambda x, last: layers.Dense(2)(ops.softmax(last(x)))),
    "mean of two": (
        3,
        lambda x, last: layers.Average()([ops.softmax(last(x)), layers.Dense(3, "softmax")(x)]),
    ),
    "order changed": (3, lambda x, last: ops.flip(ops.softmax(last(x)), axis=-1)),
    "two columns of a neuron": (
        1,
        lambda x, last: ops.concatenate([1 - (p := ops.sigmoid(last(x))), p], axis=-1),
    ),
    "log": (3, lambda x, last: ops.log_softmax(last(x))),
    "neuron without sigmoid": (1, lambda x, last: last(x)),
    "dropout that is always on": (
        3,
        lambda x, last: layers.Dropout(0.9)(ops.softmax(last(x)), training=True),
    ),
    "softmax over groups": (
        4,
        lambda x, last: layers.Flatten()(layers.Softmax()(layers.Reshape((2, 2))(last(x)))),
    ),
}


@pytest.mark.parametrize("form", MIXED)
def test_what_cannot_be_cut_is_refused(form: str) -> None:
    with pytest.raises(WrongName, match="heatmaps need a network that ends in softmax or sigmoid"):
        attribute(network(MIXED[form]), images(), "gradcam", classes=0)


def test_maps_instead_of_classes_are_refused() -> None:
    model = network((4, lambda x, last: layers.Softmax()(layers.Reshape((2, 2))(last(x)))))

    with pytest.raises(WrongName, match=r"outputs 2 x 2 per image; .* one number per class"):
        attribute(model, images(), "gradcam", classes=0)


class Subclassed(keras.Model):
    """No graph to be cut."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = network((3, SOFTMAX["operation"]))

    def call(self, pixels: Tensor) -> Tensor:
        """All there is to be known of it."""
        return self.inner(pixels)


def test_networks_without_a_graph_are_refused() -> None:
    model = Subclassed()
    model(images())
    with pytest.raises(WrongName, match="the layers of a subclassed model cannot be inspected"):
        attribute(model, images(), "gradcam")

    pixels = keras.Input((8, 8, 3))
    nested = keras.Model(pixels, network((3, SOFTMAX["operation"]))(pixels))
    with pytest.raises(WrongName, match="is a model of its own"):
        attribute(nested, images(), "gradcam")


def two_branches() -> keras.Model:
    """Head "shape" sees conv_a and pool_a, head "colour" conv_b; "size" sees no convolution."""
    pixels = keras.Input((8, 8, 3))
    left = layers.Conv2D(3, 3, activation="relu", name="conv_a")(pixels)
    left = layers.MaxPooling2D(2, name="pool_a")(left)
    right = layers.Conv2D(4, 5, activation="relu", name="conv_b")(pixels)
    right = layers.Conv2D(4, 1, activation="relu", name="conv_c")(right)
    flat = [layers.Flatten()(branch) for branch in (left, right, pixels)]
    return keras.Model(
        pixels,
        [
            layers.Dense(2, "softmax", name="shape")(flat[0]),
            layers.Dense(2, "softmax", name="colour")(flat[1]),
            layers.Dense(2, "softmax", name="size")(flat[2]),
        ],
    )


def test_each_head_is_explained_at_the_last_convolution_that_it_depends_on() -> None:
    explainer = Explainer(two_branches())

    assert explainer.layer_of("shape") == "conv_a"
    assert explainer.layer_of("colour") == "conv_c"
    assert explainer.maps(images(), "gradcam", "shape").shape == (3, 8, 8)
    assert explainer.resolution_of("shape") == (6, 6)


@pytest.mark.parametrize(
    ("layer", "head", "message"),
    [
        ("conv_a", "colour", "'colour' does not depend on layer 'conv_a'; .* are: conv_b, conv_c"),
        ("conv_c", "shape", "'shape' does not depend on layer 'conv_c'; .* are: conv_a, pool_a"),
        ("conv_a", "size", "'size' does not depend on layer 'conv_a'; .* are: none"),
        (None, "size", "'size' does not depend on any convolution layer"),
    ],
)
def test_a_layer_that_the_head_does_not_depend_on_is_refused(
    layer: str | None, head: str, message: str
) -> None:
    with pytest.raises(WrongName, match=message):
        attribute(two_branches(), images(), "gradcam", layer, head)


def test_a_layer_that_is_used_twice_is_refused() -> None:
    pixels, twice = keras.Input((8, 8, 3)), layers.Conv2D(3, 3, padding="same", name="twice")
    flat = layers.Flatten()(twice(twice(pixels)))

    with pytest.raises(WrongName, match="layer 'twice' is used 2 times, so"):
        attribute(keras.Model(pixels, layers.Dense(2, "softmax")(flat)), images(), "gradcam")


def test_a_convolution_that_makes_the_scores_is_not_the_last_one_before_them() -> None:
    pixels = keras.Input((8, 8, 3))
    maps = layers.Conv2D(4, 3, activation="relu", name="conv1")(pixels)
    scores = layers.Conv2D(3, 6, name="scores")(maps)

    separate = keras.Model(pixels, layers.Softmax()(layers.Flatten()(scores)))

    assert Explainer(separate).layer == "conv1"
