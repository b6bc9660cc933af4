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


Breadth = Literal["core", "whole"]
"""How much of a search space is searched."""

_DURATION = re.compile(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")


class SearchSettings(Record):
    """The budget of one problem's search. Ends of ranges are included."""

    tuner: Tuner = "random"
    breadth: Breadth = "whole"
    """The whole search space; or its core, the few hyperparameters that matter in short trainings,
    which is all that a few trials can explore. The others keep the baseline's values. A space that
    names no core is searched as a whole."""
    max_trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Number of trials, including the baseline and failed ones; for asha the number of
    configurations, each of which may be promoted several times."""
    max_epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Epochs per trial; for hyperband and asha the largest number that any trial gets."""
    max_images: Annotated[int, Field(ge=1)] | None = None
    """Largest number of training images per trial; the final retrainings get all. None: all."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per optimizer step, where the search space does not choose it, as the general space
    does; fewer if an epoch would otherwise have less than eight steps."""
    max_parameters: Annotated[int, Field(ge=1)] = 20_000_000
    """Largest number of weights of a network: a point of the space that gives a larger network, or
    none at all, is not trained, and another is drawn. The baseline is always trained. 20 million,
    320 MB with gradients and Adam's averages, are twice the maximum of the general space for images
    of 28 pixels."""
    max_operations: Annotated[int, Field(ge=1)] = 200_000_000
    """Largest number of multiplications per image in a network's forward pass; larger networks are
    rejected like those with too many weights. 200 million take some 20 ms of a core per training
    image; the general space makes networks of up to about 100 million for images of 28 pixels."""
    in_order: bool | None = None
    """Whether the oracle is told results in the order in which it proposed the trials, so that the
    same seed and number of workers give the same search. False: at once, so that nothing waits for
    a slow trial. None: in order, except for asha."""
    keep: Annotated[int, Field(ge=0)] = 3
    """Number of best trials whose weights stay on disk."""
    retries: Annotated[int, Field(ge=0, le=100)] = 2
    """How often a trial whose worker died is tried again before it counts as failed."""
    dtype: Dtype = "auto"
    """Arithmetic of trials; auto: mixed_bfloat16 if all workers' processors support it, else
    float32. The final networks are always trained in float32."""
    time_limit: str | None = None
    """Time after which no further trial starts, such as "90s", "10m" or "1h30m". None: no limit."""

    @property
    def tells_in_order(self) -> bool:
        """The value of `in_order`, or its default for the tuner."""
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
    """Retrainings per network, at least two, because the spread over seeds is needed."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 10
    """Epochs per retraining; the best on validation is kept."""


class FigureSettings(Record):
    """How much the figures of the networks show."""

    images: Annotated[int, Field(ge=6, le=24)] = 6
    """Number of test images for activations and heatmaps."""
    filters: Annotated[int, Field(ge=1, le=256)] = 16
    """Number of filters drawn per convolution, the first ones."""
    ascent_steps: Annotated[int, Field(ge=1, le=1000)] = 40
    """Steps of gradient ascent on pixels, for all filters of a layer at once."""
    fourier_steps: Annotated[int, Field(ge=1, le=1000)] = 96
    """Steps of gradient ascent in Fourier space."""
    patches: Annotated[int, Field(ge=1, le=3)] = 3
    """Number of real patches shown beside them."""
    robustness_images: Annotated[int, Field(ge=10, le=10_000)] = 500
    """Number of test images to which every corruption is applied."""
    map_images: Annotated[int, Field(ge=1, le=10_000)] = 500
    """Number of test images whose heatmaps are scored against the ground truth, if known."""
    search_images: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Number of validation images whose heatmaps are scored for every trial with kept weights."""
    curve_images: Annotated[int, Field(ge=1, le=10_000)] = 48
    """Number of test images for deletion and insertion curves and, if no ground truth is known, of
    validation images for every trial with kept weights."""
    sanity_images: Annotated[int, Field(ge=1, le=10_000)] = 12
    """Number of test images whose heatmaps are made again as the layers are randomised."""
    sanity_draws: Annotated[int, Field(ge=FEWEST_DRAWS, le=100)] = FEWEST_DRAWS
    """How often random weights are drawn for that check."""
    smooth_samples: Annotated[int, Field(ge=1, le=256)] = 8
    """Number of noisy copies per image that SmoothGrad averages over, in all of these."""
    scorecam_channels: Annotated[int, Field(ge=1, le=1024)] = 16
    """Number of channels that Score-CAM tries per image: those that vary most."""


class DataSettings(Record):
    """The settings of every data set: fields of the class that `_of_every_data_set` makes."""

    def of(self, data: str) -> DataOptions:
        """The settings of that data set; its defaults if it is newer than the record."""
        options: DataOptions = getattr(self, data, None) or default_options(data)
        return options

    def folders(self) -> tuple[Path, ...]:
        """Folders that images are read from, if the user names any."""
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
    """Problem -> SHA-256 of the user's own file that defines it."""


def seconds(duration: str) -> float:
    """ "90s", "10m", "1h30m" -> seconds.

    Raises:
        ValueError: The text has another form, or the time is not positive.
    """
    match = _DURATION.fullmatch(duration.strip())
    hours, minutes, rest = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = 3600 * hours + 60 * minutes + rest
    if total <= 0:
        raise ValueError(f"expected a time like 90s, 10m or 1h30m, got {duration!r}")
    return float(total)
