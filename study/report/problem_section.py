"""One problem's section: facts, the two networks, the trials, figures."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from study.evaluation import retrainings
from study.machine.shell import command
from study.records.evaluation import Evaluation
from study.records.finding import FEWEST_DRAWS, METHOD_NAMES, Sanity, SanityVerdict
from study.records.study import StageName
from study.report.charts import Explore, explore
from study.report.gallery import HEADINGS, FigureRow, Group, chart_key, figure_rows
from study.report.inputs import PictureFile, ProblemInput
from study.report.problem_tables import (
    EnsembleRow,
    GapRow,
    MetricRow,
    Networks,
    SeedRow,
    TrialTable,
    ensemble_rows,
    gap_rows,
    metric_rows,
    networks,
    seed_rows,
    table_of,
)
from study.trials.checks import edges
from study.trials.ranking import best_trial
from study.wording import (
    count,
    listed,
    metric_name,
    percent,
    points,
    points_range,
    several,
    value,
)

STAGES: dict[StageName, str] = {
    "search": "the search",
    "evaluate": "the comparison on the test part",
    "explain": "the explanation of the networks",
    "figures": "the figures",
}
"""Each stage in words."""

NOT_PASSED: dict[SanityVerdict, str] = {
    "stays": "Not to be trusted here: {}. These heatmaps stay much the same when all learned "
    "weights are replaced by random ones: see “Do the heatmaps react to what the network "
    "learned?”.",
    "vanishes": "Not shown to be trustworthy: {}. Too many of these heatmaps become uniform "
    "when all learned weights are replaced by random ones, so nothing is left to compare.",
}
"""Verdict -> what is said beside heatmaps by the methods that it applies to."""
WITH_HEATMAPS = ("heatmaps", "trust", "errors")
"""Keys of `HEADINGS`."""

METRICS = {
    "accuracy": "share of images whose class is predicted correctly",
    "joint": "share of images whose labels are all predicted correctly",
}


@dataclass(frozen=True)
class FigureGroup(Group):
    """A heading in a problem's section and the figures below it.

    The template puts the table of trials under "search", metrics and seeds under "results".
    """

    rows: tuple[FigureRow, ...]
    warning: str | None = None


@dataclass(frozen=True)
class ProblemSection:
    """Everything the report says about one problem."""

    name: str
    anchor: str
    description: str
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    result: str | None
    verdict: str | None
    caution: str | None
    """What a reader of the verdict must know about the networks."""
    networks: Networks | None
    metrics: tuple[MetricRow, ...]
    """Empty if the only metric is in the table of answers already."""
    metric: str | None
    seeds: tuple[SeedRow, ...]
    ensembles: tuple[EnsembleRow, ...]
    gaps: tuple[GapRow, ...]
    trials: TrialTable | None
    explore: Explore | None
    groups: tuple[FigureGroup, ...]


def edge_check(problem: ProblemInput) -> str | None:
    """Whether the space was large enough, as far as its best trial can tell."""
    best = best_trial(problem.trials)
    if problem.space is None or best is None:
        return None
    found = edges(best, problem.space)
    if not found.ranged:
        return None
    ranged = several(found.ranged, "hyperparameter")
    chance = f"for a random network {found.by_chance:.1f} would be expected"
    if not found.found:
        return (
            f"None of the best trial's {ranged} with a range is at an end of its range ({chance}): "
            "the space was large enough for this trial."
        )
    told = [
        f"{edge.name} = {value(edge.value)}, the {'maximum' if edge.upper else 'minimum'} of the "
        f"range {value(edge.low)} to {value(edge.high)}"
        for edge in found.found
    ]
    lie = "is at an end of its range" if len(told) == 1 else "are at an end of their range"
    said = (
        f"{len(told)} of the best trial's {ranged} with a range {lie} ({chance}): "
        f"{'; '.join(told)}. "
    )
    if len(told) > found.by_chance + 1:
        return said + "This is more than chance would explain well: try a wider space."
    return said + "Chance can explain this; a wider space need not be better."


def facts(problem: ProblemInput) -> tuple[tuple[str, str], ...]:
    """Short facts: what the data are, what is measured, how the search went."""
    rows = []
    found = problem.evaluation
    if found is not None:
        parts = [f"{count(images)} {part}" for part, images in found.images.items()]
        rows.append(("Images", listed(parts)))
        if problem.signature is not None:
            rows.append(("Classes", _classes(problem.signature.heads)))
        meaning = METRICS.get(found.metric)
        name = metric_name(found.metric)
        rows.append(("Measured", f"{name}, the {meaning}" if meaning else name))
    if problem.signature is not None and problem.signature.baseline:
        rows.append(("Baseline", problem.signature.baseline))
    if problem.trials:
        rows.append(("Search", _search_fact(problem)))
    if (edge := edge_check(problem)) is not None:
        rows.append(("Edge of the space", edge))
    if found is not None:
        seeds = [str(seed.seed) for n in found.networks.values() for seed in n.seeds]
        each = listed(list(dict.fromkeys(seeds)))
        rows.append(("Retrained", f"both networks, with seeds {each}"))
    return tuple(rows)


def _classes(heads: Mapping[str, Sequence[str]]) -> str:
    """ "10" for a single head, "2 of length and 12 of angle" for several."""
    sizes = {head: count(len(names)) for head, names in heads.items()}
    return listed(
        [size if len(heads) == 1 else f"{size} of {head}" for head, size in sizes.items()]
    )


def _search_fact(problem: ProblemInput) -> str:
    text = several(len(problem.trials), "trial")
    if problem.tuner:
        text += f" by {problem.tuner} search"
    longest = max(trial.epochs for trial in problem.trials)
    return text + f", up to {several(longest, 'epoch')} each"


def result(found: Evaluation) -> str | None:
    """The comparison in a sentence."""
    tests = {name: network.test.get(found.metric) for name, network in found.networks.items()}
    baseline, tuned = tests.get("baseline"), tests.get("tuned")
    if baseline is None or tuned is None:
        return None
    images = found.images.get("test")
    where = f"the {count(images)} test images" if images else "the test part"
    return (
        f"On {where} the tuned network reaches {percent(tuned.mean)} "
        f"{metric_name(found.metric)}, the baseline {percent(baseline.mean)}: a difference of "
        f"{points(found.comparison.difference)} percentage points "
        f"(95% interval {points_range(found.comparison.ci95)})."
    )


def problem_section(
    problem: ProblemInput,
    anchor: str,
    run: str,
    to_do: Collection[StageName] = (),
    live: bool = False,
) -> ProblemSection:
    """The section of one problem of the run of that name.

    Args:
        problem: What there is of the problem.
        anchor: The section's id.
        run: The run's name.
        to_do: Stages that the run was to do for the problem and has not finished.
        live: Whether the run is still going and will do these by itself.
    """
    found = problem.evaluation
    groups, notes = [], list(problem.notes)
    charts = None if live else explore(problem, run)  # takes seconds, for the importances
    for key, heading in HEADINGS.items():
        rows, unreadable = figure_rows(
            p for p in without_twins(problem.pictures, charts) if p.picture.section == key
        )
        notes.extend(unreadable)
        tables = (key == "search" and problem.trials) or (key == "results" and found)
        if rows or tables:
            groups.append(FigureGroup(key, heading, rows, heatmap_warning(problem.sanity, key)))
    return ProblemSection(
        name=problem.name,
        anchor=anchor,
        description=problem.description,
        notes=(*notes, *(_coming(problem, to_do) if live else _missing(problem, run, to_do))),
        facts=facts(problem),
        result=result(found) if found else None,
        verdict=found.comparison.verdict if found else None,
        caution=retrainings.warning(found) if found else None,
        networks=networks(problem),
        metrics=metric_rows(found) if found else (),
        metric=found.metric if found else None,
        seeds=seed_rows(found) if found else (),
        ensembles=ensemble_rows(found) if found else (),
        gaps=gap_rows(found) if found else (),
        trials=table_of(problem.trials, run),
        explore=charts,
        groups=tuple(groups),
    )


def without_twins(
    pictures: Iterable[PictureFile], charts: Explore | None
) -> tuple[PictureFile, ...]:
    """The pictures that show something else than the interactive charts do."""
    keys = {chart.key for chart in charts.charts} if charts else set()
    return tuple(file for file in pictures if chart_key(file.picture) not in keys)


def heatmap_warning(sanity: Sanity | None, group: str) -> str | None:
    """A warning beside heatmaps: which methods not to trust; None if there are none."""
    if sanity is None or group not in WITH_HEATMAPS:
        return None
    if not sanity.decides:
        return (
            "Whether these heatmaps can be trusted is not known: the check used "
            f"{several(sanity.draws, 'draw')} of random weights, and a verdict needs "
            f"{FEWEST_DRAWS}. Drawing the figures again repeats the check with enough draws."
        )
    told = [_of_methods(sanity, verdict, words) for verdict, words in NOT_PASSED.items()]
    return " ".join(words for words in told if words) or None


def _of_methods(sanity: Sanity, verdict: SanityVerdict, words: str) -> str:
    named = [
        f"{METHOD_NAMES[method]} for the {network} network"
        for network in sanity.networks
        for method in sanity.methods(network, verdict)
    ]
    return words.format(listed(named)) if named else ""


def _coming(problem: ProblemInput, to_do: Collection[StageName]) -> list[str]:
    """What a run that is still going does not have yet."""
    names = [STAGES[stage] for stage in to_do]
    if problem.trials and "search" in to_do:
        names[0] = "the rest of the search"
    return [f"Still to come: {listed(names)}."] if names else []


def _missing(problem: ProblemInput, run: str, to_do: Collection[StageName]) -> list[str]:
    """What a half-finished run does not have yet, and the command that makes it."""
    resume = f"`{command('resume', run)}`"
    missing = []
    if not problem.trials:
        begun = f" {resume} runs it." if "search" in to_do else ""
        missing.append(f"There are no trials yet: the search has not been run.{begun}")
    elif "search" in to_do:
        missing.append(
            f"The search is not finished: only {several(len(problem.trials), 'trial')} finished so "
            f"far. {resume} continues it."
        )
    if problem.evaluation is None:
        evaluate = resume if "evaluate" in to_do else f"`{command('evaluate', run)}`"
        missing.append(
            "The networks have not been compared yet, and the test part has not been read. "
            f"{evaluate} does both."
        )
    draw = resume if "figures" in to_do else f"`{command('draw', run)}`"
    if not problem.pictures:
        missing.append(f"There are no figures yet. {draw} makes them.")
    elif "figures" in to_do or problem.outdated:
        missing.append(f"The figures show an earlier state of the run. {draw} redraws them.")
    return missing
