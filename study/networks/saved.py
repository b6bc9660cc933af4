"""Saved networks: load them safely, look inside, predict.

A network is any plain Keras model that takes one batch of images. Everything here and in the
figures sees it as a functional model with its outputs in a list, however it was built.
"""

import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import IO

import h5py
import keras

from study.data.image_files import MODES
from study.errors import CorruptRecord, WrongName
from study.libraries.weight_limit import at_most_weights
from study.machine import untrusted
from study.machine.untrusted import MIB
from study.networks.graph import steps
from study.networks.memory import numbers

CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
POOLINGS = (
    keras.layers.MaxPooling2D,
    keras.layers.AveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.GlobalAveragePooling2D,
)

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
"""The members of a .keras file of plain layers."""

ARCHIVE_BYTES = 1024 * MIB
"""Largest size of a .keras file, packed and unpacked: a quarter of a billion weights."""

CONFIG_BYTES, CONFIG_VALUES, CONFIG_KEYS = 8 * MIB, 500_000, 500_000
"""Largest size of a network's description; 800 layers take half a megabyte."""

RATIO = 20
"""Largest ratio of unpacked to packed size: weights hardly shrink."""

SPARE_WEIGHTS = 10_000
"""Weights that a network may make beyond twice those in its file: states of random generators."""

SCOPE = re.compile(r"[A-Za-z0-9_.>/-]+")
"""What a layer may be called for TensorFlow to compile a network of it."""

MOST_OUTPUTS = 100_000_000
"""Largest number of outputs of a layer for one image: 400 MB."""


def load_model(path: Path) -> keras.Model:
    """The saved network, for inference; the file may come from anywhere.

    In Keras's safe mode, a file that contains code (Lambda, custom objects) is refused.

    Raises:
        WrongName: There is no such file, it is not a .keras file, or its network does not take
            images.
        CorruptRecord: The file cannot be read, or needs code that plain Keras does not have.
    """
    if not path.exists():
        raise WrongName(f"no model file {path}; give the path of a saved .keras file")
    if path.suffix != ".keras":
        raise WrongName(f"{path} is not a .keras file; save it with model.save('NAME.keras')")
    try:
        with untrusted.opened(path, ARCHIVE_BYTES) as file:
            model = _read(file)
        functional = _of_pictures(as_functional(model))
        _check_names(functional)
        _check_outputs(functional)
        return _in_float32(functional)
    except WrongName as error:
        raise WrongName(f"{path}: {error}") from error
    except zipfile.BadZipFile as error:
        raise CorruptRecord(
            f"{path} is not a Keras archive or is cut short; save it again"
        ) from error
    except untrusted.Refused as error:
        raise CorruptRecord(f"{path}: {error}") from error
    except Exception as error:  # a damaged or hostile file can make Keras raise anything
        raise CorruptRecord(
            f"{path} cannot be read as a network of plain Keras layers: {_reason(error)}"
        ) from error


def _read(file: IO[bytes]) -> keras.Model:
    """The network in a .keras file; Keras gets only a copy of the parts that have been checked.

    Raises:
        Refused: The network is larger than its file, or than is allowed.
        Exception: A damaged or hostile file can make Keras raise anything.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        untrusted.opened_zip(file, members=3, most=ARCHIVE_BYTES) as archive,
    ):
        copy = Path(folder) / "checked.keras"
        with zipfile.ZipFile(copy, "w") as checked:
            for member in archive.infolist():
                _check_member(member)
                with archive.open(member) as source, checked.open(member.filename, "w") as target:
                    shutil.copyfileobj(source, target, MIB)
        with zipfile.ZipFile(copy) as checked:
            untrusted.check_json(checked.read(CONFIG), CONFIG_VALUES, CONFIG_KEYS)
            size = checked.getinfo(WEIGHTS).file_size
            with checked.open(WEIGHTS) as weights, h5py.File(weights) as content:
                stored = untrusted.check_hdf5(content, size)
        most = 2 * stored + SPARE_WEIGHTS
        with at_most_weights(most, partial(_too_many_weights, most)):
            return keras.models.load_model(copy, compile=False, safe_mode=True)


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if name not in (CONFIG, METADATA, WEIGHTS):
        raise untrusted.Refused(f"expected {CONFIG}, {METADATA} and {WEIGHTS} in it, got {name!r}")
    most = max(MIB, RATIO * member.compress_size) if name == WEIGHTS else CONFIG_BYTES
    if member.file_size > most:
        sizes = untrusted.size(most), untrusted.size(member.file_size)
        raise untrusted.Refused(f"expected at most {sizes[0]} of {name}, got {sizes[1]}")


def _too_many_weights(most: int, asked: int, layer: str) -> untrusted.Refused:
    return untrusted.Refused(
        f"expected layers of at most {most:,} weights, because of those in its file, "
        f"got {asked:,} or more with {layer!r}"
    )


def _check_names(model: keras.Model) -> None:
    """Whether TensorFlow can compile the network; images go in by any name.

    Raises:
        WrongName: it cannot.
    """
    for operation, inputs, *_ in steps(model.outputs):
        named = isinstance(operation, keras.layers.Layer) and inputs
        if named and not SCOPE.fullmatch(operation.name):
            raise WrongName(
                "expected layers whose names are of letters from A to Z, digits and _ . > / -, "
                f"found {operation.name!r}; give it another name and save the network again"
            )


def _check_outputs(model: keras.Model) -> None:
    """Check that there is room for the layers' outputs for one image.

    Raises:
        Refused: There is not.
    """
    for step in steps(model.outputs):
        if numbers(step.output) > MOST_OUTPUTS:
            raise untrusted.Refused(
                f"expected layers that output at most {MOST_OUTPUTS:,} numbers per image, "
                f"got {numbers(step.output):,} from {step.operation.name!r}"
            )


def _reason(error: Exception) -> str:
    """The core of Keras's message, which may be pages long, in one line."""
    message = " ".join(str(error).split()).rpartition("Exception encountered: ")[2]
    return message[:200] or type(error).__name__


def as_functional(model: keras.Model) -> keras.Model:
    """The same network, sharing its weights, with a list of outputs (or its single one).

    Raises:
        WrongName: The network does not take one batch of images of a fixed size.
    """
    inputs = getattr(model, "inputs", None) or []
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or None in inputs[0].shape[1:]:
        found = ", ".join(str(tuple(tensor.shape)) for tensor in inputs)
        raise WrongName(
            "expected a network of layers with one input (n, height, width, channels), found "
            + (found or "no known input: the layers of a subclassed model cannot be inspected")
        )
    outputs = model.outputs
    return keras.Model(model.inputs, outputs[0] if len(outputs) == 1 else outputs)


def _of_pictures(model: keras.Model) -> keras.Model:
    """The network, if it takes images that a file can hold.

    Raises:
        WrongName: It does not.
    """
    channels = image_shape(model)[2]
    if channels not in MODES:
        raise WrongName(
            "expected a network of grey (1 channel) or RGB (3 channels) images, found "
            f"{channels} channels"
        )
    return model


def _in_float32(model: keras.Model) -> keras.Model:
    """The network itself, or a copy if its input or its layers compute in anything else.

    Gradients at the pixels need a float input, and tf-keras-vis needs scores in float32.
    """
    kinds = {model.inputs[0].dtype, *(layer.compute_dtype for layer in model.layers)}
    if kinds == {"float32"}:
        return model

    def exact(operation: keras.Operation) -> keras.Operation:
        config = operation.get_config()
        if isinstance(
            operation, keras.layers.Layer
        ):  # other operations compute in the dtype of their input
            config["dtype"] = "float32"
        return type(operation).from_config(config)

    pixels = keras.Input(image_shape(model), dtype="float32")
    copy = keras.models.clone_model(model, input_tensors=[pixels], clone_function=exact)
    copy.set_weights(model.get_weights())
    return as_functional(copy)


def image_shape(model: keras.Model) -> tuple[int, int, int]:
    """(height, width, channels) of the images the network takes."""
    height, width, channels = model.inputs[0].shape[1:]
    return height, width, channels


def is_convolution(layer: keras.layers.Layer) -> bool:
    """Whether the layer convolves pictures."""
    return isinstance(layer, CONVOLUTIONS)


def visual_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The convolution and pooling layers, in order.

    Raises:
        WrongName: A model is nested inside, whose layers cannot be reached.
    """
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            raise WrongName(
                f"layer {layer.name!r} is a model of its own; "
                "figures need a network whose layers are not nested"
            )
    return [layer for layer in model.layers if isinstance(layer, CONVOLUTIONS + POOLINGS)]


def find_layers(model: keras.Model, names: Iterable[str]) -> list[keras.layers.Layer]:
    """The convolution and pooling layers of those names, in the order given.

    Raises:
        WrongName: There is no such layer; the message lists those there are.
    """
    layers = {layer.name: layer for layer in visual_layers(model)}
    missing = [name for name in names if name not in layers]
    if missing:
        there = ", ".join(layers) or "none"
        raise WrongName(
            f"no convolution or pooling layer {', '.join(map(repr, missing))}; there are: {there}"
        )
    return [layers[name] for name in names]


PREDICTED_AT_ONCE = 256
"""Images in a network at a time, if memory allows; more are not faster on a single core."""
