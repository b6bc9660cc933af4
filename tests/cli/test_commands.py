"""Commands in a row: what one leaves, another goes on with, says or refuses."""

import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from study.cli.commands import opening
from study.cli.main import app
from study.plan import work as runs
from study.problem.preset_files import load_preset
from study.problem.settings import Settings, Work
from study.records.study import Signature, Stage, StageName
from study.run.store import Run
from tests.cli.conftest import Command
from tests.cli.presets import preset
from tests.command import TINY, contents, python
from tests.factories import evaluation, predictions, trial
from tests.optuna_file import study_names
from tests.trials.test_optuna_study import SPACE

WORK = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])
SEARCH = ("search", "mnist", "--preset", TINY, "--name", "begun")


def test_comparison_with_an_unknown_run_or_with_itself_is_refused(
    command: Command, tmp_path: Path
) -> None:
    runs.create_run("demo", WORK, "none", workers=1)
    assert "no run 'nope'" in command.refused("report", "demo", "nope")
    assert "'demo' twice" in command.refused("report", "demo", "demo")
    assert list(tmp_path.glob("reports/*")) == []


def test_report_of_several_runs_compares_them_without_tensorflow(tmp_path: Path) -> None:
    program = """
import sys
from study.cli.main import main
from study.plan import work as plan
from tests.cli.test_commands import WORK
for name in ("one", "two"):
    plan.create_run(name, WORK, "none", workers=1)
for arguments in (["one"], ["one", "two"]):
    sys.argv = ["study", "report", *arguments]
    main()
assert not {"tensorflow", "keras"} & set(sys.modules)
"""
    printed = python(tmp_path, "-c", program).stdout
    assert printed == "report: reports/one.html\ncomparison: reports/one-vs-two.html\n"
    assert "Runs compared" in (tmp_path / "reports/one-vs-two.html").read_text()


def test_run_name_that_is_a_path_cannot_be_opened(command: Command) -> None:
    assert "run name" in command.refused("show", "../nope")


def test_taken_run_name_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "results/taken/mine").mkdir(parents=True)
    line = command.refused("search", "line", "--preset", TINY, "--name", "taken")
    assert "--name" in line


@pytest.fixture
def begun(command: Command) -> Run:
    """What SEARCH has left behind, stopped after one of its three trials."""
    assert command
    work = WORK.model_copy(update={"settings": load_preset(TINY)})
    run = runs.create_run("begun", work, "none", workers=1)
    run.append_trial("mnist", trial())
    return run


@pytest.fixture
def went_on(monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The runs that were gone on with; nothing is loaded or trained for it."""
    seen: list[Run] = []
    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext())
    monkeypatch.setattr(opening, "load_data", lambda _: {})
    monkeypatch.setattr("study.steps.carry_out.carry_out", lambda run, *_: seen.append(run))
    return seen


@pytest.mark.parametrize("again", [SEARCH, ("resume", "begun")])
def test_an_interrupted_run_goes_on(
    command: Command, begun: Run, went_on: list[Run], again: tuple[str, ...]
) -> None:
    code, _, errors = command(*again)
    assert (code, errors) == (0, "")
    assert went_on == [begun]


def planned(run: Run, *plan: StageName, done: Sequence[StageName] = ()) -> None:
    """Have the run be one of that plan of which so much is recorded."""
    stages = [Stage(problem="mnist", stage=one, seconds=1, command="none") for one in done]
    run.write_study(run.study().model_copy(update={"plan": list(plan), "stages": stages}))


OF_PROBLEMS: list[StageName] = ["search", "evaluate", "explain", "figures"]


@pytest.mark.parametrize(
    "again", [("run", "mnist", "--preset", TINY, "--name", "begun"), ("resume", "begun")]
)
def test_a_missing_report_is_made_without_data_or_workers(
    command: Command, begun: Run, monkeypatch: pytest.MonkeyPatch, again: tuple[str, ...]
) -> None:
    """Killed, or out of disk space, while it was made; then deleted."""
    monkeypatch.setattr(opening, "workers_for", lambda *_: pytest.fail("workers"))
    monkeypatch.setattr(opening, "load_data", lambda _: pytest.fail("data"))
    planned(begun, *OF_PROBLEMS, "report", done=OF_PROBLEMS)
    code, printed, errors = command(*again)
    assert (code, errors) == (0, "")
    assert printed.splitlines()[-1] == "report: reports/begun.html"
    assert begun.report_path.is_file()
    refused = "results/begun already exists and is finished ({}); choose another --name"
    told = "report: reports/begun.html"
    assert refused.format(told) in command.refused("run", "mnist", *again_with(begun))
    assert command("resume", "begun")[1].splitlines()[-1] == told
    begun.report_path.unlink()
    told = "python -m study report begun makes its report"
    assert refused.format(told) in command.refused("run", "mnist", *again_with(begun))
    assert command("resume", "begun")[1].splitlines()[-1] == told


def again_with(run: Run) -> tuple[str, ...]:
    """The other arguments that the run was begun with."""
    return ("--preset", TINY, "--name", run.name)


def test_an_evaluation_that_is_not_recorded_is_not_refused(
    command: Command, begun: Run, went_on: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two."""
    assert went_on == []
    evaluated: list[str] = []
    monkeypatch.setattr(
        "study.steps.evaluate_step.evaluate_step", lambda _, name, *__: evaluated.append(name)
    )
    begun.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {})
    planned(begun, "search", done=["search"])
    assert command("evaluate", "begun")[0] == 0
    assert evaluated == ["mnist"]
    planned(begun, "search", done=["search", "evaluate"])
    assert "mnist of 'begun' is already evaluated" in command.refused("evaluate", "begun")


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (["--max-trials", "5"], "search.max_trials: 3 there, 5 here"),
        (["--tuner", "asha"], "search.tuner: random there, asha here"),
        (["--seed", "2"], "seed: 1 there, 2 here"),
    ],
)
def test_an_interrupted_run_does_not_go_on_with_another_setting(
    command: Command,
    begun: Run,
    went_on: list[Run],
    tmp_path: Path,
    other: list[str],
    differs: str,
) -> None:
    before = contents(tmp_path)
    line = command.refused(*SEARCH, *other)
    assert f"{begun.folder} already exists and was started with other settings ({differs})" in line
    assert went_on == []
    assert contents(tmp_path) == before


def test_a_second_process_that_begins_the_same_run_meanwhile_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch, went_on: list[Run]
) -> None:
    """Both saw no folder; the first has made it while the second loaded its data."""
    from tests import tiny  # brings Keras, which the module must do without

    def meanwhile(_: Work) -> dict[str, Signature]:
        runs.create_run("begun", WORK, "none", workers=1)
        return {}

    monkeypatch.setattr(opening, "load_data", meanwhile)
    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext(tiny.InstantEngine()))
    assert "results/begun already exists" in command.refused(*SEARCH)
    assert went_on == []


def test_what_a_run_was_begun_with_is_recorded_as_it_can_be_typed_again(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, went_on: list[Run]
) -> None:
    """And so is the command to go on with, that is printed."""
    mine = preset(tmp_path, "").replace("mine.toml", "my $(preset).toml")
    Path(tmp_path / "mine.toml").rename(mine)
    given = ("search", "mnist", "--preset", mine, "--name", "begun", "--dtype", "float32")
    from tests import tiny  # brings Keras, which the module must do without

    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext(tiny.InstantEngine()))
    code, printed, _ = command(*given)
    assert code == 0
    (run,) = went_on
    assert shlex.split(run.study().command) == ["python", "-m", "study", *given]
    typed = shlex.split(printed.splitlines()[-1].removeprefix("next: "))
    assert typed == ["python", "-m", "study", "evaluate", "begun"]


def test_an_export_says_how_to_open_it(command: Command, begun: Run) -> None:
    begun.write_space("mnist", SPACE)
    code, printed, _ = command("export", "begun", "--to", "optuna", "--out", "100% [bold]mine :x:?")
    assert code == 0
    written, opened = printed.splitlines()
    assert Path(written).is_file()
    program, url = shlex.split(opened.removeprefix("open it with: "))
    assert program == "optuna-dashboard"
    assert study_names(url) == ["begun/mnist"]


def test_a_search_that_is_not_finished_is_not_evaluated(command: Command, begun: Run) -> None:
    line = command.refused("evaluate", "begun")
    assert "the search of mnist in 'begun' is not finished" in line
    assert "python -m study resume begun" in line
    assert begun.evaluation("mnist") is None


def test_damaged_record_is_a_failed_run(command: Command, tmp_path: Path) -> None:
    (tmp_path / "results/bad").mkdir(parents=True)
    (tmp_path / "results/bad/study.json").write_text('{"name": "bad"')
    code, _, errors = command("show", "bad")
    assert code == 1
    assert "study.json" in errors


def test_every_command_has_help_with_an_example(command: Command) -> None:
    for info in app.registered_commands:
        if info.hidden:  # another name of a command that is shown
            continue
        assert info.callback is not None
        name = info.name or info.callback.__name__
        code, printed, _ = command(name, "--help")
        assert code == 0
        assert f"python -m study {name}" in " ".join(printed.split())


def test_what_older_runs_recorded_as_the_command_of_their_figures_draws_them(
    command: Command, begun: Run
) -> None:
    planned(begun, "search", done=["search", "explain"])
    for name in ("visualize", "draw"):
        code, printed, errors = command(name, "begun")
        assert (code, errors) == (0, "")
        assert printed.splitlines()[-1] == "figures: results/begun/mnist/figures"
    assert begun.study().is_done("mnist", "figures")


def test_figures_are_drawn_again_without_workers_data_or_tensorflow(
    begun: Run, workplace: Path
) -> None:
    planned(begun, "search", done=["search", "explain"])
    begun.write_space("mnist", SPACE)  # of older runs that have none the problem is imported
    code = (
        "import sys; from study.cli.main import main; sys.argv = ['study', 'draw', 'begun']; "
        "main(); "
        "assert not {'tensorflow', 'keras', 'distributed'} & set(sys.modules)"
    )
    python(workplace, "-c", code)
    assert begun.pictures("mnist")


def test_what_is_not_found_out_is_before_it_is_drawn(
    command: Command, begun: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests import tiny

    done: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(opening, "workers_for", lambda *_: nullcontext(tiny.InstantEngine()))
    monkeypatch.setattr(opening, "load_data", lambda _: {})
    for step in ("explain", "draw"):
        monkeypatch.setattr(
            f"study.steps.{step}_step.{step}_step",
            lambda _, names, *__, step=step: done.append((step, names)),
        )
    planned(begun, "search", done=["search"])
    assert command("draw", "begun")[0] == 0
    assert done == [("explain", ["mnist"]), ("draw", ["mnist"])]
    planned(begun, "search", done=["search", "explain"])
    assert command("draw", "begun")[0] == 0
    assert done[2:] == [("draw", ["mnist"])]
    assert command("draw", "begun", "--again")[0] == 0
    assert done[3:] == [("explain", ["mnist"]), ("draw", ["mnist"])]
