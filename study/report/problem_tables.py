"""One problem's tables: the two networks, scores, seeds, trials."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from study.evaluation import retrainings
from study.machine.shell import command
from study.records.base import NETWORKS, Estimate, NetworkName, Value
from study.records.evaluation import Evaluation, SeedResult
from study.records.trial import Trial
from study.report.inputs import ProblemInput
from study.trials import excerpt
from study.trials.ranking import best_trial, ended_early
from study.wording import percent, several


@dataclass(frozen=True)
class Parameter:
    """A hyperparameter of the two networks; None where it does not apply."""

    name: str
    baseline: Value | None
    tuned: Value | None

    @property
    def differs(self) -> bool:
        """Whether the search changed it."""
        return self.baseline != self.tuned


@dataclass(frozen=True)
class Networks:
    """The two networks' hyperparameters side by side."""

    title: dict[NetworkName, str]
    parameters: dict[NetworkName, int | None]
    rows: tuple[Parameter, ...]


@dataclass(frozen=True)
class MetricRow:
    """One metric on the test part."""

    metric: str
    baseline: Estimate | None
    tuned: Estimate | None


@dataclass(frozen=True)
class GapRow:
    """A score on validation minus the score on the test part."""

    of: str
    """A network, or the difference between the two."""
    gap: Estimate


@dataclass(frozen=True)
class SeedRow:
    """One retraining of a network, measured by the compared metric."""

    network: NetworkName
    result: SeedResult
    validation: float | None
    test: float | None
    saved: bool


@dataclass(frozen=True)
class EnsembleRow:
    """The mean of the probabilities of all retrainings of a network, on the metric compared."""

    network: NetworkName
    seeds: int
    test: Estimate


@dataclass(frozen=True)
class TrialRow:
    """One trial; `values` has None where a hyperparameter does not apply."""

    trial: Trial
    values: tuple[Value | None, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class TrialTable:
    """The table of trials."""

    summary: str
    columns: tuple[str, ...]
    rows: tuple[TrialRow, ...]
    note: str | None
    """Says which trials have a row, if not all do."""


def names_in_order(settings: Iterable[dict[str, Value]]) -> tuple[str, ...]:
    """All names in the order in which they first appear."""
    return tuple(dict.fromkeys(name for values in settings for name in values))


def networks(problem: ProblemInput) -> Networks | None:
    """The two networks; before the evaluation, the trials that they would be made from."""
    found = problem.evaluation
    if found is not None:
        both = {n: found.networks[n] for n in NETWORKS if n in found.networks}
        return _networks(
            {"baseline": "Baseline", "tuned": "Tuned"},
            {name: network.parameters for name, network in both.items()},
            {name: network.hyperparameters for name, network in both.items()},
        )
    best = best_trial(problem.trials)
    first = next((trial for trial in problem.trials if trial.number == 0), None)
    if first is None or best is None:
        return None
    return _networks(
        {"baseline": "Baseline (trial 0)", "tuned": f"Best so far (trial {best.number})"},
        {"baseline": first.parameters, "tuned": best.parameters},
        {"baseline": first.hyperparameters, "tuned": best.hyperparameters},
    )


def _networks(
    title: dict[NetworkName, str],
    parameters: Mapping[NetworkName, int | None],
    values: dict[NetworkName, dict[str, Value]],
) -> Networks:
    baseline, tuned = values.get("baseline", {}), values.get("tuned", {})
    rows = [
        Parameter(name, baseline.get(name), tuned.get(name))
        for name in names_in_order([baseline, tuned])
    ]
    return Networks(title, {n: parameters.get(n) for n in NETWORKS}, tuple(rows))


def table_of(trials: tuple[Trial, ...], run: str) -> TrialTable | None:
    """The table of the trials that are shown, with every hyperparameter.

    Args:
        trials: All trials of the problem.
        run: The run's name.
    """
    if not trials:
        return None
    columns = names_in_order(trial.hyperparameters for trial in trials)
    best, early = best_trial(trials), ended_early(trials)
    rows = []
    for trial in (shown := excerpt.shown(trials)):
        tags = [
            tag
            for tag, applies in (
                ("baseline", trial.number == 0),
                ("best", trial is best),
                ("ended early", trial.number in early),
            )
            if applies
        ]
        rows.append(TrialRow(trial, tuple(map(trial.hyperparameters.get, columns)), tuple(tags)))
    failed = sum(trial.status == "failed" for trial in trials)
    summary = f"{several(len(trials), 'trial')}, {failed or 'none'} failed."
    if rejected := sum(len(trial.rejected) for trial in trials):
        summary += (
            f" {several(rejected, 'further point')} of the space did not give a network that may "
            "be trained; other points were drawn instead."
        )
    if early:
        summary += (
            f" {len(early)} ended early because others were more promising; those were continued "
            "as the trials whose numbers are missing here."
        )
    if best is not None:
        summary += f" The best is trial {best.number} with {percent(best.score)} on validation."
    note = None
    if len(rows) < len(trials):
        note = (
            f"The table has {excerpt.said_of(trials, shown)}. "
            f"`{command('export', run, '--to', 'csv')}` writes all trials."
        )
    return TrialTable(summary, columns, tuple(rows), note)


def metric_rows(found: Evaluation) -> tuple[MetricRow, ...]:
    """All metrics on the test part, the compared one first; none if there is only that one."""
    tests = {name: network.test for name, network in found.networks.items()}
    names = dict.fromkeys([found.metric, *(name for test in tests.values() for name in test)])
    if len(names) == 1:
        return ()
    return tuple(
        MetricRow(n, tests.get("baseline", {}).get(n), tests.get("tuned", {}).get(n)) for n in names
    )


def seed_rows(found: Evaluation) -> tuple[SeedRow, ...]:
    """Every retraining, baseline first."""
    return tuple(
        SeedRow(
            network=name,
            result=result,
            validation=result.validation.get(found.metric),
            test=result.test.get(found.metric),
            saved=result.seed == found.networks[name].saved_seed,
        )
        for name in NETWORKS
        if name in found.networks
        for result in found.networks[name].seeds
    )


def ensemble_rows(found: Evaluation) -> tuple[EnsembleRow, ...]:
    """What all seeds of a network are worth together; none of records of older versions."""
    return tuple(
        EnsembleRow(name, len(network.seeds), network.ensemble[found.metric])
        for name, network in found.networks.items()
        if found.metric in network.ensemble
    )


def gap_rows(found: Evaluation) -> tuple[GapRow, ...]:
    """Validation minus test for both networks, and the tuned network's gap minus the baseline's."""
    if not {"validation", "test"} <= found.images.keys() or len(found.networks) < len(NETWORKS):
        return ()
    return (
        *(GapRow(name, gap) for name, gap in retrainings.gaps(found).items()),
        GapRow("tuned minus baseline", retrainings.gap_difference(found)),
    )
