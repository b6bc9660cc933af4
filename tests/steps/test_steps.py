"""The steps of a run, and a report from what lies on disk, whole, damaged or half there."""

import json
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import chdir
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from study.cli import live
from study.cli.progress import Screen
from study.errors import CannotWrite, StudyFailed, WrongName
from study.evaluation.evaluate import Result
from study.machine import processor
from study.machine.files import write_text
from study.plan import work as plan
from study.plan.done import to_do
from study.problem.settings import Settings, Work
from study.records.base import NetworkName, Record
from study.records.picture import Picture
from study.records.study import Stage, StageName
from study.run.store import Run
from study.steps import carry_out, draw_step, evaluate_step, explain_step, report_step, search_step
from study.steps.report_step import comparison_step
from tests import tiny
from tests.factories import evaluation, predictions, signature, trial
from tests.report.inputs import png

PLAN: list[StageName] = ["search", "evaluate", "explain", "figures", "report"]
WITHOUT_REPORT = PLAN[:-1]
MODELS: dict[NetworkName, bytes] = {"baseline": b"model", "tuned": b"model"}
OLD_PLAN: list[StageName] = ["search", "evaluate", "figures"]


@pytest.fixture
def run(workplace: Path) -> Run:
    """A run of two problems: mnist has everything, of line not even its folder is there."""
    work = Work(problems=["mnist", "line"], settings=Settings(), seed=1, plan=PLAN)
    known = {"mnist": signature("mnist")}
    made = plan.create_run("demo", work, "python -m study run", workers=1, signatures=known)
    for number, score in enumerate((0.8, None, 0.9)):
        made.append_trial("mnist", trial(number, score))
    made.write_evaluation("mnist", evaluation(), predictions({"class": 3}), MODELS)
    drawn = Picture(file="a.png", section="search", title="A title", caption="It.", alt="A line")
    made.figures_folder("mnist").mkdir()
    (made.figures_folder("mnist") / "a.png").write_bytes(png())
    made.write_pictures("mnist", [drawn])
    assert workplace == Path.cwd()
    return made


def page(run: Run) -> str:
    report_step.report_step(run)
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
    path = comparison_step([run, Run("other")])
    assert path == Path("reports/demo-vs-other.html")
    assert "A: results/demo/mnist/evaluation.json: damaged record" in path.read_text()


def test_packages_that_one_of_the_runs_lacks_differ(run: Run) -> None:
    record = json.loads((run.folder / "study.json").read_text())
    record |= {"name": "other", "versions": {"python": "4.0"}}
    Run("other").folder.mkdir()
    (Run("other").folder / "study.json").write_text(json.dumps(record))
    text = comparison_step([run, Run("other")]).read_text()
    assert "versions.<wbr>python" in text
    assert "versions.<wbr>keras" in text


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_search_trains_in_what_the_run_was_begun_in(
    run: Run, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """Whatever the processor can that it goes on with."""
    searched_in = []
    monkeypatch.setattr(processor, "computes_bfloat16", lambda: policy == "float32")
    monkeypatch.setattr(search_step, "search", lambda *given, **_: searched_in.append(given[6]))
    run.write_study(run.study().model_copy(update={"dtype_policy": policy}))
    search_mnist(run)
    assert searched_in == [policy]


def search_mnist(run: Run) -> None:
    search_step.search_step(run, "mnist", tiny.InstantEngine(), Screen(Console(file=StringIO())))


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
    draw_step.draw_step(run, ["mnist"], engine, Screen(Console(file=StringIO())))
    drawn = [picture.file for picture in run.pictures("mnist")]
    assert drawn
    assert all((run.figures_folder("mnist") / name).is_file() for name in drawn)
    assert list(engine.place.iterdir()) == []


# The end of each step


def record(run: Run, *done: str) -> None:
    """Have these stages of both problems be recorded, and no others."""
    recorded = [
        Stage(problem=problem, stage=stage, seconds=1, command="none")
        for stage in done
        for problem in run.study().problems
    ]
    run.write_study(run.study().model_copy(update={"stages": recorded}))


def screen() -> Screen:
    return Screen(Console(file=StringIO()))


def test_a_run_is_finished_when_its_report_is_written_and_not_before(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise CannotWrite("no space")

    record(run, *WITHOUT_REPORT)
    with monkeypatch.context() as patch:
        patch.setattr(report_step, "write_text", full)
        with pytest.raises(CannotWrite):
            report_step.finish_report(run)
    assert to_do(run) == [(None, "report")]
    report_step.finish_report(run)
    assert to_do(run) == []
    made = run.report_path.read_text()
    assert "This run has not ended" not in made
    assert page(run) == made  # whether its making is recorded or not
    done = run.study().stages
    report_step.finish_report(run)
    assert run.study().stages == done  # once


def test_a_run_of_a_version_that_planned_less_is_finished_without(run: Run) -> None:
    record(run, *OLD_PLAN)
    run.write_study(run.study().model_copy(update={"plan": OLD_PLAN}))
    assert to_do(run) == []


def test_interrupted_under_a_version_that_planned_less_a_run_is_explained_and_reported(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, "search", "evaluate")
    run.write_study(run.study().model_copy(update={"plan": OLD_PLAN}))
    assert plan.differences(run, plan.work_of(run).model_copy(update={"plan": PLAN})) == []
    done: list[tuple[str, list[str]]] = []
    steps: dict[str, StageName] = {"explain_step": "explain", "draw_step": "figures"}
    for step_name, stage in steps.items():

        def step(run: Run, names: list[str], *_: object, name: StageName = stage) -> None:
            done.append((name, names))
            record(run, *WITHOUT_REPORT[: WITHOUT_REPORT.index(name) + 1])

        monkeypatch.setattr(carry_out, step_name, step)

    carry_out.carry_out(run, tiny.InstantEngine(), screen())

    assert done == [("explain", ["mnist", "line"]), ("figures", ["mnist", "line"])]
    assert to_do(run) == [(None, "report")]


def test_while_the_report_of_the_run_itself_comes_next_the_live_one_is_not_made_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, *WITHOUT_REPORT)
    built: list[bool] = []
    monkeypatch.setattr(live, "build", lambda _, live: built.append(live))
    with live.live_report(run):
        pass
    assert set(built) <= {True}


def never(*_: object, **__: object) -> None:
    pytest.fail("retrained")


def left_by_retraining(run: Run) -> Path:
    path = run.retraining_folder("mnist") / "tuned-1" / "checkpoint.weights.h5"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_killed_before_its_record_an_evaluation_is_recorded_and_not_done_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, "search")
    left = left_by_retraining(run)
    monkeypatch.setattr(evaluate_step, "evaluate", never)
    evaluate_step.evaluate_step(run, "mnist", tiny.InstantEngine(), screen())
    assert run.study().is_done("mnist", "evaluate")
    assert not left.exists()


def test_an_evaluation_is_recorded_when_its_checkpoints_are_gone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, "search")
    left = left_by_retraining(run)
    monkeypatch.setattr(
        evaluate_step,
        "record_training_step",
        lambda *_: pytest.fail("late") if left.exists() else None,
    )
    evaluate_step.evaluate_step(run, "mnist", tiny.InstantEngine(), screen())
    assert not left.exists()


def test_an_evaluation_that_is_made_again_is_not_done_until_it_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while the networks of one evaluation are replaced by those of the other."""
    record(run, *WITHOUT_REPORT)
    made = Result(evaluation(), predictions({"class": 3}), {"tuned": b"new"})
    monkeypatch.setattr(evaluate_step, "evaluate", lambda *_, **__: made)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("numpy.savez_compressed", killed)
        with pytest.raises(KeyboardInterrupt):
            evaluate_step.evaluate_step(run, "mnist", tiny.InstantEngine(), screen())
    assert ("mnist", "evaluate") in to_do(run)
    assert run.evaluation("mnist") is None
    evaluate_step.evaluate_step(run, "mnist", tiny.InstantEngine(), screen())
    assert ("mnist", "evaluate") not in to_do(run)
    assert run.evaluation("mnist") == evaluation()


def made_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Result(evaluation(), predictions({"class": 3}), {"tuned": b"new"})
    monkeypatch.setattr(evaluate_step, "evaluate", lambda *_, **__: made)
    evaluate_step.evaluate_step(run, "mnist", tiny.InstantEngine(), screen())


def test_what_shows_an_evaluation_is_to_do_again_when_that_is_made_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write_study(run.study().model_copy(update={"problems": ["mnist"]}))
    record(run, *WITHOUT_REPORT)
    report_step.finish_report(run)
    assert to_do(run) == []
    made_again(run, monkeypatch)
    assert to_do(run) == [("mnist", "explain"), ("mnist", "figures"), (None, "report")]
    command = "<code>python -m study resume demo</code>"
    assert f"The figures show an earlier state of the run. {command} redraws them." in page(run)


def test_figures_that_no_plan_has_are_said_to_be_of_the_evaluation_before(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.write_study(run.study().model_copy(update={"plan": ["search"], "problems": ["mnist"]}))
    record(run, *WITHOUT_REPORT)
    command = "<code>python -m study draw demo</code>"
    words = f"The figures show an earlier state of the run. {command} redraws them."
    assert words not in page(run)
    made_again(run, monkeypatch)
    assert to_do(run) == []
    assert words in page(run)
    record(run, *WITHOUT_REPORT)
    assert words not in page(run)


def test_checkpoints_of_an_evaluation_that_is_done_are_removed_when_work_goes_on(run: Run) -> None:
    left, needed = left_by_retraining(run), run.retraining_folder("line") / "a"
    write_text(needed, "")
    temporary = [
        run.figures_folder("mnist") / ".a-0123abcd.png",
        run.folder / ".study-0123abcd.json",
        run.report_path.parent / ".demo-0123abcd.html",
    ]
    exporting = run.export_folder / ".demo-optuna-0123abcd.db"  # by another process, at this moment
    for path in (*temporary, exporting):
        write_text(path, "")
    with run.in_use():
        assert not left.exists()
        assert needed.exists()
        assert exporting.exists()
    assert not any(path.exists() for path in temporary)


def test_pictures_of_earlier_drawings_go(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    record(run, *WITHOUT_REPORT)
    drawn = Picture(file="b.png", section="search", title="A title", caption="It.", alt="A line")

    def draw(of: draw_step.Drawn) -> list[Picture]:
        assert ("mnist", "figures") in to_do(run)
        (of.folder / "b.png").write_bytes(png())
        return [drawn]

    monkeypatch.setattr(draw_step, "OF_NETWORKS", {})
    monkeypatch.setattr(draw_step, "OF_SEARCH", {"one": draw})
    draw_step.draw_step(run, ["mnist"], tiny.InstantEngine(), screen())
    assert ("mnist", "figures") not in to_do(run)
    assert {one.name for one in run.figures_folder("mnist").iterdir()} == {"b.png", "figures.json"}


def test_a_part_that_cannot_be_drawn_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def draw(of: draw_step.Drawn) -> list[Picture]:
        raise ValueError(f"{of.name} is too wide")

    monkeypatch.setattr(draw_step, "OF_NETWORKS", {})
    monkeypatch.setattr(draw_step, "OF_SEARCH", {"one": draw})
    with pytest.raises(StudyFailed, match="mnist: figures of one failed: ValueError: mnist is too"):
        draw_step.draw_step(run, ["mnist"], tiny.InstantEngine(), screen())
    assert not run.study().is_done("mnist", "figures")


class Number(Record):
    """Something found."""

    value: int


def finding(monkeypatch: pytest.MonkeyPatch, found: dict[str, Callable[[], Number]]) -> None:
    """Have nothing be found out but this, and no data set be loaded for it."""

    def find(_: object, part: str) -> dict[str, object]:
        return {part: found[part]()}

    monkeypatch.setattr("study.explanation.findings.parts", lambda **_: list(found))
    monkeypatch.setattr("study.explanation.findings.find", find)
    monkeypatch.setattr("study.training.training.cached_dataset", lambda *_: tiny.dataset())


def test_what_was_found_before_goes_and_is_recorded_when_all_is_there(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, *WITHOUT_REPORT)
    run.write_finding("mnist", "old", Number(value=1))

    def look() -> Number:
        assert ("mnist", "explain") in to_do(run)
        return Number(value=2)

    finding(monkeypatch, {"new": look})
    explain_step.explain_step(run, ["mnist"], tiny.InstantEngine(), screen())

    assert ("mnist", "explain") not in to_do(run)
    assert [one.name for one in run.findings_folder("mnist").iterdir()] == ["new.json"]
    assert run.finding("mnist", "new", Number) == Number(value=2)


def test_killed_while_it_is_explained_a_problem_is_explained_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, *WITHOUT_REPORT)

    def killed() -> Number:
        raise KeyboardInterrupt

    finding(monkeypatch, {"first": lambda: Number(value=1), "second": killed})
    with pytest.raises(KeyboardInterrupt):
        explain_step.explain_step(run, ["mnist"], tiny.InstantEngine(), screen())
    assert explain_step.unexplained(run, ["mnist", "line"]) == ["mnist"]

    finding(monkeypatch, {"first": lambda: Number(value=1), "second": lambda: Number(value=2)})
    explain_step.explain_step(run, ["mnist"], tiny.InstantEngine(), screen())
    assert explain_step.unexplained(run, ["mnist", "line"]) == []


def test_without_its_networks_a_run_keeps_what_was_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that was handed on without them."""
    record(run, *WITHOUT_REPORT)
    run.write_finding("mnist", "old", Number(value=1))
    finding(monkeypatch, {"new": lambda: Number(value=2)})
    run.model_path("mnist", "tuned").unlink()

    with pytest.raises(WrongName, match=r"tuned\.keras is not there: .* --again makes"):
        explain_step.explain_step(run, ["mnist"], tiny.InstantEngine(), screen())

    assert run.study().is_done("mnist", "explain")
    assert run.finding("mnist", "old", Number) == Number(value=1)


def test_networks_that_are_retrained_are_to_be_explained_and_drawn_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, *WITHOUT_REPORT)
    made = Result(evaluation(), predictions({"class": 3}), {"tuned": b"new"})
    monkeypatch.setattr(evaluate_step, "evaluate", lambda *_, **__: made)

    evaluate_step.evaluate_step(run, "mnist", tiny.InstantEngine(), screen())

    of_mnist = [step for problem, step in to_do(run) if problem == "mnist"]
    assert of_mnist == ["explain", "figures"]


def test_a_search_that_goes_on_is_to_be_explained_and_drawn_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(run, "explain", "figures")
    monkeypatch.setattr(search_step, "search", lambda *_, **__: None)

    search_mnist(run)

    assert not run.study().is_done("mnist", "explain")
    assert not run.study().is_done("mnist", "figures")
    assert run.study().is_done("line", "figures")


# Copies


def test_a_copy_of_a_run_is_called_as_its_folder_is(run: Run) -> None:
    record(run, "search", "evaluate", "explain", "figures")
    run.folder.rename(run.folder.with_name("copy"))
    text = page(Run("copy"))
    assert "Study copy" in text
    assert "results/<wbr>copy/<wbr>study.<wbr>json" in text
    assert "python -m study evaluate copy --again" in text
    assert "python -m study draw copy" in text
    assert "This run was made under the name demo" in text
    for command in ("resume", "evaluate", "draw", "report"):
        assert f"{command} demo" not in text
    shutil.copytree(Run("copy").folder, run.folder)
    both = comparison_step([run, Run("copy")]).read_text()
    assert "demo and copy" in both
