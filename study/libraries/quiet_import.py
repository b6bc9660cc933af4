"""Imports TensorFlow without the messages that its C++ prints before its log level takes effect."""

import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from study.libraries import variables
from study.machine import stopping


def import_tensorflow() -> None:
    """Import TensorFlow and Keras Tuner, the slow packages, silently and with the right settings.

    A missing package or broken installation raises as usual; only standard error is silent.

    Raises:
        WrongUse: TensorFlow was imported before, with environment variables that change results.
    """
    variables.decide(own_process=False)  # the study's own have decided before
    with stopping.heeded(), _silent_standard_error(), _no_collecting():
        import keras_tuner  # noqa: F401  # imports Keras, and with it TensorFlow
    _ignore_the_user_s_keras_json()
    # Many graphs, one per trial or layer, are intended.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


def _ignore_the_user_s_keras_json() -> None:
    """Ignore `~/.keras/keras.json`, which can swap images' axes and choose another number type."""
    import keras

    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Switch off garbage collection, which finds nothing but takes a sixth of the import time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextmanager
def _silent_standard_error() -> Iterator[None]:
    sys.stderr.flush()
    kept = os.dup(2)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # a device, not a path
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def quiet_dask() -> None:
    """Silence Dask before it is imported: it logs every worker's shutdown and failure verbosely."""
    os.environ.setdefault("DASK_LOGGING__DISTRIBUTED", "critical")
