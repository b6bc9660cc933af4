"""README.md: the results as tables, and what they say."""

import math
from statistics import median

from benchmarks.good_network import CONTESTANTS, LIMIT, OURS, Race
from benchmarks.growth import LIMIT as GROWTH_LIMIT
from benchmarks.growth import Growth
from benchmarks.overhead import REPEATS
from benchmarks.ranking import Ranking
from benchmarks.results import PARTS, Results
from benchmarks.rungs import RungRanks
from benchmarks.task import TASKS
from benchmarks.throughput import TRIALS

HEAD = """# How fast the search is

Made by `make bench`, which takes about two hours on two cores; every figure is in
[results.json](results.json). Nothing else ran on the machine.
"""


WHY_NOT_FASTER = """What limits us: importing TensorFlow takes several seconds before any trial, a
third of the quickest searches. A trial is three epochs at most, so that ending it early saves two
thirds of it and no more, and two cores are two workers. Three seeds leave much to luck: one lucky
draw among the first five beats any method, and as training on several threads is not repeatable,
Keras Tuner's random search took 156 s one time and 47 s another, with the same seed (`mnist`, 1).
"""

WHY_OVERHEAD = """Most of it is Python's: Keras calls every layer for the training step, for the
statistics of batch normalisation and for the predictions, and TensorFlow makes about 1,200
operations of the tuned network, one by one. The rest is the first run of these graphs, the first
weights and the checkpoint. The driver's own share, oracle and records, is under "Growth".
"""

WHY_BAYESIAN = (
    "Before every proposal Keras Tuner fits a Gaussian process to all trials so far, which costs "
    "the cube of their number."
)


def render(results: Results) -> str:
    """The whole page; Markdown."""
    parts = [
        HEAD,
        _machine(results),
        _missing(results),
        _races(results),
        _ranking(results.ranking),
        _rungs(results.rungs),
        _throughput(results),
        _overhead(results),
        _growth(results.growth),
        _peak(results),
    ]
    return "\n".join(part for part in parts if part)


def _missing(results: Results) -> str:
    missing = [part for part in PARTS if not getattr(results, part)]
    return f"Not measured yet: {', '.join(missing)}.\n" if missing else ""


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table: first column left, the others right."""
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rule, *rows]) + "\n"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"


def _machine(results: Results) -> str:
    names = ("tensorflow", "keras", "keras-tuner", "optuna", "distributed")
    versions = ", ".join(f"{name} {results.versions[name]}" for name in names)
    hardware = results.hardware
    return (
        f"{hardware['processor']}, {hardware['cores']} cores, {hardware['memory_gib']} GiB; "
        f"{versions}. Measured: {_when(results)}.\n"
    )


def _when(results: Results) -> str:
    """Which parts on which day, of which commit."""
    parts: dict[str, list[str]] = {}
    for part, measured in results.measured.items():
        made = f"{measured.date[:10]}, commit {_short(measured.commit)}"
        parts.setdefault(made, []).append(part)
    return "; ".join(f"{', '.join(names)}: {made}" for made, names in parts.items())


def _short(commit: str | None) -> str:
    """0123456, or 0123456-dirty if files were changed since."""
    if commit is None:
        return "unknown"
    sha, *dirty = commit.split("-")
    return "-".join([sha[:7], *dirty])


def _races(results: Results) -> str:
    if not results.races:
        return ""
    lines = [
        "## Time to a good network\n",
        "Seconds from the start of the command until a network has reached the target on the "
        f"validation part; the median of the seeds, and each of them. A search is stopped after "
        f"{LIMIT:.0f} s (shown as >). All search the same space on the same images; the target is "
        "what one in ten random configurations reaches (see below), so random search needs about "
        "ten trials. The study trained those twenty; the peers train by Keras's `fit`, whose "
        "running averages of batch normalisation lag behind after few steps. The baseline, which "
        "the study tries first, does not count: nobody tells the peers of a network. The peers' "
        "scripts are in [contestants/](contestants), run in the environment that `make bench` was "
        "given, with TensorFlow's own defaults for threads and oneDNN; their scores "
        "count from every epoch on, ours when a trial, or its stay on a rung, is over.\n",
    ]
    for task in TASKS:
        mine = [race for race in results.races if race.task == task]
        if mine:
            lines += [_race_table(task, mine), *(_race_words(mine, one) for one in OURS)]
    return "\n".join([*lines, WHY_NOT_FASTER])


def medians(races: list[Race]) -> dict[str, float]:
    """Contestant -> median seconds; infinite if most searches did not get there."""
    return {
        name: median([_seconds(race) for race in races if race.contestant == name])
        for name in CONTESTANTS
        if any(race.contestant == name for race in races)
    }


def _seconds(race: Race) -> float:
    return math.inf if race.seconds is None else race.seconds


def _race_table(task: str, races: list[Race]) -> str:
    middle = medians(races)
    best = middle[OURS[0]]
    rows = []
    for name, seconds in middle.items():
        each = ", ".join(_shown(_seconds(race)) for race in races if race.contestant == name)
        ratio = f"at least {LIMIT / best:.1f}" if math.isinf(seconds) else f"{seconds / best:.1f}"
        rows.append([name, _shown(seconds), each, ratio])
    header = [f"`{task}`, target {races[0].target:.1%}", "median s", "each seed", "times ours"]
    return table(header, rows)


def _shown(seconds: float) -> str:
    return f"> {LIMIT:.0f}" if math.isinf(seconds) else f"{seconds:.0f}"


def _race_words(races: list[Race], contestant: str) -> str:
    middle = medians(races)
    if contestant not in middle:  # not yet run
        return ""
    ours = middle[contestant]
    words = []
    for peer, wanted in (("Keras Tuner", 3.0), ("Optuna", 1.0)):
        peers = [seconds for name, seconds in middle.items() if name.startswith(peer)]
        if not peers:  # not yet run
            continue
        best = min(peers)
        ratio = min(best, LIMIT) / ours
        verdict = _verdict(ratio >= wanted)
        times = f"at least {ratio:.1f}" if math.isinf(best) else f"{ratio:.1f}"
        words.append(
            f"{times} times as fast as the best of {peer} (wanted: {wanted:.0f}; {verdict})"
        )
    tuner = contestant.removeprefix("study ")
    return f"`study search --tuner {tuner}` is {', and '.join(words)}.\n" if words else ""


def _ranking(rankings: list[Ranking]) -> str:
    if not rankings:
        return ""
    rows = [
        [
            f"`{one.task}`",
            f"{one.rung_epochs} of {one.full_epochs}",
            f"{one.correlation:.2f}",
            f"{one.interval[0]:.2f} to {one.interval[1]:.2f}",
            f"{one.target:.1%}",
        ]
        for one in rankings
    ]
    return (
        "## Do short trainings rank networks as long ones do?\n\n"
        f"{len(rankings[0].full)} random configurations: Spearman's rank correlation of the "
        "validation accuracies on the lowest rung of ASHA and after the whole training, with its "
        "95% bootstrap interval.\n\n"
        + table(["", "epochs", "correlation", "95%", "one in ten reaches"], rows)
    )


def _rungs(found: list[RungRanks]) -> str:
    if not found:
        return ""
    rows = [
        [
            f"`{one.task}`",
            f"{ranks.rung_epochs} of {ranks.full_epochs}",
            strength,
            schedule,
            f"{ranks.correlation:.2f}",
            f"{ranks.interval[0]:.2f} to {ranks.interval[1]:.2f}",
        ]
        for one in found
        for strength, schedule, ranks in (
            ("grows", "of the whole training", one.growing),
            ("full", "of the whole training", one.full_strength),
            ("grows", "of the rung", one.own_schedule),
        )
    ]
    return (
        "## Does a low rung throw out what helps only long trainings?\n\n"
        f"{len(found[0].growing.full)} random configurations: Spearman's rank correlation of the "
        "validation accuracies on the lowest rung and after the whole training, with its 95% "
        "bootstrap interval. Regularisation and augmentation either grow with the epochs of the "
        "rung, as they do in a search, or have their full strength on the lowest rung too; the "
        "schedule of the learning rate spans the whole training or the rung.\n\n"
        + table(["", "epochs", "regularisation", "schedule", "correlation", "95%"], rows)
    )


def _throughput(results: Results) -> str:
    if not results.throughput:
        return ""
    rows = [
        [
            f"`{one.task}`, seed {one.seed}",
            f"{one.study:,.0f}",
            f"{one.keras_tuner:,.0f}",
            f"{one.study / one.keras_tuner:.2f}",
        ]
        for one in sorted(results.throughput, key=lambda one: one.task)
    ]
    middle = median(one.study / one.keras_tuner for one in results.throughput)
    verdict = _verdict(middle >= 1.5)
    return (
        "## Throughput at equal work\n\n"
        "Training images times epochs, a second, over a whole search of the same "
        f"{TRIALS} trials, the start of the command included. Median ratio {middle:.2f} "
        f"(wanted: 1.5; {verdict}).\n\n" + table(["", "study", "plain Keras Tuner", "ratio"], rows)
    )


def _overhead(results: Results) -> str:
    if not results.overhead:
        return ""
    rows = [
        [one.network, f"{one.epoch:.2f}", f"{one.overhead:.2f}", f"{one.memory_mb:+.0f}"]
        for one in results.overhead
    ]
    worst = max(one.overhead for one in results.overhead)
    verdict = _verdict(worst < 1)
    return (
        "## Overhead of a trial\n\n"
        "Seconds that a trial adds beyond its epochs, from a worker's second trial on: building "
        "the network, tracing its graph, one checkpoint, scheduling. Wanted: under 1 s; "
        f"{verdict}. The last column says by how much the worker's memory grew over the last two "
        f"thirds of {3 * (REPEATS + 1)} trials.\n\n"
        + table(["network", "an epoch, s", "overhead, s", "MB more"], rows)
        + ("" if worst < 1 else f"\n{WHY_OVERHEAD}")
    )


def _growth(growths: list[Growth]) -> str:
    if not growths:
        return ""
    rows = [
        [
            one.tuner,
            f"{one.trials:,}",
            str(one.workers),
            f"{one.finished:,}",
            f"{one.ms_a_trial:.1f}",
            f"{one.ms_a_trial_at_the_end:.1f}",
            f"{one.memory_mb:.0f}",
        ]
        for one in growths
    ]
    header = ["tuner", "trials", "workers", "finished", "ms per trial", "ms at the end", "MB more"]
    slowest = max(growths, key=lambda one: one.ms_a_trial_at_the_end)
    return (
        "## Growth\n\n"
        "What the driver spends a trial: oracle, Dask's scheduling and the store are real, "
        "training is a stub that takes no time, workers are threads. A search is stopped after "
        f'{GROWTH_LIMIT:.0f} s; "finished" says how far it came (for asha a promotion counts as '
        f"a result of its own). What stops scaling first: `{slowest.tuner}`, "
        f"{slowest.ms_a_trial_at_the_end:,.0f} ms per trial at {slowest.finished:,} trials."
        + (f" {WHY_BAYESIAN}" if slowest.tuner == "bayesian" else "")
        + "\n\n"
        + table(header, rows)
    )


def _peak(results: Results) -> str:
    if not results.peak:
        return ""
    rows = [
        [
            one.network,
            f"{one.images_per_second:,.0f}",
            f"{one.gflops:.1f}",
            f"{one.peak_gflops:.1f}",
            f"{one.share:.0%}",
        ]
        for one in results.peak
    ]
    header = ["network", "images/s", "GFlop/s", "peak GFlop/s", "share"]
    return (
        "## Share of the matrix peak\n\n"
        "One worker on one core, training on MNIST, beside the fastest product of two 2048 x 2048 "
        "float32 matrices on the same worker.\n\n" + table(header, rows)
    )
