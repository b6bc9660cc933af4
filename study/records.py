"""Plain frozen records that the stages hand to each other and that a run leaves on disk.

They know nothing of Keras, disk or figures. Records that are read back from a run folder
are validated (pydantic), because a run folder may come from anywhere.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Value = bool | int | float | str
"""A hyperparameter's value."""

Curves = dict[str, list[float]]
"""Metric name ("loss", "val_loss", "accuracy", "val_accuracy", ...) -> one number an epoch."""

NetworkName = Literal["baseline", "tuned"]
NETWORKS: tuple[NetworkName, NetworkName] = ("baseline", "tuned")


class Record(BaseModel):
    """Base of all records: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Trial(Record):
    """One configuration that was trained during a search, failed or not. A line of trials.jsonl."""

    number: int
    """0, 1, 2, ... in the order the oracle proposed them; 0 is the baseline."""
    trial_id: str
    """Keras Tuner's own name of the trial."""
    hyperparameters: dict[str, Value]
    """Active hyperparameters only: a conditional one that does not apply is absent."""
    tuner: dict[str, Value] = {}
    """Keras Tuner's own tuner/* values (Hyperband's bracket, round, epochs, ...)."""
    status: Literal["completed", "failed"]
    error: str | None = None
    score: float | None = None
    """Validation objective at the best epoch, in [0, 1]; None if failed."""
    best_epoch: int | None = None
    """Epoch of the score, counted from 1."""
    epochs: int = 0
    """Epochs trained, those of the trial it continues (Hyperband) included."""
    curves: Curves = {}
    parameters: int | None = None
    """Weights in the network, trainable or not."""
    seconds: float = 0.0
    """Wall time on the worker: build, trace and training."""
    seed: int


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
    """One number a class, in class order, of the saved network on the test part."""

    precision: list[float]
    recall: list[float]
    f1: list[float]


class NetworkResult(Record):
    """What the final retraining of one network found."""

    hyperparameters: dict[str, Value]
    parameters: int
    seeds: list[SeedResult]
    saved_seed: int
    """The seed whose network is saved in models/ (best on validation)."""
    test: dict[str, Estimate]
    """Metric -> mean over seeds."""
    per_class: PerClass
    confusion_matrix: list[list[int]]
    """[true class][predicted class] -> number of test images, saved network."""


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
    classes: list[str]
    """Class names in class order; the order of per_class and confusion_matrix."""
    images: dict[str, int]
    """Images in each part: "train", "validation", "test"."""
    networks: dict[NetworkName, NetworkResult]
    comparison: Comparison


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

StageName = Literal["search", "evaluate", "figures"]


class Stage(Record):
    """One timed step of a run."""

    problem: str
    stage: StageName
    seconds: float
    command: str
    """The command that runs this stage alone."""


class StudyRecord(Record):
    """study.json: everything needed to say what was run, where, and to run it again."""

    name: str
    created: str
    """ISO 8601, UTC."""
    command: str
    seed: int
    problems: list[str]
    settings: dict[str, object]
    """The preset as it was used, defaults filled in."""
    versions: dict[str, str]
    """Python and the packages that matter -> version."""
    hardware: dict[str, str | int | float]
    git_commit: str | None
    plan: list[StageName] = ["search"]
    """What the command was to do for each problem, in order: what `resume` goes on with."""
    dtype_policy: DtypePolicy | None = None
    """What the trials of its searches are trained in; None before the first search."""
    stages: list[Stage] = []
    """What was finished."""
