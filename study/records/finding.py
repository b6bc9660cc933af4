"""What the explanation of networks leaves: how good heatmaps and filters are, in numbers."""

from typing import Annotated, Literal, get_args

from pydantic import AliasChoices, Field

from study.records.base import Estimate, NetworkName, Record, Value

Method = Literal["gradcam", "gradcam++", "scorecam", "smoothgrad"]

METHODS: tuple[Method, ...] = get_args(Method)
"""Methods of making heatmaps."""

METHOD_NAMES: dict[Method, str] = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "scorecam": "Score-CAM",
    "smoothgrad": "SmoothGrad",
}

Control = Literal["sobel", "random", "uniform"]

CONTROLS: tuple[Control, ...] = get_args(Control)
"""Maps that do not depend on any network, which a method has to beat."""


TruthScore = Literal["pointing", "energy", "energy_1px", "energy_2px", "rank"]

TRUTH_SCORES: tuple[TruthScore, ...] = get_args(TruthScore)
"""How well a heatmap finds the pixels that are known to be the evidence, each in [0, 1]; see
`study.explanation.ground_truth`."""


class Localisation(Record):
    """findings/localisation.json: do heatmaps lie where the evidence is known to be?

    Means over test images.
    """

    images: int
    truth_share: Annotated[float, Field(validation_alias=AliasChoices("truth_share", "line_share"))]
    """Mean share of an image's pixels that are known to be evidence; called "line_share" in records
    of older versions."""
    heads: list[str]
    """Image i was explained for head i modulo their number, and the class that it predicts."""
    layers: dict[NetworkName, str]
    """The layer whose maps were scored."""
    empty: dict[NetworkName, dict[Method, int]]
    """Number of images without any evidence, whose maps count as uniform."""
    methods: dict[NetworkName, dict[Method, dict[TruthScore, Estimate]]]
    controls: dict[Control, dict[TruthScore, Estimate]]
    above_sobel: dict[NetworkName, dict[Method, dict[TruthScore, Estimate]]]
    """Differences from the Sobel map of the same image."""


class TrialHeatmaps(Record):
    """How good a trial's heatmaps are."""

    number: int
    """Number of the trial."""
    score: float
    """Validation objective at the trial's best epoch; the maps are those of the last epoch."""
    layer: str
    """The last convolution, whose maps Grad-CAM uses."""
    cells: int
    """Number of rows of the layer's maps."""
    traits: dict[str, Value]
    """Traits of the architecture that are examined: see `study.explanation.by_trial`."""
    worth: Annotated[
        dict[Method, Estimate], Field(validation_alias=AliasChoices("worth", "energy"))
    ]
    """Mean over images by the record's measure; called "energy" in records of older versions."""


class Effect(Record):
    """How far a trait of the trials explains how good their heatmaps are."""

    explained: float
    """Share of the ranks' variance beyond that by chance, in [0, 1]."""
    p_value: float
    """Probability that chance explains as much, by permutation, times the number of questions."""


HeatmapMeasure = Literal["ground truth", "pixel removal"]
"""Measure of heatmaps: the share of a heatmap's sum that lies where the evidence is known to be, in
[0, 1]; or the insertion area minus the deletion area, in [-1, 1]."""


class AcrossSearch(Record):
    """findings/across_search.json: does the quality of heatmaps depend on the architecture?"""

    measure: HeatmapMeasure = "ground truth"
    """The measure; runs of older versions had only the ground truth."""
    images: int
    """Number of validation images."""
    scored: int
    """Number of trials with a score."""
    unreadable: int
    """Number of trials whose weights are damaged; other missing trials' weights were not kept."""
    best: int
    """Number of the best of `trials`."""
    sobel: float
    """The measure for an edge detector's maps; for pixel removal its mean over the trials."""
    trials: list[TrialHeatmaps]
    """Trials whose weights are on disk, by number."""
    effects: dict[Method, dict[str, Effect]]
    """Method -> trait, or "score" -> effect. Empty if there are too few trials."""


class Ranking(Record):
    """A network's probability as pixels are removed or restored in one order; means over images."""

    deletion: list[float]
    """Probability at equal steps from the whole image to none of it."""
    insertion: list[float]
    """Probability at equal steps from none of the image to the whole image."""
    deletion_area: Estimate
    """Area under the curve, in [0, 1]: the smaller, the better the order."""
    insertion_area: Estimate
    """Area under the curve, in [0, 1]: the larger, the better the order."""


Replacement = Literal["background", "mean", "blur"]
"""What replaces deleted pixels: the ground's colour, the mean colour, or the blurred image."""


class Deletion(Record):
    """findings/deletion*.json: do heatmaps rank the pixels that the network needs?"""

    images: int
    replacement: Replacement = "background"
    layers: dict[NetworkName, str]
    methods: dict[NetworkName, dict[Method, Ranking]]
    controls: dict[NetworkName, dict[Control, Ranking]]
    above_sobel: dict[NetworkName, dict[Method, Estimate]]
    """Differences in insertion area minus deletion area, on the same image: positive is better."""


SanityVerdict = Literal["stays", "reacts", "undecided", "vanishes"]
"""How a method's maps change when all learned weights are replaced by random ones."""

FEWEST_DRAWS = 5
"""Smallest number of draws of random weights with which a verdict is given."""


class NetworkSanity(Record):
    """How heatmaps change as a network's layers are randomised from the top."""

    stages: list[str]
    """Layers in the order in which they are randomised; each stage includes those before."""
    similarity: dict[Method, list[Estimate]]
    """Spearman correlation with the original maps after each stage, in [-1, 1], over draws of
    weights and images; a map that became constant counts as 0."""
    at_most: dict[Method, Estimate] = {}
    """Similarity after the last stage if maps that became constant count as 1, because they have
    not been seen to change with the weights. Empty in records of one draw."""
    vanished: dict[Method, float] = {}
    """Share of the maps that are constant after the last stage, in [0, 1]."""
    compared: dict[Method, int]
    """Number of images whose original map is not constant: only these can be compared."""


class Sanity(Record):
    """findings/sanity.json: cascading randomisation (Adebayo et al. 2018, section 3.1)."""

    images: int
    draws: int = 1
    """Number of draws of random weights; runs of older versions made one."""
    limit: float
    """A method whose maps surely stay more similar than this at the end is not to be trusted."""
    networks: dict[NetworkName, NetworkSanity]

    @property
    def decides(self) -> bool:
        """Whether there are enough draws for a verdict: with one, the draw would decide it."""
        return self.draws >= FEWEST_DRAWS

    def verdicts(self, network: NetworkName) -> dict[Method, SanityVerdict]:
        """Verdicts on the methods that could be compared, by the whole 95% interval.

        Too few draws give no verdicts.
        Maps that vanish count against either verdict: as unlike the original ones for "stays", as
        like them for "reacts". A method is said to vanish if they alone keep it from "reacts".
        """
        if not self.decides:
            return {}
        one = self.networks[network]
        return {
            method: self._verdict(end, one.at_most[method])
            for method, end in self.ends(network).items()
        }

    def _verdict(self, at_least: Estimate, at_most: Estimate) -> SanityVerdict:
        if at_least.ci95[0] > self.limit:
            return "stays"
        if at_most.ci95[1] <= self.limit:
            return "reacts"
        return "vanishes" if at_least.ci95[1] <= self.limit else "undecided"

    def methods(self, network: NetworkName, verdict: SanityVerdict) -> list[Method]:
        """The methods with that verdict."""
        return [method for method, given in self.verdicts(network).items() if given == verdict]

    def ends(self, network: NetworkName) -> dict[Method, Estimate]:
        """Similarity with all layers randomised, for the methods that could be compared."""
        return {method: of[-1] for method, of in self.networks[network].similarity.items()}


class LayerHealth(Record):
    """How many filters of one convolution are dead or near-duplicates, on validation images."""

    layer: str
    filters: int
    dead: int
    """Number of filters that are silent on every image."""
    alike: int
    """Number of near-duplicates, whose responses repeat those of a filter with a lower number."""
    alike_kernels: int | None
    """Number of near-duplicates by weights; None if weights cannot be compared."""
    nearest: list[float]
    """For each filter that is not dead, its correlation with the most similar other filter."""
    nearest_kernels: list[float] | None
    """For each filter that is not dead, the cosine of its weights with the most similar ones."""


class FilterHealth(Record):
    """findings/filters.json: dead and near-duplicate filters of a problem's saved networks."""

    images: int
    """Number of validation images that the filters were measured on."""
    limit: float
    """Smallest correlation or cosine of near-duplicates."""
    networks: dict[NetworkName, list[LayerHealth]]
    """Network -> its convolutions, in order."""


class LayerScores(Record):
    """Values of the drawn filters of a layer before the activation function."""

    layer: str
    pixels: list[float]
    """Value of each drawn filter reached by gradient ascent on pixels."""
    fourier: list[float]
    """Value of each drawn filter reached by gradient ascent in Fourier space."""
    real: list[float]
    """Highest value of each drawn filter on a validation image."""


class FilterScores(Record):
    """findings/filters-NETWORK.json: the filters' values, layer by layer."""

    images: int
    layers: list[LayerScores]
