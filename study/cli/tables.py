"""What commands show in the terminal: leaderboards, comparisons, lists."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from study.data.dataset import Dataset
from study.errors import StudyError
from study.evaluation import retrainings
from study.evaluation.in_words import comparison_in_words
from study.machine.foreign_text import visible
from study.problem.preset_files import load_preset, preset_names
from study.problem.problem import problem_description, problem_names
from study.problem.settings import TUNERS
from study.records.base import Value
from study.records.evaluation import Evaluation
from study.run.listing import misnamed, open_run, run_names
from study.run.store import Run
from study.trials.ranking import configurations
from study.wording import percent, several


def everything() -> Table:
    """Problems, tuners, presets and runs, one line each."""
    rows = [("problem", name, problem_description(name)) for name in problem_names()]
    rows += [("tuner", tuner, "") for tuner in TUNERS]
    rows += [("preset", preset, load_preset(preset).description) for preset in preset_names()]
    rows += [("run", name, _about(open_run(name))) for name in run_names()]
    odd = "cannot be opened by this name; rename its folder"
    rows += [("run", ascii(name), odd) for name in misnamed()]
    return _plain(rows)


def _about(run: Run) -> str:
    try:
        study = run.study()
    except StudyError as error:
        return str(error)
    words = f"{study.created}, seed {study.seed}, {', '.join(study.problems)}"
    return f"{words}; not finished: resume {run.name}" if study.to_do() else words


def data_set(dataset: Dataset) -> Table:
    """A data set's numbers of images, their size, and its classes."""
    height, width, channels = dataset.image_shape
    rows = [
        ("data set", dataset.name),
        ("images", f"{height}x{width}, {several(channels, 'channel')}"),
        *((part, str(images)) for part, images in dataset.sizes.items()),
    ]
    for column, names in dataset.columns.items():
        shown = ", ".join(names) if len(names) <= 12 else f"{names[0]}, {names[1]}, ... {names[-1]}"
        rows.append((column, f"{len(names)} classes: {shown}"))
    return _plain(rows)


def _plain(rows: Sequence[Sequence[str]]) -> Table:
    """A table of these cells; text too long for its column is wrapped and not cut."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in rows[0]:
        table.add_column(overflow="fold")
    for cells in rows:
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table


def leaderboard(run: Run, problem: str, top: int, width: int) -> list[str]:
    """The best trials of a search, failed ones last, each with its differences from the baseline.

    Lines are at most `width` characters long, unless a single value is longer.
    """
    from study.trials.frames import trial_table  # imports pandas: half a second

    trials = {one.number: one for one in configurations(run.trials(problem))}
    table = trial_table([*trials.values()])
    ranked = table.sort_values("score", ascending=False, kind="stable").head(top)
    failed, early = ((table["status"] == status).sum() for status in ("failed", "ended early"))
    baseline = trials[0].hyperparameters if 0 in trials else {}
    head, *rows = _aligned([_HEAD, *map(_cells, ranked.itertuples())])
    lines = [f"{problem}: {several(len(trials), 'trial')}, {failed} failed, {early} ended early"]
    if baseline:
        lines += wrapped(_differences(baseline, {}), width, "baseline: ")
        lines += ["", "Trials, best first, and how they differ from the baseline:"]
    lines.append(head)
    for number, row in zip(ranked.index, rows, strict=True):
        trial = trials[number]
        lines.append(row)
        if trial.error:
            lines += wrapped(trial.error.split(), width, _INDENT, mark="")
        elif trial.number or not baseline:
            lines += wrapped(_differences(trial.hyperparameters, baseline), width, _INDENT)
    return [*lines, ""]


_INDENT = "    "
_HEAD = ["trial", "score", "epochs", "parameters", "seconds"]


def _cells(trial: Any) -> list[str]:
    """The cells of a row of `trial_table`."""
    return [
        f"{trial.Index} (baseline)" if trial.Index == 0 else str(trial.Index),
        "failed" if trial.status == "failed" else percent(trial.score),
        f"{trial.epochs}{' (ended early)' if trial.status == 'ended early' else ''}",
        "" if trial.status == "failed" else f"{trial.parameters:,}",
        f"{trial.seconds:.0f}",
    ]


def _aligned(rows: list[list[str]]) -> list[str]:
    """The rows with the first column aligned to the left and the others to the right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])],
        ).rstrip()
        for row in rows
    ]


def _differences(values: dict[str, Value], baseline: dict[str, Value]) -> list[str]:
    """What differs from the baseline, as "KEY=VALUE" or, if a key does not apply, "without KEY"."""
    other = {key: value for key, value in values.items() if baseline.get(key) != value}
    missing = [f"without {key}" for key in baseline if key not in values]
    return [f"{key}={_short(value)}" for key, value in other.items()] + missing


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def wrapped(items: list[str], width: int, begin: str, mark: str = ",") -> list[str]:
    """The items in lines that break only between items; later lines are indented."""
    lines: list[str] = []
    items = [*map(visible, items)]  # before their lengths are measured
    for piece in [f"{item}{mark}" for item in items[:-1]] + items[-1:]:
        if not lines:
            lines = [begin + piece]
        elif len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines.append(_INDENT + piece)
    return lines


def comparison_line(problem: str, evaluation: Evaluation) -> str:
    """Both networks' scores on the test part, their difference, the verdict, and reservations."""
    caution = retrainings.warning(evaluation)
    words = f"{problem}: {comparison_in_words(evaluation)}"
    return f"{words}; {caution}" if caution else words
