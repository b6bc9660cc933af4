"""Presets: what a run is allowed to spend, as TOML files that a user can copy."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    Field,
    create_model,
    field_validator,
    model_validator,
)

from study.data import dataset_names, default_options
from study.data.dataset import DataOptions
from study.records.base import Record
from study.records.finding import FEWEST_DRAWS
from study.records.study import Dtype, StageName

Tuner = Literal["random", "grid", "bayesian", "hyperband", "asha"]
TUNERS: tuple[Tuner, ...] = get_args(Tuner)


_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


class SearchSettings(Record):
    """The budget of one problem's search. Ends of ranges are included."""

    tuner: Tuner = "random"
    max_trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Trials, the baseline and failed ones included; for asha configurations, each of which may
    go up several rungs."""
    max_epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Epochs of a trial; for hyperband and asha the most that any trial gets."""
    max_images: Annotated[int, Field(ge=1)] | None = None
    """Training images that a trial gets at most; the final retrainings get all. None: all."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per optimizer step, where the search space does not choose it, as the general space
    does; fewer if there are so few images that an epoch would have less than eight steps."""
    max_parameters: Annotated[int, Field(ge=1)] = 20_000_000
    """Weights that a network may have: a point of the space that makes a larger one, or none at
    all, is not trained, and another is drawn. The baseline is always trained. 20 million, 320 MB
    with gradients and Adam's averages, are twice what the general space makes of images of 28
    pixels at most."""
    max_operations: Annotated[int, Field(ge=1)] = 200_000_000
    """Multiplications that a network may need per image in a forward pass; a larger network is
    rejected like one with too many weights. 200 million take some 20 ms of a core per training
    image; the general space makes networks of up to about 100 million for images of 28 pixels."""
    in_order: bool | None = None
    """Tell the oracle of results in the order it proposed the trials: the same seed and number of
    workers then give the same search. False: at once, so that nobody waits for a straggler. None:
    in order, but for asha."""
    keep: Annotated[int, Field(ge=0)] = 3
    """Trials whose weights stay on disk: the best ones."""
    retries: Annotated[int, Field(ge=0, le=100)] = 2
    """How often a trial whose worker died is taken up again before it counts as failed."""
    dtype: Dtype = "auto"
    """What trials are trained in; auto: mixed_bfloat16 if all workers' processors compute it, else
    float32. The final networks are trained in float32 always."""
    time_limit: str | None = None
    """Such as "90s", "10m" or "1h30m": then no further trial starts. None: no limit."""

    @property
    def tells_in_order(self) -> bool:
        """`in_order` as it is meant."""
        return self.tuner != "asha" if self.in_order is None else self.in_order

    @field_validator("time_limit")
    @classmethod
    def _is_duration(cls, text: str | None) -> str | None:
        if text is not None:
            seconds(text)
        return text


class EvaluationSettings(Record):
    """The budget of the final comparison, the same for baseline and tuned."""

    seeds: Annotated[int, Field(ge=2, le=50)] = 3
    """Retrainings of each network; two at least, or there is no spread to speak of."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 10
    """Epochs of a retraining; the best of them on validation is kept."""


class FigureSettings(Record):
    """How much the figures of the networks show."""

    images: Annotated[int, Field(ge=6, le=24)] = 6
    """Test images for activations and heatmaps."""
    filters: Annotated[int, Field(ge=1, le=256)] = 16
    """Filters drawn of each convolution, the first ones."""
    ascent_steps: Annotated[int, Field(ge=1, le=1000)] = 40
    """Steps of gradient ascent on pixels, for all filters of a layer at once."""
    fourier_steps: Annotated[int, Field(ge=1, le=1000)] = 96
    """Steps of gradient ascent in Fourier space."""
    patches: Annotated[int, Field(ge=1, le=3)] = 3
    """Real patches shown beside."""
    robustness_images: Annotated[int, Field(ge=10, le=10_000)] = 500
    """Test images that are corrupted in every way there is."""
    map_images: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Test images whose heatmaps are scored against the ground truth, where it is known."""
    search_images: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Validation images whose heatmaps are scored for every trial whose weights are kept."""
    curve_images: Annotated[int, Field(ge=1, le=10_000)] = 48
    """Test images for deletion and insertion curves; of every trial whose weights are kept, so many
    validation images, where no ground truth is known."""
    sanity_images: Annotated[int, Field(ge=1, le=10_000)] = 12
    """Test images whose heatmaps are made again as the layers are randomised."""
    sanity_draws: Annotated[int, Field(ge=FEWEST_DRAWS, le=100)] = FEWEST_DRAWS
    """How often random weights are drawn for it."""
    smooth_samples: Annotated[int, Field(ge=1, le=256)] = 8
    """Noisy copies of an image that SmoothGrad averages over, in all of these."""
    scorecam_channels: Annotated[int, Field(ge=1, le=1024)] = 16
    """Channels that Score-CAM tries on an image: the layer's that vary most."""


class DataSettings(Record):
    """The settings of every data set; a field each in the class that `_of_every_data_set` makes."""

    def of(self, data: str) -> DataOptions:
        """Those of the data set of that name; of one that is new since, its defaults."""
        options: DataOptions = getattr(self, data, None) or default_options(data)
        return options

    def folders(self) -> tuple[Path, ...]:
        """Where images are read from, if the user says so."""
        return tuple(folder for _, options in self for folder in options.folders())

    @model_validator(mode="before")
    @classmethod
    def _from_one_table(cls, given: object) -> object:
        """Presets and runs of older versions had one table for all data sets."""
        if not isinstance(given, dict):
            return given
        old: dict[str, dict[str, object]] = {
            name: {
                into: given[key]
                for key, into in field.default.in_old_records.items()
                if key in given
            }
            for name, field in cls.model_fields.items()
        }
        of_all = {
            key for field in cls.model_fields.values() for key in field.default.in_old_records
        }
        tables = {key: value for key, value in given.items() if key not in of_all}
        for name, table in old.items():
            if isinstance(new := tables.get(name, {}), dict):
                tables[name] = table | new
        return tables


def _of_every_data_set() -> type[DataSettings]:
    """`DataSettings` with a field for each data set there is."""
    options = {name: default_options(name) for name in dataset_names()}
    fields: dict[str, Any] = {name: (type(one), one) for name, one in options.items()}
    return create_model("DataSettings", __base__=DataSettings, **fields)


if not TYPE_CHECKING:
    DataSettings = _of_every_data_set()


class Settings(Record):
    """A whole preset."""

    description: str = ""
    data: DataSettings = DataSettings()
    search: SearchSettings = SearchSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    figures: FigureSettings = FigureSettings()


class Work(Record):
    """What a command is to do; equal for the same command given again."""

    problems: list[str]
    settings: Settings
    seed: int
    plan: list[StageName]
    spaces: dict[str, str] = Field(default_factory=dict)
    """Problem -> SHA-256 of the user's own file that it is in."""


def seconds(duration: str) -> float:
    """ "90s", "10m", "1h30m" -> seconds.

    Raises:
        ValueError: it is none of these, or not positive.
    """
    match = _DURATION.fullmatch(duration.strip())
    hours, minutes, rest = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + rest
    if total <= 0:
        raise ValueError(f"expected a time like 90s, 10m or 1h30m, got {duration!r}")
    return float(total)
