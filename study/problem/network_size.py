"""Which points of a search space give a network that may be trained, found without training it.

A search draws another point in place of each that does not, so that its budget goes into networks.
"""

from study.errors import one_line
from study.problem.problem import Problem, check_network
from study.records.base import Value
from study.records.study import Signature


class TooLarge(ValueError):
    """The network has more parameters than allowed."""


def network_size(
    problem: Problem, signature: Signature, values: dict[str, Value], most: int
) -> int:
    """Number of parameters, trainable or not, of the network with these hyperparameters.

    The network is built, which takes some 40 ms and 50 ms more for each five million parameters.

    Raises:
        TooLarge: It has more than `most` parameters; building is stopped.
        Exception: There is no such network; Keras or the problem can raise anything then.
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
            model = problem.build(hp, signature, 1)
        check_network(problem, model)
        return int(model.count_params())
    finally:
        keras.utils.clear_session(free_memory=False)  # collecting garbage would take 200 ms


def why_unfit(
    problem: Problem, signature: Signature, values: dict[str, Value], most: int
) -> str | None:
    """Why these hyperparameters give no network that may be trained, in one line; None: they do.

    Args:
        problem: The problem that is searched.
        signature: The problem's images and classes.
        values: The hyperparameters.
        most: Largest number of parameters of a network.
    """
    try:
        network_size(problem, signature, values, most)
    except Exception as error:
        return one_line(error)
    return None
