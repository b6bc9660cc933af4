"""A run's trials for other programs: Optuna's dashboard, TensorBoard, tables."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from study.errors import WrongUse
from study.machine.files import naming, remove_leftovers, replacing, replacing_folder
from study.machine.foreign_text import spreadsheet_text, utf8
from study.records.trial import SearchSpace, Trial
from study.run.store import Run
from study.trials.ranking import configurations


def export(run: Run, problems: Sequence[str], kind: str, folder: Path) -> list[Path]:
    """Write the trials of these problems into the folder, replacing an earlier export.

    Each file, and TensorBoard's folder, is written whole or not at all.

    Args:
        kind: One of KINDS.

    Returns:
        Paths of what was written, for people to open.

    Raises:
        WrongUse: A problem has no trials, its search started before spaces were recorded, or the
            kind's library does not accept a folder of that name.
        CannotWrite: The disk is full.
    """
    if kind != "csv" and utf8(str(folder)) != str(folder):
        raise WrongUse(
            f"--out: expected a path in UTF-8, got {str(folder)!r}; name another folder or, if it "
            "looks right in the terminal, set PYTHONUTF8=1"
        )
    found = {name: (_trials(run, name), _space(run, name)) for name in problems}
    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return _KINDS[kind](run.name, found, folder)


Searches = dict[str, tuple[list[Trial], SearchSpace]]
"""Problem -> its configurations and its space."""


def viewer(kind: str, written: Path) -> list[str] | None:
    """The command that shows an export, with its arguments; None if no special one is needed."""
    if kind == "optuna":
        return ["optuna-dashboard", optuna_url(written)]
    if kind == "tensorboard":
        return ["tensorboard", f"--logdir={written}"]
    return None


def optuna_url(path: Path) -> str:
    """The URL by which Optuna opens this SQLite file, whatever its name.

    Optuna treats the URL as a template, so braces are doubled.
    """
    from sqlalchemy import URL

    url = URL.create("sqlite", database=str(path)).render_as_string()
    return url.replace("{", "{{").replace("}", "}}")


def _trials(run: Run, problem: str) -> list[Trial]:
    trials = configurations(run.trials(problem))
    if not trials:
        raise WrongUse(f"{problem} of {run.name!r} has no trials yet: run its search first")
    return trials


def _space(run: Run, problem: str) -> SearchSpace:
    space = run.space(problem)
    if space is None:
        raise WrongUse(f"{run.problem_folder(problem)} has no space.json: `resume` the run first")
    return space


def _to_optuna(name: str, searches: Searches, folder: Path) -> list[Path]:
    """One SQLite file with one Optuna study per problem."""
    from optuna.storages import RDBStorage

    from study.trials.optuna_study import optuna_study

    path = folder / f"{name}-optuna.db"
    remove_leftovers(path)
    with replacing(path) as temporary:
        storage = RDBStorage(optuna_url(temporary))
        try:
            for problem, (trials, space) in searches.items():
                optuna_study(trials, space, f"{name}/{problem}", storage)
        finally:
            storage.remove_session()
            storage.engine.dispose()
    return [path]


def _to_tensorboard(name: str, searches: Searches, folder: Path) -> list[Path]:
    """One log folder per trial: its hyperparameters, its score, its curves."""
    from study.libraries.quiet_import import import_tensorflow
    from study.trials.frames import trial_curves

    import_tensorflow()
    import tensorflow as tf

    try:
        from tensorboard.plugins.hparams import api
    except ModuleNotFoundError as error:
        raise WrongUse(
            f"--to tensorboard: expected the package tensorboard, got {error}; install it: "
            "pip install 'tuning-study[tensorboard]'"
        ) from error

    logs = folder / f"{name}-tensorboard"
    with replacing_folder(logs) as temporary:
        for problem, (trials, space) in searches.items():
            score = f"val_{space.objective}"
            for trial in trials:
                log = temporary / problem / f"trial-{trial.number}"
                writer = tf.summary.create_file_writer(str(log))
                with closing(writer), writer.as_default():
                    api.hparams(trial.hyperparameters, trial_id=f"{name}/{problem}/{trial.number}")
                    for point in trial_curves([trial]).itertuples():
                        tf.summary.scalar(point.metric, point.value, step=point.epoch)
                    if trial.score is not None:
                        tf.summary.scalar(f"best_{score}", trial.score, step=trial.best_epoch or 0)
    return [logs]


def _to_csv(name: str, searches: Searches, folder: Path) -> list[Path]:
    """One table per problem, one line per trial; values that do not apply are empty."""
    import pandas as pd

    from study.trials.frames import hyperparameter_table, trial_table

    written = []
    for problem, (trials, space) in searches.items():
        table = trial_table(trials).rename(columns={"score": f"val_{space.objective}"})
        values = hyperparameter_table(trials, [one.name for one in space.hyperparameters])
        written.append(folder / f"{name}-{problem}.csv")
        whole = pd.concat([table, values], axis=1).rename(columns=spreadsheet_text)
        whole = whole.map(lambda cell: spreadsheet_text(cell) if isinstance(cell, str) else cell)
        remove_leftovers(written[-1])
        with replacing(written[-1]) as temporary:
            whole.to_csv(temporary, date_format="%Y-%m-%dT%H:%M:%S+00:00")
    return written


_KINDS: dict[str, Callable[[str, Searches, Path], list[Path]]] = {
    "optuna": _to_optuna,
    "tensorboard": _to_tensorboard,
    "csv": _to_csv,
}
KINDS = tuple(_KINDS)
