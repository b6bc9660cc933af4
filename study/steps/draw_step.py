"""The figures of a run, drawn from its records and findings: a step of a run.

Neither a network nor a data set is loaded: a run whose findings exist is drawn again in seconds.
Most of these are for the importances of hyperparameters, which become a finding for the page.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar

from study.errors import CorruptRecord
from study.evaluation.robustness import Robustness
from study.explanation import arrays
from study.machine.files import naming
from study.plan.done import forget_steps, record_step
from study.plan.work import settings_of
from study.problem.problem import load_problem
from study.records.base import NETWORKS, NetworkName, Record
from study.records.evaluation import Evaluation
from study.records.finding import AcrossSearch, Deletion, FilterHealth, Localisation, Sanity
from study.records.picture import Picture
from study.run.finding_arrays import read_arrays
from study.run.store import Run
from study.steps.observer import Observer
from study.steps.side_by_side import Part, Workers, side_by_side
from study.trials.ranking import configurations

T = TypeVar("T")
R = TypeVar("R", bound=Record)


def draw_step(run: Run, names: Sequence[str], workers: Workers, observer: Observer) -> None:
    """Draw the figures of all these problems, whose networks are explained, side by side."""
    if not names:
        return
    parts = [Part(name, part) for name in names for part in parts_of(run, name)]
    forget_steps(run, names, "figures")
    for name in names:
        with naming(run.figures_folder(name)):
            run.figures_folder(name).mkdir(parents=True, exist_ok=True)
    drawn = side_by_side(run, "figures", parts, draw, workers, observer)
    for name in names:
        pictures = [one for part in parts if part.problem == name for one in drawn.made[part]]
        run.write_pictures(name, pictures)
        run.remove_old_pictures(name)
        record_step(run, name, "figures", drawn.seconds[name])


def parts_of(run: Run, problem: str) -> list[str]:
    """Names of the parts that can be drawn for a problem, evaluated or not, in order."""
    return [*OF_SEARCH] if run.evaluation(problem) is None else [*OF_NETWORKS, *OF_SEARCH]


def draw(run: Run, part: Part) -> list[Picture]:
    """Draw one part, on a worker, into the problem's figures folder, which exists."""
    return (OF_SEARCH | OF_NETWORKS)[part.name](Drawn(run, part.problem))


class Drawn:
    """What figures show of a problem of a run."""

    def __init__(self, run: Run, name: str) -> None:
        self.run, self.name = run, name
        self.folder = run.figures_folder(name)

    def record(self, name: str, kind: type[R]) -> R | None:
        """A finding; None if it does not apply to the problem."""
        return self.run.finding(self.name, name, kind)

    def kept(self, name: str, kind: type[T]) -> T:
        """A finding that every problem has.

        Raises:
            CorruptRecord: The finding is gone.
        """
        found = read_arrays(self.run, self.name, name, kind)
        if found is None:
            folder = self.run.findings_folder(self.name)
            raise CorruptRecord(
                f"{folder / name}.json is gone; draw with --again to compute it anew"
            )
        return found

    @cached_property
    def evaluation(self) -> Evaluation:
        """The evaluation of the problem, which has been evaluated."""
        found = self.run.evaluation(self.name)
        assert found
        return found

    @cached_property
    def examples(self) -> arrays.Examples:
        """The test images that are shown, with the names of all classes."""
        return self.kept("examples", arrays.Examples)

    @property
    def objective(self) -> str:
        """The metric that the search maximised."""
        space, evaluation = self.run.space(self.name), self.run.evaluation(self.name)
        if space is not None:
            return space.objective
        return load_problem(self.name).objective if evaluation is None else evaluation.metric


def _search(of: Drawn) -> list[Picture]:
    from study.figures.search import twins
    from study.figures.search.searched import searched

    run, tuner = of.run, settings_of(of.run).search.tuner
    found = searched(configurations(run.trials(of.name)), run.space(of.name), tuner)
    run.write_finding(of.name, "importances", found.importances)
    return twins.pictures(found, of.folder)


def _across_search(of: Drawn) -> list[Picture]:
    from study.figures.trust import explained_by_trial

    found = of.record("across_search", AcrossSearch)
    return explained_by_trial.pictures(found, of.objective, of.folder) if found else []


def _results(of: Drawn) -> list[Picture]:
    from study.figures.classes import confusion, f1
    from study.figures.results import accuracy, reliability, retraining_curves

    evaluation, predictions = of.evaluation, of.run.predictions(of.name)
    shown, folder, seed = of.examples, of.folder, of.run.study().seed
    heads = {head: shown.names[head] for head in shown.heads}
    of_classes = (predictions, heads, shown.crossed, shown.names)
    return [
        *retraining_curves.pictures(evaluation, folder),
        *accuracy.pictures(evaluation, folder),
        *confusion.pictures(of.name, *of_classes, folder),
        *f1.pictures(*of_classes, folder),
        *reliability.pictures(predictions, shown.heads, seed, folder),
    ]


def _errors(of: Drawn, network: NetworkName) -> list[Picture]:
    from study.figures.results import mistakes

    found = of.kept(f"mistakes-{network}", arrays.Mistakes)
    return mistakes.pictures(found, network, of.folder)


def _robustness(of: Drawn) -> list[Picture]:
    from study.figures.results import corrupted_images

    found = of.record("robustness", Robustness)
    if found is None:
        return []
    return corrupted_images.pictures(
        found, of.kept("corrupted", arrays.CorruptedExamples), of.folder
    )


def _ground_truth(of: Drawn) -> list[Picture]:
    from study.figures.trust import ground_truth_scores

    found = of.record("localisation", Localisation)
    return ground_truth_scores.pictures(found, of.folder) if found else []


def _pixel_removal(of: Drawn) -> list[Picture]:
    from study.figures.trust import removal_curves

    found = [of.record(f"deletion{kind}", Deletion) for kind in ("", "-mean", "-blur")]
    return [one for curves in found if curves for one in removal_curves.pictures(curves, of.folder)]


def _weight_randomisation(of: Drawn) -> list[Picture]:
    from study.figures.trust import randomisation_curves

    found = of.record("sanity", Sanity)
    return randomisation_curves.pictures(found, of.folder) if found else []


def _methods(of: Drawn, network: NetworkName) -> list[Picture]:
    from study.figures.trust import methods

    found, shown = of.kept(f"methods-{network}", arrays.MethodsInfo), of.examples
    return methods.pictures(found, network, shown.images, shown.names, of.folder)


def _activations(of: Drawn, network: NetworkName) -> list[Picture]:
    from study.figures.networks import activations

    found, shown = of.kept(f"activations-{network}", list[arrays.ActivationsInfo]), of.examples
    return activations.pictures(found, network, shown.images, shown.truth, shown.names, of.folder)


def _heatmaps(of: Drawn, network: NetworkName) -> list[Picture]:
    from study.figures.networks import heatmaps

    found, shown = of.kept(f"heatmaps-{network}", list[arrays.HeatmapsInfo]), of.examples
    return heatmaps.pictures(found, network, shown.images, shown.truth, shown.names, of.folder)


def _filter_health(of: Drawn) -> list[Picture]:
    from study.figures.networks import idle_filters

    found = of.record("filters", FilterHealth)
    return idle_filters.pictures(found, of.folder) if found else []


def _filters(of: Drawn, network: NetworkName) -> list[Picture]:
    from study.figures.networks import filters

    found = of.kept(f"filter_images-{network}", list[arrays.FiltersInfo])
    return filters.pictures(found, network, of.folder)


def _of_each(
    name: str, drawn: Callable[[Drawn, NetworkName], list[Picture]]
) -> dict[str, Callable[[Drawn], list[Picture]]]:
    def of_network(network: NetworkName) -> Callable[[Drawn], list[Picture]]:
        return lambda of: drawn(of, network)

    return {f"{network}-{name}": of_network(network) for network in NETWORKS}


OF_SEARCH: dict[str, Callable[[Drawn], list[Picture]]] = {
    "search": _search,
    "across-search": _across_search,
}
"""Part -> its drawing, for parts that need only the search's trials."""

OF_NETWORKS: dict[str, Callable[[Drawn], list[Picture]]] = {
    "results": _results,
    **_of_each("mistakes", _errors),
    "robustness": _robustness,
    **_of_each("methods", _methods),
    "ground-truth": _ground_truth,
    "pixel-removal": _pixel_removal,
    "weight-randomisation": _weight_randomisation,
    "filter-health": _filter_health,
    **_of_each("activations", _activations),
    **_of_each("filters", _filters),
    **_of_each("heatmaps", _heatmaps),
}
"""Part -> its drawing, for parts that need the findings about networks."""
