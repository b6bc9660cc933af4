"""The steps of a run, and a report from what lies on disk, whole, damaged or half there."""

import json
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import chdir
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from study import processor, runs, stages
from study.cli.progress import Screen
from study.records import Picture
from study.settings import Settings, Work
from study.stages import comparison_stage, report_stage
from study.store import Run
from tests import tiny
from tests.factories import evaluation, predictions, trial
from tests.report.inputs import png

PLAN = ["search", "evaluate", "figures"]


@pytest.fixture
def run(workplace: Path) -> Run:
    """A run of two problems: mnist has everything, of line not even its folder is there."""
    work = Work(problems=["mnist", "line"], settings=Settings(), seed=1, plan=PLAN)
    made = runs.create_run("demo", work, "python -m study run", workers=1)
    for number, score in enumerate((0.8, None, 0.9)):
        made.append_trial("mnist", trial(number, score))
    made.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {"tuned": b"model"})
    drawn = Picture(file="a.png", section="search", title="A title", caption="It.", alt="A line")
    made.figures_folder("mnist").mkdir()
    (made.figures_folder("mnist") / "a.png").write_bytes(png())
    made.write_pictures("mnist", [drawn])
    assert workplace == Path.cwd()
    return made


def page(run: Run) -> str:
    report_stage(run)
    return run.report_path.read_text()


def test_a_problem_not_begun_is_said_to_be_missing(run: Run) -> None:
    text = page(run)
    assert "There are no trials yet: the search has not been run." in text
    assert "A title" in text


@pytest.mark.parametrize(
    ("file", "shown", "lost"),
    [
        ("trials.jsonl", ["A title", "90.00%"], "ValueError: no such layer"),
        ("space.json", ["A title", "ValueError: no such layer", "90.00%"], None),
        ("evaluation.json", ["A title", "ValueError: no such layer"], "Every retraining"),
        ("figures/figures.json", ["ValueError: no such layer", "90.00%"], "A title"),
    ],
)
def test_a_damaged_record_is_named_and_the_rest_is_shown(
    run: Run, file: str, shown: list[str], lost: str | None
) -> None:
    path = run.problem_folder("mnist") / file
    path.write_text('{"number": "no number"}\n')
    text = page(run)
    assert f"mnist/{file}" in text
    assert "damaged record" in text
    assert all(words in text for words in shown)
    assert lost is None or lost not in text


def test_a_problem_that_is_no_more_has_its_records_shown(run: Run) -> None:
    path = run.folder / "study.json"
    path.write_text(path.read_text().replace('"line"', '"gone"'))
    assert "no problem &#39;gone&#39;; there are: line" in page(run)


def test_pictures_that_are_gone_or_cut_short_are_named(run: Run) -> None:
    path = run.figures_folder("mnist") / "a.png"
    path.write_bytes(png()[:20])
    assert "The picture a.png (A title) cannot be read as PNG." in page(run)
    path.unlink()
    assert "a.png: cannot be read: No such file" in page(run)


def test_a_damaged_run_is_compared_as_far_as_it_goes(run: Run) -> None:
    study = run.study().model_copy(update={"name": "other"})
    Run("other").write_study(study)
    Run("other").append_trial("mnist", trial(0))
    (run.problem_folder("mnist") / "evaluation.json").write_text("{")
    path = comparison_stage([run, Run("other")])
    assert path == Path("reports/demo-vs-other.html")
    assert "A: results/demo/mnist/evaluation.json: damaged record" in path.read_text()


def test_packages_that_one_of_the_runs_lacks_differ(run: Run) -> None:
    record = json.loads((run.folder / "study.json").read_text())
    record |= {"name": "other", "versions": {"python": "4.0"}}
    Run("other").folder.mkdir()
    (Run("other").folder / "study.json").write_text(json.dumps(record))
    text = comparison_stage([run, Run("other")]).read_text()
    assert "versions.<wbr>python" in text
    assert "versions.<wbr>keras" in text


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_search_trains_in_what_the_run_was_begun_in(
    run: Run, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """Whatever the processor can that it goes on with."""
    searched_in = []
    monkeypatch.setattr(processor, "computes_bfloat16", lambda: policy == "float32")
    monkeypatch.setattr(stages, "search", lambda *given, **_: searched_in.append(given[5]))
    run.write_study(run.study().model_copy(update={"dtype_policy": policy}))
    search_mnist(run)
    assert searched_in == [policy]


def search_mnist(run: Run) -> None:
    stages.search_stage(run, "mnist", tiny.InstantEngine(), Screen(Console(file=StringIO())))


@dataclass
class FarWorkers(tiny.InstantEngine):
    """Workers that were started in another folder than the run's."""

    place: Path = Path()

    def submit(self, function: Callable[..., Any], *args: Any, key: str) -> "Future[Any]":
        with chdir(self.place):
            return super().submit(function, *args, key=key)


def test_figures_are_drawn_by_workers_in_any_folder(
    run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (run.problem_folder("mnist") / "evaluation.json").unlink()  # figures of the search are enough
    engine = FarWorkers(place=tmp_path_factory.mktemp("elsewhere"))
    stages.figures_stage(run, ["mnist"], engine, Screen(Console(file=StringIO())))
    drawn = [picture.file for picture in run.pictures("mnist")]
    assert drawn
    assert all((run.figures_folder("mnist") / name).is_file() for name in drawn)
    assert list(engine.place.iterdir()) == []
