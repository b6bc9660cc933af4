"""Exports, read back by the programs they are for."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from optuna.storages import RDBStorage
from optuna_dashboard import wsgi
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata
from tensorboard.util.tensor_util import make_ndarray

from study.errors import WrongUse
from study.run.export import KINDS, export, optuna_url, viewer
from study.run.store import Run
from tests.command import contents
from tests.factories import trial
from tests.optuna_file import opened, study_names
from tests.run.test_store import study
from tests.trials.test_optuna_study import ENDED, SPACE, VALUES

pytestmark = pytest.mark.usefixtures("workplace")

TRIALS = [
    trial(0, 0.7, hyperparameters={"kernel": 3, "norm": True}, finished=ENDED),
    trial(1, None, hyperparameters={"kernel": 5, "rate": 0.1}, error='=ValueError: "no", <such>'),
    trial(2, 0.9, hyperparameters=VALUES, finished=ENDED),
]


@pytest.fixture
def run() -> Run:
    made = Run("demo")
    made.write_study(study(problems=["mnist", "line"]))
    for problem in ("mnist", "line"):
        made.write_space(problem, SPACE)
        for one in TRIALS:
            made.append_trial(problem, one)
    return made


@pytest.fixture
def storage(run: Run, tmp_path: Path) -> Iterator[RDBStorage]:
    (path,) = export(run, ["mnist", "line"], "optuna", tmp_path / "out")
    with opened(optuna_url(path)) as storage:
        yield storage


@pytest.mark.parametrize(
    ("kind", "works"),
    [
        ("optuna", "study.trials.optuna_study.optuna_study"),
        ("tensorboard", "tensorboard.plugins.hparams.api.hparams"),
        ("csv", "pandas.DataFrame.to_csv"),
    ],
)
def test_an_export_that_is_interrupted_leaves_the_earlier_one_as_it_was(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, works: str
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    export(run, ["mnist", "line"], kind, tmp_path / "out")
    before = contents(tmp_path / "out")
    monkeypatch.setattr(works, stopped)
    with pytest.raises(KeyboardInterrupt):
        export(run, ["mnist", "line"], kind, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_optuna_reads_all_trials(storage: RDBStorage) -> None:
    assert optuna.get_all_study_names(storage) == ["demo/mnist", "demo/line"]
    read = optuna.load_study(study_name="demo/mnist", storage=storage)
    assert [one.state.name for one in read.trials] == ["COMPLETE", "FAIL", "COMPLETE"]
    assert read.best_params == VALUES
    assert read.trials[2].intermediate_values == {1: 0.8, 2: 0.9}


def test_optuna_dashboard_opens_it(storage: RDBStorage) -> None:
    app = wsgi(storage)

    def get(path: str) -> Any:
        answer: list[str] = []
        asked = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "SERVER_NAME": "here",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
        }
        body = b"".join(app(asked, lambda status, *_: answer.append(status)))
        assert answer == ["200 OK"], body
        return json.loads(body)

    studies = get("/api/studies")["study_summaries"]
    assert {one["study_name"] for one in studies} == {"demo/mnist", "demo/line"}
    found = get(f"/api/studies/{studies[0]['study_id']}")
    assert [one["state"] for one in found["trials"]] == ["Complete", "Fail", "Complete"]


def test_without_tensorboard_it_says_what_to_install(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [one for one in sys.modules if one.startswith("tensorboard.plugins.hparams")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard.plugins.hparams", None)
    with pytest.raises(WrongUse, match=r"pip install 'tuning-study\[tensorboard\]'$"):
        export(run, ["mnist"], "tensorboard", tmp_path)
    assert not [*tmp_path.glob("*-tensorboard")]


def test_tensorboard_reads_hyperparameters_and_curves(run: Run, tmp_path: Path) -> None:
    (logs,) = export(run, ["mnist"], "tensorboard", tmp_path / "out")
    assert sorted(path.name for path in (logs / "mnist").iterdir()) == [
        "trial-0",
        "trial-1",
        "trial-2",
    ]
    events = EventAccumulator(str(logs / "mnist/trial-2"))
    events.Reload()
    told = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    values = metadata.parse_session_start_info_plugin_data(told).hparams
    assert values["kernel"].number_value == 5
    assert values["rate"].number_value == 0.02
    assert values["norm"].bool_value is False
    assert scalars(events, "val_accuracy") == [(1, pytest.approx(0.8)), (2, pytest.approx(0.9))]
    assert scalars(events, "best_val_accuracy") == [(2, pytest.approx(0.9))]


def scalars(events: EventAccumulator, name: str) -> list[tuple[int, float]]:
    return [(one.step, make_ndarray(one.tensor_proto).item()) for one in events.Tensors(name)]


def test_a_table_has_a_line_a_trial_and_a_column_a_hyperparameter(run: Run, tmp_path: Path) -> None:
    paths = export(run, ["mnist", "line"], "csv", tmp_path / "out")
    assert [path.name for path in paths] == ["demo-mnist.csv", "demo-line.csv"]
    table = pd.read_csv(paths[0]).set_index("trial")
    assert list(table["status"]) == ["completed", "failed", "completed"]
    assert table.loc[1, "error"] == '\'=ValueError: "no", <such>'  # no formula to a spreadsheet
    assert table.loc[2, list(VALUES)].to_dict() == VALUES
    assert pd.isna(table.loc[0, "depth"])
    assert table.loc[0, "finished"] == ENDED
    assert "4.0" not in paths[0].read_text()  # a depth is a whole number, though one is missing


ODD = ["a b", "what?", "100%", "%20", "#1", "{x}", "it's", "$HOME", "-o", "ä&b;c", "file:x"]


@pytest.mark.parametrize("name", [*ODD, "~"])
@pytest.mark.parametrize("kind", ["optuna", "tensorboard"])
def test_the_command_that_shows_an_export_finds_it_in_any_folder(
    run: Run, kind: str, name: str
) -> None:
    """As a shell reads it, and the program that it calls."""
    before = set(Path().iterdir())
    (written,) = export(run, ["mnist"], kind, Path(name))
    assert set(Path().iterdir()) - before == {Path(name)}
    assert written.exists()
    typed = shlex.join(viewer(kind, written) or [])
    read = subprocess.run(
        ["bash", "-c", f"printf '%s\\n' {typed}"], capture_output=True, text=True, check=True
    )
    program, argument = read.stdout.splitlines()
    if kind == "optuna":
        assert program == "optuna-dashboard"
        assert study_names(argument) == ["demo/mnist"]
    else:
        assert program == "tensorboard"
        events = EventAccumulator(f"{argument.removeprefix('--logdir=')}/mnist/trial-2")
        events.Reload()
        assert scalars(events, "val_accuracy")


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_takes_the_place_of_the_last_one(run: Run, tmp_path: Path, kind: str) -> None:
    first = export(run, ["mnist", "line"], kind, tmp_path)
    (tmp_path / "other.txt").write_text("stays")
    export(run, ["mnist"], kind, tmp_path)
    assert (tmp_path / "other.txt").exists()
    if kind == "tensorboard":
        assert not (first[0] / "line").exists()
    if kind == "optuna":
        assert study_names(optuna_url(first[0])) == ["demo/mnist"]


def test_a_problem_without_trials_is_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="multihead of 'demo' has no trials yet"):
        export(run, ["multihead"], "csv", tmp_path)


def test_a_run_without_a_space_is_refused(run: Run, tmp_path: Path) -> None:
    (run.problem_folder("mnist") / "space.json").unlink()
    with pytest.raises(WrongUse, match=r"no space\.json"):
        export(run, ["mnist"], "csv", tmp_path)
