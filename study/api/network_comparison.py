"""The result of an evaluation: is the tuned network better than the baseline, and by how much?"""

from dataclasses import dataclass

from study.api.notebook import table
from study.evaluation import retrainings
from study.evaluation.in_words import comparison_in_words
from study.records.base import Estimate, NetworkName
from study.records.evaluation import Evaluation, Verdict
from study.wording import metric_name, percent, percent_range


@dataclass(frozen=True)
class NetworkComparison:
    """Tuned minus baseline on the test part, over all seeds."""

    problem: str
    metric: str
    """The metric that is compared: "accuracy", or "joint" if there are several heads."""
    baseline: Estimate
    """The metric's mean in [0, 1], and ci95, a 95% confidence interval."""
    tuned: Estimate
    difference: float
    """In [-1, 1]; positive if the tuned network is better."""
    ci95: tuple[float, float]
    """95% confidence interval of the difference."""
    p_value: float
    """Two-sided p-value of the difference."""
    verdict: Verdict
    seeds: dict[NetworkName, list[float]]
    """The metric of each retraining."""
    caution: str | None = None
    """Why the numbers may say less than they seem to; None if there is no known reason."""
    _words: str = ""

    def __str__(self) -> str:
        return f"{self.problem}: {self._words}"

    def _repr_html_(self) -> str:
        rows = [
            (name, percent(one.mean), percent_range(one.ci95), len(scores))
            for (name, scores), one in zip(
                self.seeds.items(), (self.baseline, self.tuned), strict=True
            )
        ]
        caution = f" Caution: {self.caution}." if self.caution else ""
        head = ["network", f"test {metric_name(self.metric)}", "95% interval", "seeds"]
        return table(head, rows, f"{self}.{caution}")


def comparison_of(evaluation: Evaluation) -> NetworkComparison:
    """The evaluation's comparison, with the scores that were compared."""
    found, metric = evaluation.comparison, evaluation.metric
    networks = evaluation.networks
    return NetworkComparison(
        problem=evaluation.problem,
        metric=metric,
        baseline=networks["baseline"].test[metric],
        tuned=networks["tuned"].test[metric],
        difference=found.difference,
        ci95=found.ci95,
        p_value=found.p_value,
        verdict=found.verdict,
        seeds={
            name: [seed.test[metric] for seed in networks[name].seeds]
            for name in ("baseline", "tuned")
        },
        caution=retrainings.warning(evaluation),
        _words=comparison_in_words(evaluation),
    )
