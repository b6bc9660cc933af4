"""Run folders that may come from anywhere."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from study.cli import tables
from study.errors import CorruptRecord, WrongUse
from study.plan.work import run_for, work_of
from study.records.picture import Picture
from study.run import picture_files, places
from study.run.listing import open_run, run_names
from study.run.store import Run
from study.steps.report_step import report_input
from tests.factories import evaluation, trial
from tests.machine.odd_files import GIVEN_UP, ODD, device, loop, pipe, refused
from tests.run.test_store import picture, study

pytestmark = GIVEN_UP


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
