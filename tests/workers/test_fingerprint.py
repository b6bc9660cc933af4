"""What decides a process's results, and how workers are held against it."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import search_spaces
from study.plan.work import WORKERS_NEED
from study.workers import admission, fingerprint


@pytest.fixture(autouse=True)
def _process_that_has_just_begun() -> Iterator[None]:
    forget()
    yield
    forget()


def forget() -> None:
    for cached in (
        fingerprint._first_code,
        fingerprint._first_version,
        fingerprint._first_of_folder,
    ):
        cached.cache_clear()
    sys.modules.pop("search_spaces.mine", None)


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the only search space."""
    path = tmp_path / "search_spaces/mine.py"
    path.parent.mkdir()
    path.write_text("WIDTH = 1\n")
    monkeypatch.setattr(search_spaces, "__path__", [str(path.parent)])
    return path


@pytest.fixture
def line_folder(tmp_path: Path) -> Path:
    (tmp_path / "lines").mkdir()
    (tmp_path / "lines/a.png").write_bytes(b"one")
    return tmp_path / "lines"


@pytest.mark.usefixtures("space")
def test_code_and_packages_decide() -> None:
    found = fingerprint.on_disk(WORKERS_NEED, [])
    assert {
        "study/training/training.py",
        "study/data/sets/lines.py",
        "search_spaces/mine.py",
    } <= found["code"].keys()
    assert found["packages"]["ml_dtypes"]
    assert found["packages"]["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert found == fingerprint.of_this_process(WORKERS_NEED, [])


def test_a_process_keeps_the_code_it_began_with(space: Path) -> None:
    before = fingerprint.of_this_process(WORKERS_NEED, [])
    space.write_text("WIDTH = 2\n")
    words = "other code than here (search_spaces/mine.py)"
    assert fingerprint.of_this_process(WORKERS_NEED, []) == before
    assert fingerprint.difference(before, fingerprint.on_disk(WORKERS_NEED, [])) == words


def test_a_process_keeps_the_images_it_began_with(line_folder: Path) -> None:
    before = fingerprint.of_this_process(WORKERS_NEED, [line_folder])
    (line_folder / "a.png").write_bytes(b"two")
    now = fingerprint.on_disk(WORKERS_NEED, [line_folder])
    assert fingerprint.of_this_process(WORKERS_NEED, [line_folder]) == before
    assert fingerprint.difference(before, now) == f"other images than here in {line_folder}"


def test_differences_are_named() -> None:
    here = {"code": {"a.py": "1", "b.py": "1"}, "packages": {"keras": "3", "numpy": "2"}}
    here |= {"images": {}}
    code = here | {"code": {"a.py": "2", "c.py": "1"}}
    packages = here | {"packages": {"keras": "4"}}
    assert fingerprint.difference(here, here) is None
    assert fingerprint.difference(code, here) == "other code than here (a.py and 2 more)"
    words = "other packages than here (keras 4, not 3; numpy None, not 2)"
    assert fingerprint.difference(packages, here) == words


def objection(folder: Path, images: Sequence[Path] = ()) -> str | None:
    return admission.report(
        1, fingerprint.on_disk(WORKERS_NEED, images), folder, WORKERS_NEED, images
    )["objection"]


@pytest.mark.usefixtures("space")
def test_a_worker_like_this_process_does_jobs_and_has_imported_the_spaces(
    tmp_path: Path,
) -> None:
    assert objection(tmp_path) is None
    assert sys.modules["search_spaces.mine"].WIDTH == 1


def test_a_worker_that_began_before_a_change_does_none(space: Path, tmp_path: Path) -> None:
    assert objection(tmp_path) is None
    space.write_text("WIDTH = 2\n")
    words = "it has other code than here (search_spaces/mine.py): restart it"
    assert objection(tmp_path) == words


def test_a_worker_whose_code_changes_while_it_is_imported_does_none(
    space: Path, tmp_path: Path
) -> None:
    space.write_text(f"import pathlib; pathlib.Path({str(space)!r}).write_text('later = 1')")
    words = "it has other code than on its disk now (search_spaces/mine.py): restart it"
    assert objection(tmp_path) == words


def test_a_worker_with_other_images_does_no_jobs(line_folder: Path, tmp_path: Path) -> None:
    assert objection(tmp_path, [line_folder]) is None
    (line_folder / "b.png").write_bytes(b"more")
    assert "other images than here in" in str(objection(tmp_path, [line_folder]))


def test_a_worker_that_does_not_see_the_folder_does_no_jobs(tmp_path: Path) -> None:
    assert f"does not see {tmp_path / 'none'}" in str(objection(tmp_path / "none"))


def test_a_worker_that_imported_tensorflow_under_other_variables_does_no_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", fingerprint)
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert "TensorFlow was imported while ONEDNN_MAX_CPU_ISA was" in str(objection(tmp_path))
