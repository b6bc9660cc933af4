"""A comparison in one line, for a terminal or a notebook."""

from study.records.evaluation import Evaluation


def comparison_in_words(evaluation: Evaluation) -> str:
    """Both scores on the test part, their difference and what it means."""
    found, metric = evaluation.comparison, evaluation.metric
    baseline, tuned = (evaluation.networks[n].test[metric].mean for n in ("baseline", "tuned"))
    low, high = found.ci95
    return (
        f"test {metric} {baseline:.2%} -> {tuned:.2%}, difference "
        f"{100 * found.difference:+.2f} points [{100 * low:+.2f}, {100 * high:+.2f}], "
        f"p = {found.p_value:.2g}: {found.verdict}"
    )
