"""What retrainings say about an evaluation: had they converged, did validation flatter them?"""

from study.evaluation import uncertainty
from study.records.base import NETWORKS, Estimate, NetworkName
from study.records.evaluation import Evaluation, SeedResult
from study.wording import several

FEW_IMAGES = 50
"""With fewer test images a comparison detects only large differences, and says so."""


def epochs(evaluation: Evaluation) -> int | None:
    """Number of epochs of every retraining; None if it is not known or not the same for all."""
    found = {_trained(one) for one in _all(evaluation)}
    return found.pop() or None if len(found) == 1 else None


def still_improving(evaluation: Evaluation) -> list[NetworkName]:
    """Networks most of whose retrainings kept their last epoch, so that training ended too soon."""
    return [
        name
        for name in NETWORKS
        if name in evaluation.networks
        and 2 * _kept_last(evaluation.networks[name].seeds) > len(evaluation.networks[name].seeds)
    ]


def warning(evaluation: Evaluation) -> str | None:
    """What a reader of the verdict must know about the networks and images; None if nothing."""
    said = [words for words in (_unfinished(evaluation), _few_images(evaluation)) if words]
    return "; ".join(said) or None


def _few_images(evaluation: Evaluation) -> str | None:
    images = evaluation.images.get("test")
    if images is None or images >= FEW_IMAGES:
        return None
    low, high = evaluation.comparison.ci95
    return (
        f"with only {several(images, 'test image')}, this comparison can detect only differences "
        f"above some {50 * (high - low):.0f} points"
    )


def _unfinished(evaluation: Evaluation) -> str | None:
    names = still_improving(evaluation)
    if not names:
        return None
    seeds = [one for name in names for one in evaluation.networks[name].seeds]
    trained = max(map(_trained, seeds))
    whose = {1: f"the {names[0]} network was", 2: "both networks were"}[len(names)]
    return (
        f"{whose} still improving when training ended after {several(trained, 'epoch')} "
        f"({_kept_last(seeds)} of {len(seeds)} retrainings kept their last epoch), so the verdict "
        "may be different with more epochs"
    )


def gaps(evaluation: Evaluation) -> dict[NetworkName, Estimate]:
    """Validation minus test for each network, by the compared metric."""
    return {name: uncertainty.gap([_scores(evaluation, name)]) for name in NETWORKS}


def gap_difference(evaluation: Evaluation) -> Estimate:
    """Validation minus test of the tuned network minus that of the baseline."""
    return uncertainty.gap([_scores(evaluation, name) for name in ("tuned", "baseline")])


def _scores(evaluation: Evaluation, network: NetworkName) -> uncertainty.Scores:
    seeds, metric = evaluation.networks[network].seeds, evaluation.metric
    return uncertainty.Scores(
        validation=[one.validation[metric] for one in seeds],
        test=[one.test[metric] for one in seeds],
        images=(evaluation.images["validation"], evaluation.images["test"]),
    )


def _all(evaluation: Evaluation) -> list[SeedResult]:
    return [one for network in evaluation.networks.values() for one in network.seeds]


def _trained(one: SeedResult) -> int:
    """Epochs trained, according to the curves; 0 if the record has none."""
    return max(map(len, one.curves.values()), default=0)


def _kept_last(seeds: list[SeedResult]) -> int:
    return sum(0 < _trained(one) <= one.epochs for one in seeds)
