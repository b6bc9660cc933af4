"""A run: its trials, its networks, its results."""

from pathlib import Path
from typing import TYPE_CHECKING

from study.api.notebook import table
from study.errors import StudyError, WrongName, WrongUse
from study.machine.shell import command
from study.records.base import NetworkName
from study.run.listing import open_run as open_folder
from study.run.places import RESULTS, check_name
from study.run.store import Run
from study.trials.ranking import best_trial, configurations

if TYPE_CHECKING:
    import pandas as pd

    from study.api.network import Network
    from study.api.network_comparison import NetworkComparison
    from study.records.trial import Trial


class StudyRun:
    """A run on disk, whether it is finished, still going or interrupted.

    It holds no records: each method reads what is on disk at that moment.
    """

    def __init__(self, run: Run) -> None:
        """Made by `open_run`."""
        self._run = run

    @property
    def name(self) -> str:
        """The run's name, which is the name of its folder."""
        return self._run.name

    @property
    def folder(self) -> Path:
        """The folder that holds the run's records."""
        return self._run.folder

    @property
    def problems(self) -> list[str]:
        """The problems whose search has started, in the study's order."""
        return self._run.problems()

    def trials(self, problem: str | None = None) -> "pd.DataFrame":
        """One row per trial of a search, by its number; the baseline is number 0.

        Columns: status, score (on validation, in [0, 1]), best_epoch, epochs, parameters, latency
        and seconds, finished, seed, error; then one column per hyperparameter. Values that do not
        apply are missing.

        Args:
            problem: Needed if the run has several.
        """
        import pandas as pd

        from study.trials.frames import hyperparameter_table, trial_table

        trials = self._trials(self._problem(problem))
        return pd.concat([trial_table(trials), hyperparameter_table(trials)], axis=1)

    def curves(self, problem: str | None = None) -> "pd.DataFrame":
        """One row per trial, metric and epoch: columns trial, metric, epoch and value."""
        from study.trials.frames import trial_curves

        return trial_curves(self._trials(self._problem(problem)))

    def network(self, problem: str | None = None, which: NetworkName = "tuned") -> "Network":
        """A saved network of an evaluated problem.

        Args:
            problem: Needed if the run has several.
            which: "tuned" or "baseline".

        Raises:
            WrongName: The problem has not been evaluated, or the network is not in the folder.
            WrongUse: TensorFlow was imported before, with environment variables that change
                results.
        """
        from study.api.network import Network
        from study.libraries.quiet_import import import_tensorflow

        import_tensorflow()
        from study.own_images.any_network import models_of_run

        (saved,) = models_of_run(self._run, [self._problem(problem)], which)
        return Network(saved.path, saved.label, saved.opened())

    def comparison(self, problem: str | None = None) -> "NetworkComparison":
        """Tuned against baseline on the test part.

        Raises:
            WrongName: The problem has not been evaluated.
        """
        from study.api.network_comparison import comparison_of

        name = self._problem(problem)
        evaluation = self._run.evaluation(name)
        if evaluation is None:
            raise WrongName(
                f"{name} of {self.name!r} is not evaluated yet: {command('evaluate', self.name)}"
            )
        return comparison_of(evaluation)

    def report(self, path: str | Path | None = None) -> Path:
        """Build the report from whatever the run has so far, and return its path.

        Args:
            path: Path of the HTML file; if None, reports/NAME.html beside results/.
        """
        from study.steps.report_step import report_step

        page = Path(path) if path else self._run.report_path
        report_step(self._run, path=page)
        return page

    def _problem(self, name: str | None) -> str:
        there = self.problems
        if name is None and len(there) != 1:
            raise WrongUse(
                f"{self.name!r} has {len(there)} problems: name one of them: "
                f"{', '.join(there) or 'none yet'}"
            )
        if name is not None and name not in there:
            known = ", ".join(there) or "none yet"
            raise WrongName(f"no problem {name!r} in run {self.name!r}; there are: {known}")
        return there[0] if name is None else name

    def _trials(self, problem: str) -> "list[Trial]":
        return configurations(self._run.trials(problem))

    def __repr__(self) -> str:
        return f"<StudyRun {self.name}: {', '.join(self.problems) or 'nothing yet'}>"

    def _repr_html_(self) -> str:
        study = self._run.study()
        left = "; not finished" if study.to_do() else ""
        title = f"Run {self.name}, started {study.created}, seed {study.seed}{left}"
        return table(
            ["problem", "trials", "best validation", "on the test part"],
            [self._row(name) for name in self.problems],
            title,
        )

    def _row(self, problem: str) -> tuple[object, ...]:
        trials = self._trials(problem)
        best = best_trial(trials)
        score = f"{best.score:.2%}" if best and best.score is not None else "none"
        try:
            found = str(self.comparison(problem)).partition(": ")[2]
        except StudyError as error:
            found = str(error)
        return problem, len(trials), score, found


def open_run(run: str | Path) -> StudyRun:
    """A run by its name, in results/ of the current folder, or by the path of its folder.

    Raises:
        WrongName: There is no such run.
    """
    path = Path(run)
    if path.parent.name != RESULTS.name:
        return StudyRun(open_folder(str(run)).absolute())
    found = Run(check_name(path.name), path.parent.parent)
    if not found.is_there():
        raise WrongName(f"no run in {path}")
    return StudyRun(found.absolute())
