"""Plain frozen records that the stages hand to each other and that a run leaves on disk.

They know nothing of Keras, disk or figures. Records that are read back from a run folder
are validated (pydantic), because a run folder may come from anywhere.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    model_validator,
)

Value = bool | int | float | str
"""A hyperparameter's value."""

T = TypeVar("T")
Many = Annotated[list[T], FailFast()]
"""A list that may be long: the first wrong value in it is one too many, and no other is told."""

Curves = dict[str, Many[float]]
"""Metric name ("loss", "val_loss", "accuracy", "val_accuracy", ...) -> one number an epoch."""

NetworkName = Literal["baseline", "tuned"]
NETWORKS: tuple[NetworkName, NetworkName] = ("baseline", "tuned")


FigureKind = Literal["activations", "filters", "heatmaps"]
"""What can be drawn of any one network."""

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


def now() -> str:
    """The time, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def _is_moment(text: str) -> str:
    if datetime.fromisoformat(text).year < 1970:
        raise ValueError(f"expected a moment since 1970, got {text}")
    return text


Moment = Annotated[str, AfterValidator(_is_moment)]
"""ISO 8601 in UTC, 1970 or later."""

Seconds = Annotated[float, Field(ge=0, le=1e9)]
"""Ends included."""

INT64_MAX = 2**63 - 1
Whole = Annotated[int, Field(ge=0, le=INT64_MAX)]
"""A number that tables can hold."""

ProblemName = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]
"""Of a module, and of a folder in the run's: no path."""


class Record(BaseModel):
    """Base of all records: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Trial(Record):
    """One configuration that was trained during a search, failed or not. A line of trials.jsonl."""

    number: Whole
    """0, 1, 2, ... in the order the oracle proposed them; 0 is the baseline."""
    trial_id: Annotated[str, Field(pattern=r"^[\w.-]{1,100}$")]
    """Keras Tuner's own name of the trial, and part of its folder's: no path."""
    hyperparameters: dict[str, Value]
    """Active hyperparameters only: a conditional one that does not apply is absent."""
    tuner: dict[str, Value] = {}
    """Keras Tuner's own tuner/* values (Hyperband's bracket, round, epochs, ...)."""
    status: Literal["completed", "failed"]
    error: str | None = None
    score: float | None = None
    """Validation objective at the best epoch, in [0, 1]; None if failed."""
    best_epoch: Whole | None = None
    """Epoch of the score, counted from 1."""
    epochs: Whole = 0
    """Epochs trained, those of the trial it continues (Hyperband) included."""
    curves: Curves = {}
    parameters: Whole | None = None
    """Weights in the network, trainable or not."""
    seconds: Seconds = 0.0
    """Wall time on the worker: build, trace and training."""
    latency: Seconds | None = None
    """Seconds it takes to predict an image, many at a time, on one core; None if failed."""
    finished: Moment | None = None
    """When training ended; None if it failed."""
    seed: Whole
    rejected: Many[str] = []
    """Why each point that was drawn for this trial before was not taken: it makes no network, or
    one with too many parameters."""


class Hyperparameter(Record):
    """One dimension of a search space."""

    name: str
    kind: Literal["choice", "int", "float"]
    values: list[Value] = []
    """Of a choice, in the order they were declared; of a number empty."""
    low: float | None = None
    """Of a number, as `high`; both ends included."""
    high: float | None = None
    step: float | None = None
    """Between values of a number, from `low` on; None: any value."""
    log: bool = False
    """Whether the number is drawn evenly on a logarithmic scale."""
    conditions: dict[str, list[Value]] = {}
    """Other hyperparameters and the values that all of them must have for this one to apply."""


class Ground(Record):
    """What lies around the things in a problem's training images; see `study.data.ground`."""

    colour: list[Annotated[int, Field(ge=0, le=255)]]
    """One level per channel."""
    share: Annotated[float, Field(ge=0, le=1)]
    """Share of the training images whose border is evenly of this colour."""


class Signature(Record):
    """signature.json: what a problem's networks take, and what they tell apart."""

    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    heads: dict[str, list[str]]
    """Head -> names of its classes, in class order."""
    images: dict[str, int]
    """Images in each part: "train", "validation", "test"."""
    ground: Ground | None = None
    baseline: str = ""
    """What the baseline is for images of this size, such as "the prescribed network"; "" if the
    problem does not say."""


class SearchSpace(Record):
    """space.json: what a search could choose from."""

    objective: str
    """The metric it maximises on validation: "accuracy" or "joint"."""
    hyperparameters: list[Hyperparameter]


class SeedResult(Record):
    """One retraining of a finalist."""

    seed: int
    epochs: int
    """The epoch (from 1) whose weights were kept: the best by validation objective."""
    validation: dict[str, float]
    test: dict[str, float]
    curves: Curves
    """Over all epochs trained, also those after the kept one."""
    seconds: float


class Estimate(Record):
    """A mean over seeds and test images with its 95% confidence interval."""

    mean: float
    ci95: tuple[float, float]


class PerClass(Record):
    """One number per class of a head, in class order, of the saved network on the test part.

    None where there is none: recall and F1 of a class without test images, and precision of a
    class that was never predicted. F1 of a class that has images and was never predicted is 0, for
    all of them were missed. (Older versions wrote 0 for all of these.)
    """

    precision: Many[float | None]
    recall: Many[float | None]
    f1: Many[float | None]


class NetworkResult(Record):
    """What the final retraining of one network found."""

    hyperparameters: dict[str, Value]
    parameters: int
    seeds: Many[SeedResult]
    saved_seed: int
    """The seed whose network is saved in models/ (best on validation)."""
    test: dict[str, Estimate]
    """Metric -> mean over seeds."""
    per_head: dict[str, PerClass] = {}
    """Head -> scores of its classes. Empty in records of older versions of several heads, whose
    scores were those of the product of all heads."""


Verdict = Literal["tuned is better", "no significant difference", "baseline is better"]


class Comparison(Record):
    """Tuned minus baseline on the study's metric, paired on the test images."""

    difference: float
    ci95: tuple[float, float]
    p_value: Annotated[float, Field(ge=0, le=1)]
    method: str
    verdict: Verdict


class Evaluation(Record):
    """evaluation.json: the one reading of the test part."""

    problem: str
    metric: str
    """The metric that is compared: "accuracy" or "joint"."""
    images: dict[str, int]
    """Images in each part: "train", "validation", "test"."""
    networks: dict[NetworkName, NetworkResult]
    comparison: Comparison

    @model_validator(mode="before")
    @classmethod
    def _from_older_version(cls, given: object) -> object:
        """They had one head, "class", or a product of all, and its matrix, of each network."""
        match given:
            case {"classes": _, "metric": metric, "networks": {**networks}, **others}:
                changed = {
                    name: _without_product(one, single=metric == "accuracy")
                    for name, one in networks.items()
                }
                return {**others, "metric": metric, "networks": changed}
        return given


def _without_product(network: object, single: bool) -> object:
    """A network's result as an older version wrote it, without what is of a product of heads."""
    match network:
        case {"per_class": per_class, "confusion_matrix": _, **others}:
            return {**others, "per_head": {"class": per_class}} if single else others
    return network


class Picture(Record):
    """One figure file and what to say about it. A line of figures/figures.json."""

    file: str
    """File name inside the problem's figures folder, no directories."""
    section: Literal[
        "search",
        "training",
        "results",
        "robustness",
        "activations",
        "filters",
        "heatmaps",
        "trust",
        "errors",
    ]
    network: NetworkName | None = None
    """None if the figure is about both networks or the search."""
    title: str
    caption: str
    """What to see in it, for this run, with its numbers."""
    alt: str
    """What it shows, for someone who cannot see it."""
    reading: str = ""
    """How to read a figure of its kind, if it is an uncommon one."""


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


DtypePolicy = Literal["float32", "mixed_bfloat16"]
"""Keras's name for what a network computes in."""

Dtype = Literal["auto", "float32", "mixed_bfloat16"]
"""What trials are to be trained in; auto follows from processors: `study.training.precision`."""

StageName = Literal["search", "evaluate", "explain", "figures", "report"]

Step = tuple[ProblemName | None, StageName]
"""A stage of a problem; the report, of none, is the whole run's."""


def plan_of_today(plan: Sequence[StageName]) -> list[StageName]:
    """The plan with the steps that older versions did within others, or did not plan.

    Networks were explained as their figures were drawn, and the report was not planned.
    """
    if "figures" not in plan:
        return list(plan)
    others = [step for step in plan if step not in ("explain", "figures", "report")]
    return [*others, "explain", "figures", "report"]


class Stage(Record):
    """One timed step of a run."""

    problem: ProblemName | None
    stage: StageName
    seconds: Seconds
    command: str
    """The command that makes its records; of a search, the run's own."""


class SpaceFile(Record):
    """A search space of the user's own, of which the run keeps a copy."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the file, hexadecimal."""
    description: str
    """First line of its docstring."""


class StudyRecord(Record):
    """study.json: everything needed to say what was run, where, and to run it again."""

    name: str
    created: str
    """ISO 8601, UTC."""
    command: str
    seed: int
    problems: list[ProblemName]
    spaces: dict[ProblemName, SpaceFile] = {}
    """Those of the problems whose search spaces are the user's own files."""
    settings: dict[str, object]
    """The preset as it was used, defaults filled in."""
    versions: dict[str, str]
    """Python and the packages that matter -> version."""
    hardware: dict[str, str | int | float]
    git_commit: str | None
    """None if it was run from an installed copy."""
    version: str | None = None
    """Of the study; older runs have none."""
    plan: list[StageName] = ["search"]
    """What the command was to do for each problem, in order, and then with the whole run: what
    `resume` goes on with. Runs of earlier versions did not plan their report."""
    trials_at_once: Annotated[int, Field(ge=1)] | None = None
    """How many trials its searches train at the same time, by which oracles decide what they
    propose; None in runs of earlier versions: see `study.plan.done.trials_at_once`."""
    dtype_policy: DtypePolicy | None = None
    """What the trials of its searches are trained in, on whatever processor it goes on; None in
    runs of earlier versions that had not begun to search."""
    variables: dict[str, str] = {}
    """Environment variables as the study sets them for itself and its workers."""
    overridden: list[str] = []
    """Those that the user had set otherwise, which did not count, and others that were removed."""
    stages: list[Stage] = []
    """What was finished."""

    def to_do(self) -> list[Step]:
        """What of the plan has not been finished, in order."""
        of_problems = [one for one in self.plan if one != "report"]
        planned: list[Step] = [(name, one) for name in self.problems for one in of_problems]
        if "report" in self.plan:
            planned.append((None, "report"))
        return [step for step in planned if not self.is_done(*step)]

    def is_done(self, problem: str | None, stage: StageName) -> bool:
        """Whether that step has been finished."""
        return any((one.problem, one.stage) == (problem, stage) for one in self.stages)
