"""Whatever is refused has changed nothing: no record, no picture, no report, no folder."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, nullcontext
from dataclasses import dataclass
from pathlib import Path

import keras
import pytest
from PIL import Image

from study.cli.commands import opening
from study.plan import work as plan
from study.problem.preset_files import load_preset
from study.problem.problem import load_problem
from study.problem.settings import Work
from study.problem.space import search_space
from study.records.base import NetworkName
from study.records.picture import Picture
from study.records.study import Stage
from study.run.store import Run
from study.workers import cluster
from tests import tiny
from tests.cli.conftest import Command
from tests.command import TINY, contents
from tests.factories import evaluation, predictions, signature, trial
from tests.report.inputs import png

PLAN = ["search", "evaluate", "explain", "figures"]
ENGINE = opening.workers_for


@dataclass(frozen=True)
class Place:
    """A folder with two runs: one that was stopped in its search, and one that is finished."""

    begun: Run
    done: Run
    stack: ExitStack
    """Left after the test."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, made once: it takes a second."""
    folder = tmp_path_factory.mktemp("template")
    with chdir(folder):
        Path("used").mkdir()
        Path("used/notes.txt").write_text("mine")
        Image.new("RGB", (40, 30)).save("photo.png")
        _run("begun", "line")
        _finish(_run("done", "mnist"))
    return folder


@pytest.fixture
def place(
    template: Path, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """The folder with nobody at work: training fails the test."""
    assert command
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext(tiny.InstantEngine()))
    monkeypatch.setattr("study.search.search._run", lambda _: pytest.fail("trained"))
    with ExitStack() as stack:
        yield Place(Run("begun"), Run("done"), stack)


def _run(name: str, problem: str) -> Run:
    """A run of one problem with one trial, the baseline."""
    work = Work(problems=[problem], settings=load_preset(TINY), seed=1, plan=PLAN)
    known = {problem: signature(problem)}
    run = plan.create_run(name, work, "none", workers=1, signatures=known)
    run.write_study(run.study().model_copy(update={"dtype_policy": "float32"}))
    loaded = load_problem(problem)
    run.write_space(problem, search_space(loaded, signature(problem)))
    run.append_trial(problem, trial(trial_id="0", hyperparameters=loaded.baseline))
    return run


def _model(layer: str) -> bytes:
    """A network with a convolution of that name, in small.keras too."""
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(2, 3, name=layer),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax", name="class"),
        ]
    )
    network.save("small.keras")
    return Path("small.keras").read_bytes()


def _finish(run: Run) -> None:
    models: dict[NetworkName, bytes] = {"baseline": _model("conv1"), "tuned": _model("other")}
    run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), models)
    run.figures_folder("mnist").mkdir()
    (run.figures_folder("mnist") / "a.png").write_bytes(png())
    drawn = Picture(file="a.png", section="search", title="A title", caption="It.", alt="A line")
    run.write_pictures("mnist", [drawn])
    stages = [Stage(problem="mnist", stage=one, seconds=1, command="none") for one in PLAN]
    run.write_study(run.study().model_copy(update={"stages": stages}))


Change = Callable[[Place], object]


def nothing(_: Place) -> None:
    """As it is."""


def other_space(place: Place) -> None:
    space = search_space(load_problem("line"), signature("line"))
    begun = space.model_copy(update={"hyperparameters": space.hyperparameters[:-1]})
    place.begun.write_space("line", begun)


def done_in_other_space(place: Place) -> None:
    """Its networks would be retrained as others."""
    space = search_space(load_problem("mnist"), signature("mnist"))
    place.done.write_space(
        "mnist", space.model_copy(update={"hyperparameters": space.hyperparameters[1:]})
    )


def other_objective(place: Place) -> None:
    space = search_space(load_problem("line"), signature("line"))
    place.begun.write_space("line", space.model_copy(update={"objective": "joint"}))


def other_proposal(place: Place) -> None:
    (place.begun.problem_folder("line") / "trials.jsonl").unlink()
    place.begun.append_trial("line", trial(trial_id="0", hyperparameters={"filters": 3}))


def in_use(place: Place) -> None:
    place.stack.enter_context(place.begun.in_use())
    place.stack.enter_context(place.done.in_use())


def damaged(file: str, run: str = "begun") -> Change:
    return lambda _: Path("results", run, file).write_text("{\n")


def gone(file: str, run: str = "begun") -> Change:
    return lambda _: Path("results", run, file).unlink()


def only_failures(place: Place) -> None:
    (place.begun.problem_folder("line") / "trials.jsonl").unlink()
    place.begun.append_trial("line", trial(0, None))
    stage = Stage(problem="line", stage="search", seconds=1, command="none")
    place.begun.write_study(place.begun.study().model_copy(update={"stages": [stage]}))


def problem_gone(_: Place) -> None:
    path = Path("results/begun/study.json")
    path.write_text(path.read_text().replace('"line"', '"gone"'))
    Path("results/begun/line").rename("results/begun/gone")


def lines_from(folder: str, run: str = "begun") -> Change:
    """The run's line images are in that folder."""

    def change(_: Place) -> None:
        path = Path("results", run, "study.json")
        record = json.loads(path.read_text().replace('"mnist"', '"line"'))
        tables = record["settings"]["data"]
        tables["mnist"] = tables.pop("line")  # a data set's name, which is also a problem's
        tables["lines"]["line_dir"] = str(Path(folder).resolve())
        path.write_text(json.dumps(record))
        if run == "done":
            Path("results/done/mnist").rename("results/done/line")

    return change


BEGUN = ("--preset", TINY, "--name", "begun")
REFUSALS: list[tuple[Change, tuple[str, ...], str]] = [
    # resume, and the same command given again
    (other_space, ("resume", "begun"), "search space of line has changed since"),
    (other_space, ("resume", "begun", "--live"), "search space of line has changed since"),
    (other_space, ("run", "line", *BEGUN), "search space of line has changed since"),
    (other_objective, ("resume", "begun"), "(objective)"),
    (other_proposal, ("resume", "begun"), "is not what this search proposes"),
    (in_use, ("resume", "begun"), "in use by another process"),
    (in_use, ("run", "line", *BEGUN), "in use by another process"),
    (in_use, ("evaluate", "done", "--again"), "in use by another process"),
    (done_in_other_space, ("evaluate", "done", "--again"), "search space of mnist has changed"),
    (in_use, ("draw", "done"), "in use by another process"),
    (nothing, ("run", "line", *BEGUN, "--seed", "2"), "seed: 1 there, 2 here"),
    (nothing, ("run", "mnist", *BEGUN), "problems: ['line'] there, ['mnist'] here"),
    (nothing, ("search", "line", *BEGUN), "plan: "),
    (nothing, ("run", "mnist", "--preset", TINY, "--name", "done"), "and is finished"),
    (nothing, ("run", "line", "--preset", TINY, "--name", "a/b"), "run name"),
    (nothing, ("resume", "begun", "--workers", "0"), "--workers"),
    (nothing, ("resume", "nope"), "no run 'nope'"),
    (nothing, ("run", "nope"), "no problem 'nope'"),
    (nothing, ("run", "line", "--preset", "nope"), "no preset 'nope'"),
    (nothing, ("search", "line", "--max-trials", "0"), "max_trials"),
    (problem_gone, ("resume", "begun"), "no problem 'gone'"),
    (damaged("study.json"), ("resume", "begun"), "study.json: damaged record"),
    (damaged("study.json"), ("run", "line", *BEGUN), "study.json: damaged record"),
    (damaged("line/space.json"), ("resume", "begun"), "space.json: damaged record"),
    (damaged("line/trials.jsonl"), ("resume", "begun"), "trials.jsonl, line 1: damaged record"),
    (gone("study.json"), ("run", "line", *BEGUN), "is not a run but a folder without study.json"),
    (lines_from("nowhere"), ("resume", "begun"), "nowhere"),
    (lines_from("used"), ("resume", "begun"), "used"),
    # evaluate
    (nothing, ("evaluate", "begun"), "is not finished"),
    (nothing, ("evaluate", "done"), "is already evaluated"),
    (nothing, ("evaluate", "done", "--problem", "line"), "no problem 'line' in run 'done'"),
    (only_failures, ("evaluate", "begun"), "no trial of the search succeeded"),
    (gone("mnist/trials.jsonl", "done"), ("evaluate", "done", "--again"), "has no trials yet"),
    (damaged("mnist/evaluation.json", "done"), ("evaluate", "done"), "damaged record"),
    (lines_from("nowhere", "done"), ("evaluate", "done", "--again"), "nowhere"),
    # draw, explain and predict
    (damaged("mnist/evaluation.json", "done"), ("draw", "done"), "damaged record"),
    (damaged("mnist/evaluation.json", "done"), ("draw", "done", "--again"), "damaged record"),
    (nothing, ("draw", "done", "--problem", "line"), "no problem 'line' in run 'done'"),
    (lines_from("nowhere", "done"), ("draw", "done", "--again"), "nowhere"),
    (nothing, ("explain", "begun", "--kind", "filters"), "baseline.keras is not there"),
    (nothing, ("explain", "done", "--layer", "nope", "--kind", "filters"), "nope"),
    # the baseline has that layer, the tuned network has not
    (nothing, ("explain", "done", "--layer", "conv1", "--kind", "filters"), "'conv1'"),
    (nothing, ("explain", "done", "--kind", "heatmaps"), "--image"),
    (nothing, ("explain", "done", "--image", "photo.png", "--out", "new"), "28x28"),
    (nothing, ("explain", "small.keras", "--kind", "heatmaps", "--out", "new"), "--image"),
    (nothing, ("predict", "done", "photo.png"), "28x28"),
    (nothing, ("predict", "begun", "photo.png"), "tuned.keras is not there"),
    (damaged("mnist/models/tuned.keras", "done"), ("predict", "done", "photo.png"), "tuned.keras"),
    # report, show and export
    (damaged("study.json"), ("report", "begun"), "study.json: damaged record"),
    (damaged("study.json"), ("report", "done", "begun"), "study.json: damaged record"),
    (nothing, ("report", "done", "done"), "'done' twice"),
    (damaged("line/trials.jsonl"), ("show", "begun"), "damaged record"),
    (damaged("mnist/trials.jsonl", "done"), ("export", "done", "--to", "csv"), "damaged record"),
    (gone("line/space.json"), ("export", "begun", "--to", "optuna"), "has no space.json"),
    (nothing, ("export", "done", "--to", "csv", "--problem", "line"), "no problem 'line'"),
    (nothing, ("export", "done", "--to", "csv", "--out", "photo.png"), "photo.png"),
    # data
    (nothing, ("data", "line", "--export", "used"), "used"),
    (nothing, ("data", "mnist", "--export", "new"), "mnist"),
    (nothing, ("data", "line", "--line-dir", "nowhere"), "nowhere"),
]


@pytest.mark.parametrize(
    ("change", "arguments", "words"),
    REFUSALS,
    ids=[f"{' '.join(arguments[:2])}: {words}"[:60] for _, arguments, words in REFUSALS],
)
def test_what_is_refused_changes_nothing(
    command: Command, place: Place, change: Change, arguments: tuple[str, ...], words: str
) -> None:
    change(place)
    before = contents(Path())
    code, _, errors = command(*arguments)
    assert code in (1, 2)
    assert words in errors.splitlines()[-1]
    assert contents(Path()) == before


def test_a_scheduler_that_is_not_there_changes_nothing(
    command: Command, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place
    monkeypatch.setattr(opening, "workers_for", ENGINE)
    monkeypatch.setattr(cluster, "_CONNECT_TIMEOUT", 0.1)
    before = contents(Path())
    assert "no Dask scheduler" in command.refused(
        "resume", "begun", "--scheduler", "tcp://127.0.0.1:1"
    )
    assert contents(Path()) == before
