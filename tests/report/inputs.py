"""Hand-made inputs for the report, from the hand-made records."""

import io
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from study.records.picture import Picture
from study.records.study import Stage, StudyRecord
from study.records.trial import Hyperparameter, SearchSpace
from study.report import PictureFile, ProblemInput, ReportInput, render, render_comparison
from tests.factories import evaluation, trial

LIVE_AT = "2026-11-22T08:30:00+00:00"
"""When the page of a run that goes on was written."""


def png(width: int = 40, height: int = 20) -> bytes:
    """A plain picture of that size."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(file, format="PNG")
    return file.getvalue()


def picture(file: str, width: int = 40, height: int = 20, **changes: Any) -> PictureFile:
    """A figure about the search, or what the changes say."""
    fields: dict[str, Any] = {
        "file": file,
        "section": "search",
        "title": f"Title of {file}",
        "caption": f"Caption of {file}.",
        "alt": f"Alt text of {file}",
    }
    return PictureFile(Picture(**(fields | changes)), png(width, height))


def study(**changes: Any) -> StudyRecord:
    """A run named "first" of the problem mnist."""
    fields: dict[str, Any] = {
        "name": "first",
        "created": "2026-11-22T08:27:42+00:00",
        "command": "python -m study run --name first",
        "seed": 1,
        "problems": ["mnist"],
        "settings": {"workers": 2, "search": {"tuner": "random", "time_limit": None}},
        "versions": {"python": "3.11.7", "keras": "3.15.1"},
        "hardware": {"cores": 2, "memory_gib": 23.5},
        "git_commit": "0123abc",
        "stages": [
            Stage(
                problem="mnist", stage="search", seconds=192, command="python -m study search mnist"
            )
        ],
    }
    return StudyRecord(**(fields | changes))


def problem(name: str = "mnist", **changes: Any) -> ProblemInput:
    """A finished problem: three trials of which one failed, an evaluation, paired pictures."""
    fields: dict[str, Any] = {
        "name": name,
        "description": "Handwritten digits.",
        "tuner": "random",
        "trials": (
            trial(0, 0.8, hyperparameters={"filters": 32, "rate": 0.1}),
            trial(1, None, hyperparameters={"filters": 64, "rate": 0.01, "momentum": 0.9}),
            trial(2, 0.9, hyperparameters={"filters": 16, "rate": 0.001}),
        ),
        "evaluation": evaluation(problem=name),
        "pictures": (
            picture("search_history.png", 960, 400),
            picture("training.png", 1000, 400, section="training"),
            picture("filters_baseline_conv1.png", 300, 200, section="filters", network="baseline"),
            picture("filters_tuned_conv1.png", 320, 200, section="filters", network="tuned"),
        ),
    }
    return ProblemInput(**(fields | changes))


def searched(**changes: Any) -> ProblemInput:
    """A search of six trials, 0, 1, 2, 4, 5 and 7, of which 2 failed and 5 is the best."""
    tried: list[tuple[int, float | None, dict[str, Any], int]] = [
        (0, 0.80, {"filters": 32, "rate": 0.001, "norm": True}, 4000),
        (1, 0.60, {"filters": 16, "rate": 0.01, "norm": False}, 2000),
        (2, None, {"filters": 64, "rate": 0.1, "norm": False}, 8000),
        (4, 0.85, {"filters": 64, "rate": 0.001, "norm": True, "momentum": 0.5}, 8000),
        (5, 0.90, {"filters": 16, "rate": 0.0001, "norm": True}, 1000),
        (7, 0.70, {"filters": 32, "rate": 0.01, "norm": False, "momentum": 0.9}, 4000),
    ]
    trials = tuple(
        trial(
            number,
            score,
            hyperparameters=values,
            parameters=parameters,
            seconds=10.0 + number,
            finished=None if score is None else f"2026-11-22T08:{number:02}:30+00:00",
        )
        for number, score, values, parameters in tried
    )
    space = SearchSpace(
        objective="accuracy",
        hyperparameters=[
            Hyperparameter(name="filters", kind="choice", values=[16, 32, 64]),
            Hyperparameter(name="rate", kind="float", low=1e-4, high=0.1, log=True),
            Hyperparameter(name="norm", kind="choice", values=[True, False]),
            Hyperparameter(name="momentum", kind="float", low=0, high=1),
        ],
    )
    fields: dict[str, Any] = {"space": space, "trials": trials, "evaluation": None, "pictures": ()}
    return problem(**(fields | changes))


def finished() -> ReportInput:
    """A run of three problems that has everything, with failed trials and every verdict."""
    names = ("line", "mnist", "multihead")
    return ReportInput(
        study(problems=list(names)),
        (
            problem("line"),
            problem("mnist", evaluation=evaluation(baseline=0.9, tuned=0.9)),
            problem(
                "multihead",
                evaluation=evaluation("multihead", metrics=("length", "joint")),
            ),
        ),
    )


def half_finished() -> ReportInput:
    """A run that was stopped: a search under way, a damaged record, a problem not begun."""
    return ReportInput(
        study(problems=["line", "mnist", "multihead"], git_commit=None, stages=[]),
        (
            problem("line", evaluation=None, pictures=()),
            ProblemInput("mnist", notes=("trials.jsonl line 2 is no trial: expected a number",)),
        ),
    )


def live() -> ReportInput:
    """The half-finished run, while it goes on."""
    return replace(half_finished(), live_at=LIVE_AT)


def long_names() -> ReportInput:
    """Names without a place to wrap, everywhere."""
    plain = "averylongname" * 14
    odd = problem(
        plain,
        description=plain,
        notes=(plain,),
        evaluation=None,
        trials=(trial(0, 0.5, hyperparameters={plain: plain}), trial(1, None, error=plain)),
        pictures=(picture("a.png", title=plain, caption=plain, reading=plain),),
    )
    record = study(name=plain, command=plain, problems=[plain], settings={plain: plain})
    return ReportInput(record, (odd,))


def one_trial() -> ReportInput:
    """A search of a single trial, with a figure that says how to read it."""
    drawn = picture("training.png", 1000, 400, section="training", reading="From left to right.")
    only = problem(trials=(trial(0, 0.8),), evaluation=None, pictures=(drawn,))
    return ReportInput(study(), (only,))


def all_failed() -> ReportInput:
    """A search without a single success."""
    failures = (trial(0, None), trial(1, None))
    return ReportInput(study(), (problem(trials=failures, evaluation=None, pictures=()),))


def other_run() -> ReportInput:
    """A run of mnist, multihead and a problem of its own, with other settings than `finished`."""
    record = study(
        name="second",
        seed=2,
        problems=["mnist", "multihead", "fashion"],
        settings={"workers": 2, "search": {"tuner": "asha", "time_limit": None}},
    )
    better = problem("mnist", evaluation=evaluation(baseline=0.8, tuned=0.95))
    heads = problem("multihead", evaluation=evaluation("multihead", metrics=("length", "joint")))
    return ReportInput(record, (better, heads, problem("fashion")))


REPORTS = {
    "finished": finished(),
    "half": half_finished(),
    "live": live(),
    "long names": long_names(),
    "one trial": one_trial(),
    "all failed": all_failed(),
    "nothing": ReportInput(study()),
}
"""Runs in every state, by name."""


PAGES = (*REPORTS, "comparison")
"""Names of every kind of page: the reports, and a comparison."""


@cache
def rendered(name: str) -> str:
    """One of `PAGES`, rendered once per process.

    The live one is patient, so that it does not reload in the middle of a test.
    """
    if name == "comparison":
        return render_comparison([ReportInput(study(), (problem(),)), other_run(), half_finished()])
    return render(REPORTS[name]).replace('data-reload="5"', 'data-reload="3600"')


def written(folder: Path, report: ReportInput | str) -> Path:
    """The page as a file."""
    file = folder / "report.html"
    file.write_text(report if isinstance(report, str) else render(report), encoding="utf-8")
    return file
