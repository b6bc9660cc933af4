"""What the explanation of networks leaves: what heatmaps and filters are worth, in numbers."""

from typing import Annotated, Literal, get_args

from pydantic import AliasChoices, Field

from study.records.base import Estimate, NetworkName, Record, Value

Method = Literal["gradcam", "gradcam++", "scorecam", "smoothgrad"]

METHODS: tuple[Method, ...] = get_args(Method)
"""Ways to make a heatmap."""

METHOD_NAMES: dict[Method, str] = {
    "gradcam": "Grad-CAM",
    "gradcam++": "Grad-CAM++",
    "scorecam": "Score-CAM",
    "smoothgrad": "SmoothGrad",
}

Control = Literal["sobel", "random", "uniform"]

CONTROLS: tuple[Control, ...] = get_args(Control)
"""Maps that know nothing of any network: what a method has to beat."""


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
    """Share of an image's pixels that are known to be evidence, on average; in records of older
    versions "line_share"."""
    heads: list[str]
    """Image i was explained for head i modulo their number, and the class predicted there."""
    layers: dict[NetworkName, str]
    """The layer whose maps were scored."""
    empty: dict[NetworkName, dict[Method, int]]
    """Images without any evidence; they count as uniform maps."""
    methods: dict[NetworkName, dict[Method, dict[TruthScore, Estimate]]]
    controls: dict[Control, dict[TruthScore, Estimate]]
    above_sobel: dict[NetworkName, dict[Method, dict[TruthScore, Estimate]]]
    """Differences from the Sobel map of the same image."""


class TrialHeatmaps(Record):
    """What a trial's heatmaps are worth."""

    number: int
    """Of the trial."""
    score: float
    """Its validation objective, at its best epoch; the maps are the last epoch's."""
    layer: str
    """The last convolution, whose maps Grad-CAM takes."""
    cells: int
    """Rows of these maps."""
    traits: dict[str, Value]
    """What of its architecture the question is about: see `study.explanation.by_trial`."""
    worth: Annotated[
        dict[Method, Estimate], Field(validation_alias=AliasChoices("worth", "energy"))
    ]
    """By the record's measure, mean over images; in records of older versions "energy"."""


class Effect(Record):
    """Whether what heatmaps are worth goes with something, over the trials."""

    explained: float
    """Share of the ranks' variance beyond that by chance, in [0, 1]."""
    p_value: float
    """That chance explains as much, by permutation; multiplied by the number of questions asked."""


HeatmapMeasure = Literal["ground truth", "pixel removal"]
"""What heatmaps are measured by: the share of a heatmap's sum that lies where the evidence is known
to be, in [0, 1]; or the insertion area minus the deletion area, in [-1, 1]."""


class AcrossSearch(Record):
    """findings/across_search.json: does what heatmaps are worth change with the architecture?"""

    measure: HeatmapMeasure = "ground truth"
    """Runs of older versions knew no other."""
    images: int
    """Validation images."""
    scored: int
    """Trials with a score."""
    unreadable: int
    """Trials whose weights are damaged; of the others that are missing here none were kept."""
    best: int
    """Number of the best of those that are here."""
    sobel: float
    """The same measure for an edge detector's maps; by pixel removal, mean over the trials."""
    trials: list[TrialHeatmaps]
    """Those whose weights are on disk, by number."""
    effects: dict[Method, dict[str, Effect]]
    """Method -> trait, or "score" -> effect. Empty of too few trials."""


class Ranking(Record):
    """What a network's probability does as pixels go or come in one order. Means over images."""

    deletion: list[float]
    """Probability at equal steps from the whole image to none of it."""
    insertion: list[float]
    """From none of it to the whole image."""
    deletion_area: Estimate
    """Area under the curve, in [0, 1]: the smaller, the better the order."""
    insertion_area: Estimate
    """The larger, the better."""


Replacement = Literal["background", "mean", "blur"]
"""What deleted pixels take: the ground's colour, the image's mean colour, or a blurred image's."""


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
"""What a method's maps do when all that the network learned is gone."""

FEWEST_DRAWS = 5
"""Draws of random weights from which on a verdict is given."""


class NetworkSanity(Record):
    """How heatmaps change as a network's layers lose what they learned, from the top."""

    stages: list[str]
    """Layers in the order they are randomised; each stage keeps those before."""
    similarity: dict[Method, list[Estimate]]
    """Spearman correlation with the original maps after each stage, in [-1, 1], over draws of
    weights and images; a map that became constant counts as 0."""
    at_most: dict[Method, Estimate] = {}
    """The same after the last stage with a map that became constant counted as 1: it has not been
    seen to change with the weights. Empty in records of one draw."""
    vanished: dict[Method, float] = {}
    """Share of the maps that are constant after the last stage, in [0, 1]."""
    compared: dict[Method, int]
    """Images whose original map is not constant: only these can be compared."""


class Sanity(Record):
    """findings/sanity.json: cascading randomisation (Adebayo et al. 2018, section 3.1)."""

    images: int
    draws: int = 1
    """Draws of random weights; runs of older versions made one."""
    limit: float
    """A method surely more similar than this, all being randomised, is not to be trusted."""
    networks: dict[NetworkName, NetworkSanity]

    @property
    def decides(self) -> bool:
        """Whether there are draws enough for a verdict: with one, the draw decides it."""
        return self.draws >= FEWEST_DRAWS

    def verdicts(self, network: NetworkName) -> dict[Method, SanityVerdict]:
        """Of each method that could be compared, by the whole 95% interval; {} of too few draws.

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
        """Those with that verdict."""
        return [method for method, given in self.verdicts(network).items() if given == verdict]

    def ends(self, network: NetworkName) -> dict[Method, Estimate]:
        """Similarity with everything randomised, of the methods that could be compared."""
        return {method: of[-1] for method, of in self.networks[network].similarity.items()}


class LayerHealth(Record):
    """How many filters of one convolution do no work of their own, on validation images."""

    layer: str
    filters: int
    dead: int
    """Silent on every image."""
    alike: int
    """Near-duplicates: their answers repeat those of a filter with a lower number."""
    alike_kernels: int | None
    """The same by their weights; None where weights cannot be compared."""
    nearest: list[float]
    """Of each filter that is not dead, the correlation of its answers with the most similar."""
    nearest_kernels: list[float] | None
    """The same for the cosine of the weights."""


class FilterHealth(Record):
    """findings/filters.json: dead and near-duplicate filters of a problem's saved networks."""

    images: int
    """Validation images the filters were tried on."""
    limit: float
    """Correlation or cosine from which on two filters are near-duplicates."""
    networks: dict[NetworkName, list[LayerHealth]]
    """Convolutions in order."""


class LayerScores(Record):
    """What drives the drawn filters of a layer up: values before the activation function."""

    layer: str
    pixels: list[float]
    """Of each drawn filter, reached by gradient ascent on pixels."""
    fourier: list[float]
    """Reached in Fourier space."""
    real: list[float]
    """The highest on a validation image."""


class FilterScores(Record):
    """findings/filters-NETWORK.json."""

    images: int
    layers: list[LayerScores]
