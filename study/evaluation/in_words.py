"""A comparison in one line, for a terminal or a notebook."""

from study.records.evaluation import Evaluation
from study.wording import metric_name, p_equation, percent, points, points_range


def comparison_in_words(evaluation: Evaluation) -> str:
    """Both networks' scores on the test part, their difference, and the verdict."""
    found, metric = evaluation.comparison, evaluation.metric
    baseline, tuned = (evaluation.networks[n].test[metric].mean for n in ("baseline", "tuned"))
    return (
        f"test {metric_name(metric)} {percent(baseline)} (baseline) and {percent(tuned)} (tuned), "
        f"difference {points(found.difference)} points "
        f"(95% interval {points_range(found.ci95)}), {p_equation(found.p_value)}: {found.verdict}"
    )
