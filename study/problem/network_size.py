"""Which points of a search space make a network that may be trained: known without training it.

A search draws another point for each that does not, so that its budget goes into networks.
"""

from study.errors import one_line
from study.problem.problem import Problem, check_network
from study.records.base import Value
from study.records.recipe import Budget
from study.records.study import Signature


class TooLarge(ValueError):
    """The network has more parameters than it may have."""


def network_size(
    problem: Problem, signature: Signature, values: dict[str, Value], most: int
) -> int:
    """Parameters of the network that these hyperparameters make, trainable or not.

    It is built for that: some 40 ms, and 50 more for each five million parameters.

    Raises:
        TooLarge: it has more than `most`; it is not built to the end.
        Exception: they make none; what Keras or the problem raises then has no bound.
    """
    import keras
    import keras_tuner

    from study.libraries.weight_limit import at_most_weights

    def too_large(asked: int, layer: str) -> TooLarge:
        return TooLarge(
            f"its network has more than {most:,} parameters (max_parameters): {asked:,} with "
            f"layer {layer!r}"
        )

    hp = keras_tuner.HyperParameters()
    hp.values.update(values)
    try:
        with at_most_weights(most, too_large):
            model = problem.build(hp, signature, Budget(steps=1))
        check_network(problem, model)
        return int(model.count_params())
    finally:
        keras.utils.clear_session(free_memory=False)  # what it collects takes 200 ms


def why_unfit(
    problem: Problem, signature: Signature, values: dict[str, Value], most: int
) -> str | None:
    """Why these hyperparameters make no network that may be trained, in one line; None: they do.

    Args:
        problem: What is searched.
        signature: Of the problem's images and classes.
        values: The hyperparameters.
        most: Parameters that a network may have.
    """
    try:
        network_size(problem, signature, values, most)
    except Exception as error:
        return one_line(error)
    return None
