"""Saved networks: what is loaded, what is refused, what they predict."""

import io
import os
import re
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from study.errors import CorruptRecord, StudyError, WrongName
from study.networks.prediction import layer_outputs, predict, predictor
from study.networks.saved import as_functional, find_layers, image_shape, load_model, visual_layers
from study.problem.problem import head_names

SHAPE = (8, 8, 3)


class Twice(keras.layers.Layer):
    """A layer that plain Keras does not have."""

    def call(self, x):
        return 2 * x


def sequential(*middle: keras.layers.Layer, dtype: str = "float32") -> keras.Model:
    """A small classifier with random weights, the same every time."""
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input(SHAPE, dtype=dtype),
            layers.Rescaling(1 / 255, name="scale"),
            *middle,
            layers.Flatten(name="flatten"),
            layers.Dense(4, activation="softmax", name="class"),
        ]
    )


def convolutional() -> keras.Model:
    return sequential(
        layers.Conv2D(2, 3, activation="relu", name="conv1"),
        layers.BatchNormalization(name="norm"),
        layers.MaxPooling2D(2, name="pool1"),
        layers.DepthwiseConv2D(2, name="conv2"),
    )


def two_heads() -> keras.Model:
    keras.utils.set_random_seed(1)
    pixels = keras.Input(SHAPE)
    x = layers.Flatten()(layers.Rescaling(1 / 255)(pixels))
    return keras.Model(
        pixels,
        [
            layers.Dense(1, activation="sigmoid", name="width")(x),
            layers.Dense(3, activation="softmax", name="angle")(x),
        ],
    )


def images(count: int = 5) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, *SHAPE), np.uint8)


def saved(model: keras.Model, folder: Path) -> Path:
    path = folder / "net.keras"
    model.save(path)
    return path


@pytest.mark.parametrize("channels", [2, 4])
def test_networks_of_images_that_are_neither_grey_nor_rgb_are_refused(
    tmp_path: Path, channels: int
) -> None:
    model = keras.Sequential([keras.Input((8, 8, channels)), keras.layers.Flatten()])
    model.save(tmp_path / "odd.keras")
    with pytest.raises(WrongName, match=rf"RGB \(3 channels\) images, found {channels} channels"):
        load_model(tmp_path / "odd.keras")


@pytest.mark.parametrize("model", [convolutional(), two_heads()], ids=["sequential", "two heads"])
def test_a_saved_network_comes_back_as_a_functional_one_that_predicts_the_same(
    model: keras.Model, tmp_path: Path
) -> None:
    loaded = load_model(saved(model, tmp_path))

    assert not isinstance(loaded, keras.Sequential)
    expected, got = predict(model, images()), predict(loaded, images())
    assert expected.keys() == got.keys()
    for head, probabilities in expected.items():
        np.testing.assert_array_equal(got[head], probabilities)


def refusal(path: Path) -> StudyError:
    with pytest.raises(StudyError) as caught:
        load_model(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return caught.value


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path / "net.keras")

    assert isinstance(error, WrongName)
    assert "no model file" in str(error)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.h5"
    path.write_bytes(b"")

    error = refusal(path)

    assert isinstance(error, WrongName)
    assert "not a .keras file" in str(error)


@pytest.mark.parametrize("keep", [0, 100, -1000])
def test_a_file_cut_short_is_refused(tmp_path: Path, keep: int) -> None:
    path = saved(convolutional(), tmp_path)
    path.write_bytes(path.read_bytes()[:keep])

    error = refusal(path)

    assert isinstance(error, CorruptRecord)
    assert "cut short" in str(error)


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")

    assert isinstance(refusal(path), CorruptRecord)


def test_a_damaged_weight_is_refused(tmp_path: Path) -> None:
    path = saved(convolutional(), tmp_path)
    data = bytearray(path.read_bytes())
    start = data.index(b"\x89HDF")  # the weights inside the archive
    data[start : start + 200] = bytes(200)
    path.write_bytes(data)

    assert isinstance(refusal(path), CorruptRecord)


def test_a_file_that_brings_code_along_is_refused(tmp_path: Path) -> None:
    path = saved(sequential(layers.Lambda(lambda x: 2 * x)), tmp_path)

    error = refusal(path)

    assert isinstance(error, CorruptRecord)
    assert "Lambda" in str(error)


def test_a_layer_that_plain_keras_lacks_is_refused_by_name(tmp_path: Path) -> None:
    error = refusal(saved(sequential(Twice()), tmp_path))

    assert isinstance(error, CorruptRecord)
    assert "'Twice'" in str(error)


def test_a_network_that_does_not_take_images_is_refused(tmp_path: Path) -> None:
    numbers = keras.Sequential([keras.Input((5,)), layers.Dense(2)])

    error = refusal(saved(numbers, tmp_path))

    assert isinstance(error, WrongName)
    assert "(None, 5)" in str(error)


def test_a_network_without_a_fixed_image_size_is_refused() -> None:
    anything = keras.Sequential([keras.Input((None, None, 3)), layers.GlobalMaxPooling2D()])

    with pytest.raises(WrongName, match="one input"):
        as_functional(anything)


def test_an_integer_input_becomes_a_float_one_that_predicts_the_same(tmp_path: Path) -> None:
    model = sequential(dtype="uint8")

    loaded = load_model(saved(model, tmp_path))

    assert loaded.inputs[0].dtype == "float32"
    expected = np.asarray(model(images()))
    np.testing.assert_allclose(predict(loaded, images())["class"], expected, rtol=1e-6)


def test_a_network_of_mixed_precision_is_loaded_in_float32(tmp_path: Path) -> None:
    exact = convolutional()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        rough = convolutional()
    finally:
        keras.config.set_dtype_policy("float32")
    rough.set_weights(exact.get_weights())

    loaded = load_model(saved(rough, tmp_path))

    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}
    np.testing.assert_array_equal(
        predict(loaded, images())["class"], predict(exact, images())["class"]
    )


def test_operations_are_no_hindrance_to_float32(tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        pixels = keras.Input((8, 8, 3))
        scores = layers.Dense(4)(layers.Flatten()(keras.ops.divide(pixels, 255.0)))
        rough = keras.Model(pixels, keras.ops.softmax(keras.ops.cast(scores, "float32")))
    finally:
        keras.config.set_dtype_policy("float32")

    loaded = load_model(saved(rough, tmp_path))

    assert {layer.compute_dtype for layer in loaded.layers} == {"float32"}
    (shares,) = predict(loaded, np.zeros((1, 8, 8, 3), np.uint8)).values()
    assert shares.sum() == pytest.approx(1)


def test_a_functional_twin_shares_its_weights() -> None:
    model = convolutional()
    before = predict(model, images())["class"]

    as_functional(model).get_layer("class").bias.assign([9, 0, 0, 0])

    assert not np.array_equal(predict(model, images())["class"], before)


def test_convolution_and_pooling_layers_are_found_in_order() -> None:
    model = convolutional()

    assert [layer.name for layer in visual_layers(model)] == ["conv1", "pool1", "conv2"]
    assert [layer.name for layer in as_functional(model).layers[1:]] == [
        "scale", "conv1", "norm", "pool1", "conv2", "flatten", "class",
    ]  # fmt: skip


def test_layers_are_found_by_name_in_the_order_asked_for() -> None:
    found = find_layers(convolutional(), ["pool1", "conv1"])

    assert [layer.name for layer in found] == ["pool1", "conv1"]


@pytest.mark.parametrize("name", ["conv9", "flatten"])
def test_an_unknown_layer_is_answered_with_those_there_are(name: str) -> None:
    with pytest.raises(WrongName, match=rf"'{name}'; there are: conv1, pool1, conv2"):
        find_layers(convolutional(), ["conv1", name])


def test_a_network_inside_a_network_is_refused_by_name() -> None:
    inner = keras.Sequential([keras.Input(SHAPE), layers.Conv2D(1, 1)], name="inner")

    with pytest.raises(WrongName, match="'inner'"):
        visual_layers(sequential(inner))


def test_what_layers_put_out_is_read_for_one_and_for_many() -> None:
    model = as_functional(convolutional())
    scale, pool = model.get_layer("scale"), model.get_layer("pool1")

    one = layer_outputs(model, [scale], images())
    both = layer_outputs(model, [scale, pool], images())

    assert layer_outputs(model, [], images()) == []
    np.testing.assert_allclose(one[0], images() / 255, rtol=1e-6)
    assert [output.shape for output in both] == [(5, 8, 8, 3), (5, 3, 3, 2)]


def test_the_only_output_is_the_head() -> None:
    model = as_functional(convolutional())

    assert head_names(model) == ["class"]
    assert image_shape(model) == SHAPE
    probabilities = predict(model, images())["class"]
    assert probabilities.shape == (5, 4)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_heads_have_their_layers_names_and_a_sigmoid_two_columns() -> None:
    model = two_heads()

    probabilities = predict(model, images())

    assert list(probabilities) == ["width", "angle"]
    width = np.asarray(model(images())[0])
    np.testing.assert_allclose(probabilities["width"], np.hstack([1 - width, width]), rtol=1e-6)
    assert probabilities["angle"].shape == (5, 3)


def test_outputs_in_a_dictionary_keep_their_own_names() -> None:
    plain = two_heads()
    width, angle = plain.outputs
    model = keras.Model(plain.inputs, {"z": angle, "a": width})

    probabilities = predict(model, images())

    for head, expected in predict(plain, images()).items():
        np.testing.assert_array_equal(probabilities[head], expected)


def test_batches_make_no_difference() -> None:
    model = convolutional()

    whole, pieces = predictor(model)(images(7)), predictor(model, batch=3)(images(7))

    np.testing.assert_allclose(pieces["class"], whole["class"], rtol=1e-5)


def test_a_predictor_follows_the_weights() -> None:
    model = sequential()
    predict_all = predictor(model)
    before = predict_all(images())["class"]

    model.get_layer("class").bias.assign([9, 0, 0, 0])

    assert (predict_all(images())["class"][:, 0] > before[:, 0]).all()


# Files that may come from anywhere


def repacked(path: Path, **changed: bytes) -> Path:
    """The archive with the content of some members changed, deflated."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (contents | changed).items():
            archive.writestr(name, content)
    return path


def test_a_repacked_network_is_loaded(tmp_path: Path) -> None:
    model = convolutional()
    loaded = load_model(repacked(saved(model, tmp_path)))
    np.testing.assert_array_equal(
        predict(loaded, images())["class"], predict(model, images())["class"]
    )


@pytest.mark.parametrize(
    ("member", "content", "words"),
    [
        ("model.weights.h5", bytes(50 * 2**20), "at most 1 MiB of model.weights.h5, got 50 MiB"),
        ("config.json", b" " * (9 * 2**20), "at most 8 MiB of config.json, got 9 MiB"),
        ("config.json", b"[" * 100_000, "JSON|recursion|RecursionError"),
        ("config.json", b"[" * 600_000, "at most 500,000 keys, got 600,000"),
        ("assets/1", b"", "expected at most 3 members, got 4"),
    ],
    ids=["weights", "config", "deep", "brackets", "assets"],
)
def test_an_archive_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, member: str, content: bytes, words: str
) -> None:
    error = refusal(repacked(saved(sequential(), tmp_path), **{member: content}))

    assert isinstance(error, CorruptRecord)
    assert re.search(words, str(error))


def test_weights_that_unpack_to_too_much_are_refused(tmp_path: Path) -> None:
    """A gigabyte of zeros in some kilobytes, for the weights that the network has."""
    path = saved(sequential(), tmp_path)
    with zipfile.ZipFile(path) as archive:
        buffer = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(buffer, "a") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        group.create_dataset("0", (2**26, 4), "f4", chunks=(2**20, 4), compression="gzip")

    error = refusal(repacked(path, **{"model.weights.h5": buffer.getvalue()}))

    assert "expected plain numbers at 'layers/dense/vars/0'" in str(error)


def test_layers_that_are_larger_than_their_weights_are_refused_before_they_are_made(
    tmp_path: Path,
) -> None:
    """768 GB of weights by a changed number."""
    path = saved(sequential(), tmp_path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    assert config.count(b'"units": 4') == 1
    changed = config.replace(b'"units": 4', b'"units": 1000000000')

    error = refusal(repacked(path, **{"config.json": changed}))

    assert "weights, because of those in its file, got 192,000,000,000 or more" in str(error)
    load_model(saved(sequential(), tmp_path))  # layers are as they were


def test_layers_that_put_out_more_than_there_is_room_for_are_refused(tmp_path: Path) -> None:
    vast = sequential(layers.UpSampling2D(4000, name="vast"), layers.GlobalMaxPooling2D())

    error = refusal(saved(vast, tmp_path))

    assert "at most 100,000,000 numbers per image, got 3,072,000,000 from 'vast'" in str(error)


def named(name: str, inside: bool) -> keras.Model:
    """A network with a layer, or with a network that is used as a layer, of that name."""
    scaled = sequential(layers.Rescaling(1, name="plain" if inside else name))
    if not inside:
        return scaled
    pixels = keras.Input(SHAPE, name="any thing")
    return keras.Model(pixels, keras.Model(scaled.inputs, scaled.outputs, name=name)(pixels))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", ["<b>x", "conv 1", "é", "a:b", "\\x"])
def test_names_that_tensorflow_cannot_compile_are_refused(
    tmp_path: Path, name: str, inside: bool
) -> None:
    error = refusal(saved(named(name, inside), tmp_path))

    assert isinstance(error, WrongName)
    assert f"found {name!r}; give it another name" in str(error)
    with pytest.raises(Exception, match=r"not a valid scope name|invalid characters"):
        predict(named(name, inside), images())  # as TensorFlow has it


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("name", ["conv_1", "_x", ".x", "-x", "a>b"])
def test_all_other_names_are_as_good_as_any(tmp_path: Path, name: str, inside: bool) -> None:
    predict(load_model(saved(named(name, inside), tmp_path)), images())


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "huge"])
def test_what_is_no_file_of_sane_size_is_refused_unread(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "net.keras"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.touch()
        os.truncate(path, 2**40)

    assert "expected" in str(refusal(path))
