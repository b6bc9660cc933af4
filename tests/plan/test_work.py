"""What a run is to do, and what has changed since it was begun."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from study.errors import CannotWrite, WrongName, WrongUse
from study.libraries import variables
from study.machine import processor
from study.plan import done, provenance, work
from study.problem.settings import Settings, Work
from study.records.study import Signature
from study.run.listing import open_run, run_names
from study.run.store import Run
from tests.factories import evaluation, predictions, trial

pytestmark = pytest.mark.usefixtures("workplace")

WORK = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])


def test_packages_of_another_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    run = work.create_run("demo", WORK, "none", workers=1)
    assert work.other_conditions(run) == []
    now = provenance.versions() | {"keras": "9.9", "new": "1.0"}
    monkeypatch.setattr(provenance, "versions", lambda: now)
    then = run.study().versions["keras"]
    assert work.other_conditions(run) == [f"keras: {then} then, 9.9 now"]


def test_another_processor_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "vector_instructions", lambda: "avx2")
    run = work.create_run("demo", WORK, "none", workers=1)
    assert work.other_conditions(run) == []
    monkeypatch.setattr(processor, "vector_instructions", lambda: "avx2 avx512f")
    assert work.other_conditions(run) == [
        "vector_instructions: avx2 then, avx2 avx512f now",
    ]


def test_variables_that_decide_results_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "overridden", ["OMP_NUM_THREADS"])
    study = work.create_run("demo", WORK, "none", workers=1).study()
    assert study.variables == variables.DECIDED
    assert study.overridden == ["OMP_NUM_THREADS"]


def in_dtype(dtype: str) -> Work:
    search = WORK.settings.search.model_copy(update={"dtype": dtype})
    return WORK.model_copy(update={"settings": WORK.settings.model_copy(update={"search": search})})


@pytest.mark.parametrize("begun", ["auto", "mixed_bfloat16"])
def test_a_run_goes_on_in_the_arithmetic_it_was_begun_in_or_is_refused(begun: str) -> None:
    run = work.create_run("demo", in_dtype(begun), "none", 1, "mixed_bfloat16")
    for same in ("auto", "mixed_bfloat16"):
        assert work.differences(run, in_dtype(same)) == []
    assert work.differences(run, in_dtype("float32")) == [
        f"search.dtype: {begun} there, float32 here"
    ]


def test_other_settings_are_named(workplace: Path) -> None:
    run = work.create_run("demo", WORK, "none", workers=1)
    other = WORK.model_copy(update={"seed": 2})
    assert work.differences(run, WORK) == []
    assert work.differences(run, other) == ["seed: 1 there, 2 here"]
    assert (workplace / "results/demo/study.json").exists()


# Whole or not at all


SIGNATURES = {"mnist": Signature(image_shape=(28, 28, 1), heads={}, images={})}


def create(name: str = "demo") -> Run:
    return work.create_run(name, WORK, "none", 1, signatures=SIGNATURES)


@pytest.mark.parametrize("error", [CannotWrite("full"), KeyboardInterrupt()])
@pytest.mark.parametrize("write", ["write_study", "write_signature"])
def test_a_run_that_cannot_be_begun_leaves_its_name_free(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, write: str, error: BaseException
) -> None:
    def fails(run: Run, *_: object) -> None:
        run.folder.mkdir(parents=True, exist_ok=True)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(Run, write, fails)
        with pytest.raises(type(error)):
            create()
    assert [path.name for path in (workplace / "results").iterdir()] == [".lock"]
    assert create().signature("mnist") == SIGNATURES["mnist"]


def test_what_a_process_left_that_was_killed_while_it_began_a_run_is_not_listed_and_goes(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: pytest.fail("killed"))
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(pytest.fail.Exception):
            create("lost")
    assert list((workplace / "results").rglob("study.json"))
    assert run_names() == []
    with pytest.raises(WrongName, match="no run 'lost' in results/; runs: none yet"):
        open_run("lost")
    create()
    assert {path.name for path in (workplace / "results").iterdir()} == {".lock", "demo"}


def test_an_empty_folder_is_taken_over(workplace: Path) -> None:
    """As older versions left it, with what they had begun to write."""
    (workplace / "results/demo").mkdir(parents=True)
    (workplace / "results/demo/.study-0a1b2c3d.json").touch()
    assert not work.run_for(WORK, "demo", "").is_there()
    run = create()
    assert {path.name for path in run.folder.iterdir()} == {"study.json", "mnist"}


def test_of_two_that_begin_the_same_run_one_is_refused() -> None:
    created = create().study()
    with pytest.raises(WrongName, match="results/demo already exists; choose another --name"):
        create()
    assert Run("demo").study() == created


def a_file(path: Path) -> None:
    path.touch()


def a_link_to_nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


NO_FOLDERS = pytest.mark.parametrize(
    ("make", "words"),
    [
        (a_file, "a file"),
        (a_link_to_nowhere, r"a link to nowhere \(nowhere\)"),
        (a_link_to_itself, "a link to nowhere"),
    ],
)
USES = pytest.mark.parametrize(
    "use",
    [
        lambda: work.run_for(WORK, "demo", ""),
        create,
        lambda: open_run("demo"),
    ],
)


@USES
@NO_FOLDERS
@pytest.mark.parametrize("name", ["results", "reports"])
def test_results_and_reports_that_are_no_folders_are_said_to_be_none(
    name: str, make: Callable[[Path], None], words: str, use: Callable[[], object]
) -> None:
    make(Path(name))
    with pytest.raises(WrongUse, match=f"{name}: expected a folder, got {words}"):
        use()


@USES
@NO_FOLDERS
def test_what_has_the_place_of_a_run_and_is_none_is_named(
    make: Callable[[Path], None], words: str, use: Callable[[], object]
) -> None:
    Path("results").mkdir()
    make(Path("results/demo"))
    with pytest.raises(WrongName, match=f"results/demo is not a run but {words}"):
        use()


def test_a_link_to_a_run_is_a_run() -> None:
    create("real")
    Path("results/demo").symlink_to("real")
    assert open_run("demo").study().name == "real"


@pytest.mark.parametrize(("umask", "others"), [(0o077, 0), (0o027, 0o050)])
def test_a_run_may_be_private(workplace: Path, umask: int, others: int) -> None:
    """The rest goes through `study.machine.files` or is open()ed by the libraries."""
    before = os.umask(umask)
    try:
        run = create()
        run.append_trial("mnist", trial())
        run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {"tuned": b""})
        with run.in_use():
            pass
    finally:
        os.umask(before)
    written = list((workplace / "results").rglob("*"))
    assert len(written) == 11
    for path in written:
        wanted = others if path.is_dir() else others & 0o066
        assert path.stat().st_mode & 0o077 == wanted, path


def test_how_many_trials_run_at_once_is_a_setting_of_the_run() -> None:
    study = work.create_run("demo", WORK, "none", workers=3).study()
    assert study.trials_at_once == done.trials_at_once(study) == 3
    elsewhere = study.model_copy(update={"hardware": {"workers": 8}})
    assert done.trials_at_once(elsewhere) == 3


@pytest.mark.parametrize(
    ("hardware", "expected"), [({"workers": 2}, 2), ({"workers": 0}, 1), ({}, 1)]
)
def test_runs_of_earlier_versions_say_it_with_their_hardware(
    hardware: dict[str, int], expected: int
) -> None:
    study = work.create_run("demo", WORK, "none", workers=3).study()
    old = study.model_copy(update={"trials_at_once": None, "hardware": hardware})
    assert done.trials_at_once(old) == expected
