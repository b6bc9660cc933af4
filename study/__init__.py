"""A hyperparameter search study: does tuning help, by how much, is it real, what was learned?

From Python:

    import study

    run = study.open_run("my-run")          # by its name, or by the path of its folder
    run.trials("mnist")                     # a DataFrame
    run.comparison("mnist").verdict
    run.report()                            # reports/my-run.html

    network = run.network("mnist")          # or study.load_network("any.keras")
    network.predict("digit.png", resize=True).classes()
    network.explain("digit.png", resize=True, method="scorecam").maps["class"]

    study.run_study("mnist", name="my-run")
    study.run_search(space="my_space.py", name="my-search", max_trials=20)

These names are stable; everything else in the package may move. Failures raise a `StudyError`.
"""

import importlib
from typing import TYPE_CHECKING, Any

from study.errors import StudyError

if TYPE_CHECKING:
    from study.api.explanation import Explanation
    from study.api.launching import run_search, run_study
    from study.api.network import Network, load_network
    from study.api.network_comparison import NetworkComparison
    from study.api.predictions import Predictions
    from study.api.study_run import StudyRun, open_run

__version__ = "1.0.0"

__all__ = [
    "Explanation",
    "Network",
    "NetworkComparison",
    "Predictions",
    "StudyError",
    "StudyRun",
    "load_network",
    "open_run",
    "run_search",
    "run_study",
]

_MODULES = {
    "Explanation": "explanation",
    "Network": "network",
    "NetworkComparison": "network_comparison",
    "Predictions": "predictions",
    "StudyRun": "study_run",
    "load_network": "network",
    "open_run": "study_run",
    "run_search": "launching",
    "run_study": "launching",
}
"""Name -> the module of `study.api` that it is in, imported when the name is first used."""


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'study' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"study.api.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
