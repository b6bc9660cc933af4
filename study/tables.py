"""What commands show in the terminal: leaderboards, comparisons, what there is."""

from rich.table import Table

from study import retrainings
from study.data.dataset import Dataset
from study.errors import StudyError
from study.problems import problem_description, problem_names
from study.records import Evaluation
from study.runs import to_do
from study.settings import TUNERS, load_preset, preset_names
from study.store import Run, open_run, run_names
from study.trials import configurations, ended_early


def everything() -> Table:
    """Problems, tuners, presets and runs, a line each."""
    table = _plain()
    for name in problem_names():
        table.add_row("problem", name, problem_description(name))
    for tuner in TUNERS:
        table.add_row("tuner", tuner, "")
    for preset in preset_names():
        table.add_row("preset", preset, load_preset(preset).description)
    for name in run_names():
        table.add_row("run", name, _about(open_run(name)))
    return table


def _about(run: Run) -> str:
    try:
        study = run.study()
    except StudyError as error:
        return str(error)
    words = f"{study.created}, seed {study.seed}, {', '.join(study.problems)}"
    return f"{words}; not finished: resume {run.name}" if to_do(run) else words


def data_set(dataset: Dataset) -> Table:
    """How many images of what size and which classes."""
    height, width, channels = dataset.image_shape
    table = _plain()
    table.add_row("data set", dataset.name)
    table.add_row("images", f"{height}x{width}, {channels} channel{'s' if channels > 1 else ''}")
    for part in ("train", "validation", "test"):
        table.add_row(part, str(len(getattr(dataset, part))))
    for column, names in dataset.names.items():
        shown = ", ".join(names) if len(names) <= 12 else f"{names[0]}, {names[1]}, ... {names[-1]}"
        table.add_row(column, f"{len(names)} classes: {shown}")
    return table


def _plain() -> Table:
    return Table(box=None, show_header=False, pad_edge=False)


def leaderboard(run: Run, problem: str, top: int) -> Table:
    """The best trials of a search, failed ones last."""
    trials = configurations(run.trials(problem))
    early = ended_early(trials)
    ranked = sorted(trials, key=lambda trial: -(trial.score if trial.score is not None else -1))
    failed = sum(trial.status == "failed" for trial in trials)
    title = f"{problem}: {len(trials)} trials, {failed} failed, {len(early)} ended early"
    table = Table(title=title, title_justify="left")
    for column in ("trial", "score", "epochs", "parameters", "seconds", "hyperparameters"):
        table.add_column(column, justify="left" if column == "hyperparameters" else "right")
    for trial in ranked[:top]:
        values = ", ".join(f"{key}={_short(value)}" for key, value in trial.hyperparameters.items())
        table.add_row(
            f"{trial.number} (baseline)" if trial.number == 0 else str(trial.number),
            f"{trial.score:.2%}" if trial.score is not None else "failed",
            f"{trial.epochs}{' (ended early)' if trial.number in early else ''}",
            f"{trial.parameters:,}" if trial.parameters else "",
            f"{trial.seconds:.0f}",
            trial.error or values,
        )
    return table


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def comparison_line(problem: str, evaluation: Evaluation) -> str:
    """Both scores on the test part, their difference and what it means."""
    found, metric = evaluation.comparison, evaluation.metric
    baseline, tuned = (evaluation.networks[n].test[metric].mean for n in ("baseline", "tuned"))
    low, high = found.ci95
    caution = retrainings.warning(evaluation)
    return (
        f"{problem}: test {metric} {baseline:.2%} -> {tuned:.2%}, difference "
        f"{100 * found.difference:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}], "
        f"p = {found.p_value:.2g}: {found.verdict}{f'; {caution}' if caution else ''}"
    )
