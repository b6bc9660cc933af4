"""A problem's records -> the interactive charts of its search."""

from collections.abc import Callable
from typing import Any

from study.figures.search import CHARTS, Searched, searched
from study.machine.shell import command
from study.report.charts import course_traces, look, outcome_traces, value_traces
from study.report.charts.chart import Chart, Explore, label
from study.report.charts.look import Drawing
from study.report.gallery import Figure, chart_key, read_figure
from study.report.inputs import PictureFile, ProblemInput
from study.trials import excerpt
from study.wording import listed

TRACES: dict[str, Callable[[Searched, Any], Drawing]] = {
    "history": course_traces.history,
    "hyperparameters": value_traces.panels,
    "parallel": value_traces.parallel,
    "importances": outcome_traces.importances,
    "parameters": outcome_traces.cost,
    "latency": outcome_traces.cost,
    "curves": course_traces.curves,
    "more_trials": outcome_traces.more_trials,
    "seconds": outcome_traces.cost,
    "contour": value_traces.contour,
    "rank": value_traces.rank,
    "distribution": outcome_traces.distribution,
    "timeline": course_traces.timeline,
}
"""Key of `CHARTS` -> how plotly draws it."""
FOLDED = ("seconds", "contour", "rank", "distribution", "timeline")
"""Keys of the charts that are hidden until the reader opens a fold."""


def explore(problem: ProblemInput, run: str) -> Explore | None:
    """The charts of the problem's search, with a note on those that its trials do not allow.

    None if there are no trials. No trial makes this raise.

    Args:
        problem: What there is of the problem.
        run: The run's name.
    """
    if not problem.trials:
        return None
    search = searched(problem.trials, problem.space, problem.tuner, problem.importances)
    twins, unreadable = _twins(problem.pictures)
    charts, missing = _charts(search, twins)
    notes = [*_left_out(search, run), *search.notes, *unreadable]
    if missing:
        notes.append(
            "Not drawn, because there are too few trials, recorded times or different values: "
            f"{listed(missing)}."
        )
    return Explore(
        charts=tuple(charts),
        curves=course_traces.curves_of_one(search),
        labels={str(trial.number): label(trial, search.space.objective) for trial in search.shown},
        notes=tuple(notes),
    )


def _charts(search: Searched, twins: dict[str, Figure]) -> tuple[list[Chart], list[str]]:
    """The charts in the page's order, and the names of those that cannot be made."""
    charts, missing = [], []
    for key, kind in CHARTS.items():
        if (info := kind.info(search)) is None:
            missing.append(kind.name)
            continue
        drawing = TRACES[key](search, info)
        charts.append(
            Chart(
                key=key,
                **kind.words(search, info)._asdict(),
                figure=look.figure_of(drawing),
                twin=twins.get(key),
                more=key in FOLDED,
                width=drawing.width,
                full=drawing.full,
            )
        )
    return charts, missing


def _twins(pictures: tuple[PictureFile, ...]) -> tuple[dict[str, Figure], list[str]]:
    """Chart's key -> its picture; and notes on pictures that cannot be read."""
    twins, notes = {}, []
    for file in pictures:
        if (key := chart_key(file.picture)) is None:
            continue
        figure = read_figure(file)
        if isinstance(figure, str):
            notes.append(figure)
        else:
            twins[key] = figure
    return twins, notes


def _left_out(search: Searched, run: str) -> list[str]:
    """A note on which trials the charts draw, if they do not draw all."""
    if len(search.shown) == len(search.trials):
        return []
    return [
        f"The charts show {excerpt.said_of(search.trials, search.shown)}. "
        f"`{command('export', run, '--to', 'csv')}` writes all trials."
    ]
