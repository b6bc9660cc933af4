"""Files that may come from anywhere: none hangs, none fills memory, each is refused in a line."""

import json
import os
import re
import signal
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from rich.console import Console

from study.cli import tables
from study.data.image_files import read_image
from study.data.sets import mnist
from study.data.sets.lines import read_folder
from study.errors import CorruptRecord, DataUnavailable, StudyError, WrongImage, WrongUse
from study.machine import untrusted
from study.machine.untrusted import MIB, Refused
from study.plan.work import run_for, work_of
from study.problem.preset_files import load_preset
from study.records.picture import Picture
from study.run import picture_files, places
from study.run.listing import open_run, run_names
from study.run.store import Run
from study.steps.report_step import report_input
from study.training.checkpoint import load as load_checkpoint
from tests.factories import evaluation, trial
from tests.run.test_store import picture, study

SECONDS = 20
"""Far more than a refusal takes: whoever waits for a pipe fails instead of hanging."""


@pytest.fixture(autouse=True)
def _never_waits() -> Iterator[None]:
    def give_up(*_: object) -> None:
        raise TimeoutError("waited for a file")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def run(workplace: Path) -> Run:  # noqa: ARG001  # its folder is the current one
    made = Run("demo")
    made.write_study(study())
    return made


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    """A terabyte that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(2**40)


def loop(path: Path) -> None:
    path.symlink_to(path.name)


ODD = [folder, pipe, device, huge]


@contextmanager
def refused(kind: type[StudyError], *words: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500
    for word in words:
        assert word in message


# Opening


@pytest.mark.parametrize("odd", ODD)
def test_what_is_no_file_of_sane_size_is_refused_unread(
    tmp_path: Path, odd: Callable[[Path], None]
) -> None:
    odd(tmp_path / "one")
    with pytest.raises(Refused, match=r"expected (a file|at most 1 MiB), got"):
        untrusted.read(tmp_path / "one", MIB)


def test_a_file_has_at_most_the_bytes_it_may_have(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"12345")
    assert untrusted.read(tmp_path / "one", 5) == b"12345"
    with pytest.raises(Refused, match="expected at most 4 bytes, got 5 bytes"):
        untrusted.read(tmp_path / "one", 4)


def test_what_grows_while_it_is_read_is_read_no_further() -> None:
    """Files of /proc say that they are empty, and are not."""
    with pytest.raises(Refused, match="expected at most 10 bytes, got more"):
        untrusted.read(Path("/proc/self/maps"), 10)


def test_a_loop_of_links_is_an_error_of_the_file_system(tmp_path: Path) -> None:
    loop(tmp_path / "one")
    with pytest.raises(OSError, match="symbolic link"):
        untrusted.read(tmp_path / "one", 10)


def test_links_lead_to_files_in_the_folder_only(tmp_path: Path) -> None:
    inside = tmp_path / "run"
    inside.mkdir()
    (inside / "own").write_bytes(b"own")
    (tmp_path / "other").write_bytes(b"secret")
    (inside / "good").symlink_to("own")
    (inside / "bad").symlink_to("../other")
    (tmp_path / "elsewhere").symlink_to(inside)

    assert untrusted.read(tmp_path / "elsewhere" / "good", 10, within=inside) == b"own"
    with pytest.raises(Refused, match=r"expected a file in .*run, got a link that leads elsewhere"):
        untrusted.read(inside / "bad", 10, within=inside)


# Run folders


@pytest.mark.parametrize("odd", [*ODD, loop])
def test_a_bad_run_is_listed_with_its_reason_and_hides_no_other(
    run: Run, odd: Callable[[Path], None]
) -> None:
    (places.RESULTS / "bad").mkdir()
    odd(places.RESULTS / "bad" / "study.json")

    listed = Console(width=400)
    with listed.capture() as shown:
        listed.print(tables.everything())

    lines = {line.split()[1]: line for line in shown.get().splitlines() if line.startswith("run")}
    assert "results/bad/study.json: " in lines["bad"]
    assert "seed 1" in lines["demo"]
    assert run_names() == ["bad", "demo"]
    with refused(CorruptRecord, "results/bad/study.json: "):
        report_input(open_run("bad"))
    assert run_for(work_of(run), None, "other").name.startswith("other-")


@pytest.mark.parametrize("name", ["\x1b[31m", "two\nlines", os.fsdecode(b"\xff"), "a b"])
def test_a_folder_that_cannot_be_a_run_s_is_listed_quoted(run: Run, name: str) -> None:
    odd = places.RESULTS / name
    odd.mkdir()
    (odd / "study.json").write_bytes((run.folder / "study.json").read_bytes())

    listed = Console(width=400)
    with listed.capture() as shown:
        listed.print(tables.everything())

    assert run_names() == ["demo"]
    said = f"{re.escape(ascii(name))} +cannot be opened by this name; rename its folder"
    assert re.search(said, shown.get())


def test_a_run_may_lie_elsewhere(run: Run, tmp_path: Path) -> None:
    run.folder.rename(tmp_path / "moved")
    run.folder.symlink_to(tmp_path / "moved")
    assert open_run("demo").study() == study()


READERS: dict[str, Callable[[Run], Any]] = {
    "study.json": Run.study,
    "mnist/signature.json": lambda run: run.signature("mnist"),
    "mnist/space.json": lambda run: run.space("mnist"),
    "mnist/trials.jsonl": lambda run: run.trials("mnist"),
    "mnist/evaluation.json": lambda run: run.evaluation("mnist"),
    "mnist/predictions.npz": lambda run: run.predictions("mnist"),
    "mnist/findings/x.json": lambda run: run.finding("mnist", "x", Picture),
    "mnist/figures/figures.json": lambda run: run.pictures("mnist"),
    "mnist/figures/a.png": lambda run: run.picture_contents("mnist", [picture(file="a.png")]),
}


@pytest.mark.parametrize("file", READERS)
@pytest.mark.parametrize("odd", ODD)
def test_every_reader_of_a_run_refuses_what_is_no_file_of_sane_size(
    run: Run, file: str, odd: Callable[[Path], None]
) -> None:
    path = run.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    odd(path)
    with refused(CorruptRecord, f"{path}: ", "expected"):
        READERS[file](run)


@pytest.mark.parametrize("file", READERS)
def test_no_reader_of_a_run_follows_a_link_out_of_it(run: Run, file: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("{}")
    path = run.folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(tmp_path / "secret")
    with refused(CorruptRecord, f"{path}: ", "got a link that leads elsewhere"):
        READERS[file](run)


def test_a_figure_from_elsewhere_is_no_part_of_a_report(run: Run) -> None:
    run.write_study(study(problems=["mnist"], stages=[]))
    run.write_pictures("mnist", [picture(file="a.png")])
    (run.figures_folder("mnist") / "a.png").symlink_to("/etc/passwd")

    (problem,) = report_input(run).problems

    assert problem.pictures == ()
    assert any(
        "a.png: expected a file in results/demo, got a link" in note for note in problem.notes
    )


def test_figures_are_not_larger_than_a_page_can_hold(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many figures of one file, that is: none of them is too large."""
    monkeypatch.setattr(picture_files, "FIGURES_BYTES", 50)
    run.write_pictures("mnist", [picture(file="a.png")] * 6)
    (run.figures_folder("mnist") / "a.png").write_bytes(bytes(10))
    assert len(run.picture_contents("mnist", [picture(file="a.png")] * 5)) == 5
    with refused(CorruptRecord, "expected figures of at most 50 bytes, got more"):
        run.picture_contents("mnist", run.pictures("mnist"))


@pytest.mark.parametrize(
    "record",
    [
        '{"heads": ' + "[" * 100_000,
        '{"image_shape": [1, 1, ' + "9" * 1_000_000 + "]}",
        '{"heads": {"a": [' + "0," * 3_000_000 + "0]}}",
        '{"heads": [' + "[]," * 2_000_000 + "[]]}",
        "{" + ", ".join(f'"{n}": 0' for n in range(90_000)) + "}",
    ],
    ids=["deep", "digits", "values", "lists", "keys"],
)
def test_records_that_would_fill_memory_are_refused(run: Run, record: str) -> None:
    path = run.problem_folder("mnist") / "signature.json"
    path.parent.mkdir()
    path.write_text(record)
    with refused(CorruptRecord, f"{path}: "):
        run.signature("mnist")


def test_an_evaluation_with_a_million_wrong_values_is_refused_for_the_first(run: Run) -> None:
    table = json.loads(evaluation().model_dump_json())
    table["networks"]["tuned"]["per_head"]["class"]["f1"] = ["x"] * 1_000_000
    path = run.problem_folder("mnist") / "evaluation.json"
    path.parent.mkdir()
    path.write_text(json.dumps(table))
    with refused(CorruptRecord, "networks.tuned.per_head.class.f1.0"):
        run.evaluation("mnist")


def test_an_evaluation_of_a_thousand_classes_is_read(run: Run) -> None:
    """As older versions wrote it, with a matrix of a million numbers."""
    table = json.loads(evaluation().model_dump_json())
    table["classes"] = [str(number) for number in range(1000)]
    for network in table["networks"].values():
        network["confusion_matrix"] = [[0] * 1000] * 1000
        network["per_class"] = dict.fromkeys(("precision", "recall", "f1"), [0.5] * 1000)
        del network["per_head"]
    path = run.problem_folder("mnist") / "evaluation.json"
    path.parent.mkdir()
    path.write_text(json.dumps(table))
    found = run.evaluation("mnist")
    assert found
    assert len(found.networks["tuned"].per_head["class"].f1) == 1000


def test_more_trials_than_a_search_has_are_refused_before_the_first_is_read(run: Run) -> None:
    path = run.problem_folder("mnist") / "trials.jsonl"
    path.parent.mkdir()
    path.write_bytes(b"{}\n" * 20_001)
    with refused(CorruptRecord, "expected at most 20,000 trials, got more"):
        run.trials("mnist")


@pytest.mark.parametrize("name", ["../../x", "a/b", "", "a\n"])
def test_a_trial_s_id_is_no_path(name: str) -> None:
    with pytest.raises(ValueError, match="trial_id"):
        trial(trial_id=name)


@pytest.mark.parametrize("at", ["mnist/models", "mnist/figures", "mnist/search", ".lock"])
@pytest.mark.parametrize("odd", [device, pipe, lambda path: path.symlink_to("..")])
def test_a_run_that_leads_elsewhere_is_not_written_to(
    run: Run, at: str, odd: Callable[[Path], None]
) -> None:
    path = run.folder / at
    path.parent.mkdir(exist_ok=True)
    odd(path)
    with (
        refused(WrongUse, f"'{path}': expected only files and folders in a run that is written to"),
        run.in_use(),
    ):
        pytest.fail("it is written to")


# Archives of arrays


def npz(path: Path, *arrays: tuple[str, str, bytes]) -> None:
    """(name, header, bytes) of each array."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, header, content in arrays:
            text = header.encode() + b" " * (63 - (10 + len(header)) % 64) + b"\n"
            magic = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text))
            archive.writestr(name, magic + text + content)


def header(shape: str, kind: str = "<f4") -> str:
    return f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}"


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ([("a.npy", header("(3000000000,)"), b"1234")], "expected 12,000,000,000 bytes of 'a.npy'"),
        ([("a.npy", header("(-1,)"), b"1234")], "expected -4 bytes"),
        ([("a.npy", header("(1,)", "|O"), b"1234")], "got object"),
        ([("a.npy", header("()", "|V9"), b"1234")], "expected numbers or flags"),
        ([(f"{n}.npy", header("()"), b"1234") for n in range(1001)], "at most 1000 members"),
    ],
    ids=["shape", "negative", "objects", "bytes", "many"],
)
def test_arrays_that_are_not_there_are_refused(
    run: Run, arrays: list[tuple[str, str, bytes]], words: str
) -> None:
    path = run.problem_folder("mnist") / "predictions.npz"
    path.parent.mkdir()
    npz(path, *arrays)
    with refused(CorruptRecord, "predictions.npz: ", words):
        run.predictions("mnist")


def patched(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))


def test_an_archive_of_more_than_it_may_unpack_to_is_refused(tmp_path: Path) -> None:
    npz(tmp_path / "a.npz", ("a.npy", header("(2000000,)", "|u1"), bytes(2_000_000)))
    assert (tmp_path / "a.npz").stat().st_size < 5000
    with (
        (tmp_path / "a.npz").open("rb") as file,
        pytest.raises(Refused, match="expected at most 1 MiB unpacked, got 2 MiB"),
    ):
        untrusted.read_arrays(file, 10, MIB)


def test_an_archive_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    npz(path, ("a.npy", header("(2000000,)", "|u1"), bytes(2_000_000)))
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("a.npy").file_size
    patched(path, struct.pack("<I", size), struct.pack("<I", 200))
    with path.open("rb") as file, pytest.raises(zipfile.BadZipFile, match="CRC"):
        untrusted.read_arrays(file, 10, MIB)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_is_packed_by_a_method_without_bounds_is_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("a.npy", bytes(1000))
    with (
        (tmp_path / "a.npz").open("rb") as file,
        pytest.raises(Refused, match="expected members stored or deflated"),
    ):
        untrusted.read_arrays(file, 10, MIB)


def test_a_list_of_members_without_end_is_not_read(tmp_path: Path) -> None:
    """As many as would take gigabytes of Python's, in a file of few bytes each."""
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2**21, 0, 0)
    (tmp_path / "a.npz").write_bytes(bytes(2**21) + end)
    with (
        (tmp_path / "a.npz").open("rb") as file,
        pytest.raises(Refused, match="expected a list of members of at most 1 MiB, got 2 MiB"),
    ):
        untrusted.read_arrays(file, 10, MIB)


@pytest.mark.parametrize("odd", ODD)
def test_a_bad_cache_of_mnist_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, odd: Callable[[Path], None]
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    odd(tmp_path / "datasets" / mnist.KERAS_FILE)
    with refused(DataUnavailable, "cache: no intact"):
        mnist.from_cache()


# Weights


def zeros(file: h5py.File) -> None:
    shape = (2**16, 2**16)
    file.create_dataset("a", shape=shape, dtype="f4", chunks=(64, 64), compression="gzip")


def absent(file: h5py.File) -> None:
    file.create_dataset("a", shape=(2**16, 2**16), dtype="f4")


def soft(file: h5py.File) -> None:
    file["a"] = h5py.SoftLink("/b")


def external(file: h5py.File) -> None:
    file["a"] = h5py.ExternalLink("/etc/passwd", "/b")


def outside(file: h5py.File) -> None:
    file.create_dataset("a", shape=(100,), dtype="u1", external=[("/etc/passwd", 0, 100)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(10,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "b", shape=(10,))
    file.create_virtual_dataset("a", layout)


def texts(file: h5py.File) -> None:
    file.create_dataset("a", data=["x"] * 3, dtype=h5py.string_dtype())


@pytest.mark.parametrize("fill", [zeros, absent, soft, external, outside, virtual, texts])
def test_weights_that_are_not_in_their_file_are_refused(
    tmp_path: Path, fill: Callable[[h5py.File], None]
) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        fill(file)
    with h5py.File(path) as file, pytest.raises(Refused, match=r"expected .*, got"):
        untrusted.check_hdf5(file, path.stat().st_size)


def test_weights_in_their_file_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file["layers/a/0"] = np.zeros((3, 4), np.float32)
        file["layers/a/1"] = np.zeros(5, np.float16)
        file["text"] = "a text"
    with h5py.File(path) as file:
        assert untrusted.check_hdf5(file, path.stat().st_size) == 12 + 5 + 1


@pytest.mark.parametrize("odd", ODD)
def test_a_training_starts_again_without_waiting_for_its_checkpoint(
    tmp_path: Path, odd: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    odd(tmp_path / "checkpoint.weights.h5")
    assert load_checkpoint(tmp_path / "checkpoint.weights.h5", "this", object()) is None  # type: ignore[arg-type]  # is not looked at
    assert "its training starts again" in caplog.text


# Presets


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20_000, "a = " + "9" * 20_000, f"a = {'x' * 70_000!r}"]
)
def test_presets_that_are_too_deep_or_too_large_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    with refused(WrongUse, "mine.toml: "):
        load_preset(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize("odd", ODD)
def test_presets_that_are_no_file_are_refused(tmp_path: Path, odd: Callable[[Path], None]) -> None:
    odd(tmp_path / "mine.toml")
    with refused(WrongUse, "mine.toml: expected"):
        load_preset(str(tmp_path / "mine.toml"))


# Pictures


def png(side: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    begin = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + begin
        + chunk(b"IDAT", zlib.compress(bytes(10)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("side", "resize", "words"),
    [
        (7000, False, "expected 28x28 RGB, got 7000x7000 RGB"),
        (7100, False, "at most 50000000 pixels"),
        (7100, True, "at most 50000000 pixels"),
    ],
)
def test_a_picture_is_refused_for_its_size_before_it_is_unpacked(
    tmp_path: Path, side: int, resize: bool, words: str
) -> None:
    """Unpacked, this one would be found to be cut short."""
    (tmp_path / "a.png").write_bytes(png(side))
    with refused(WrongImage, "a.png: ", words):
        read_image(tmp_path / "a.png", (28, 28, 3), resize=resize)


def test_a_tiff_in_pieces_far_larger_than_itself_is_refused(tmp_path: Path) -> None:
    side, data = 2100, zlib.compress(bytes(2100 * 2100), 9)
    tags = [
        (256, 28), (257, 28), (258, 8), (259, 8), (262, 1), (277, 1), (322, side), (323, side),
        (324, 8), (325, len(data)),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    start = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    content = start + data + struct.pack("<H", len(tags)) + entries + bytes(4)
    (tmp_path / "a.tif").write_bytes(content)
    with refused(WrongImage, "expected a TIFF in pieces of at most 4000000 pixels, got 2100x2100"):
        read_image(tmp_path / "a.tif", (28, 28, 1))


@pytest.mark.parametrize("odd", ODD)
def test_a_folder_of_lines_with_what_is_no_file_is_refused(
    tmp_path: Path, odd: Callable[[Path], None]
) -> None:
    odd(tmp_path / "15_3_45_red_1.png")
    with refused(WrongImage, "15_3_45_red_1.png: expected"):
        read_folder(tmp_path)
