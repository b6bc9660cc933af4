"""Presets: what a run is allowed to spend, as TOML files that a user can copy."""

import codecs
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_args

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from study.data import dataset_names, default_options
from study.data.dataset import DataOptions
from study.errors import WrongSetting
from study.machine import untrusted
from study.records.base import FEWEST_DRAWS, Dtype, Record, StageName

PRESETS = Path(__file__).parent / "presets"
PRESET_BYTES = 64 * 1024
"""Thirty times those that come with the study."""

Tuner = Literal["random", "grid", "bayesian", "hyperband", "asha"]
TUNERS: tuple[Tuner, ...] = get_args(Tuner)

Group = TypeVar("Group", bound=BaseModel)

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
    """Training images a trial gets at most; the final retrainings get all. None: all."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per optimizer step; fewer if there are so few images that an epoch would have less
    than eight steps."""
    max_parameters: Annotated[int, Field(ge=1)] = 20_000_000
    """Weights that a network may have: a point of the space that makes a larger one, or none at
    all, is not trained, and another is drawn. The baseline is always trained. 20 million, 320 MB
    with gradients and Adam's averages, are twice what the general space makes of images of 28
    pixels at most."""
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


def preset_names() -> list[str]:
    """Names of the presets that come with the study, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_preset(name_or_path: str) -> Settings:
    """A preset of the study by name, or a user's own by the path of its .toml file.

    Raises:
        WrongSetting: there is none, it is no text or not TOML, a key is unknown or a value out of
            range.
    """
    path = (
        PRESETS / f"{name_or_path}.toml" if name_or_path in preset_names() else Path(name_or_path)
    )
    try:
        table = tomllib.loads(_text(untrusted.read(path, PRESET_BYTES)))
    except untrusted.Refused as error:
        raise WrongSetting(f"{path}: {error}; give the path of a preset's .toml file") from error
    except PermissionError as error:
        raise WrongSetting(f"{path}: cannot be read: {error.strerror}") from error
    except OSError as error:
        raise WrongSetting(
            f"no preset {name_or_path!r}: expected {' or '.join(preset_names())}, or the path of a "
            f".toml file"
        ) from error
    except UnicodeDecodeError as error:
        raise WrongSetting(
            f"{path}: expected UTF-8 text, got bytes that are none ({error.reason}); save the file "
            "as UTF-8"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a deep table
        raise WrongSetting(f"{path}: not a TOML file: {error}") from error
    return validated(Settings, table, source=str(path))


def _text(content: bytes) -> str:
    """UTF-8, or UTF-16 with its byte-order mark, as editors on Windows save it: "Unicode"."""
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf16 else "utf-8-sig")


def changed(group: Group, **changes: object) -> Group:
    """A copy of a settings record with the changes that are not None, checked again.

    Raises:
        WrongSetting: a value is out of range.
    """
    given = {key: value for key, value in changes.items() if value is not None}
    return validated(type(group), {**group.model_dump(), **given}, source="options")


def validated(kind: type[Group], table: dict[str, object], source: str) -> Group:
    """`table` as a record of that kind; the first thing wrong with it becomes the error."""
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise WrongSetting(
                f"{source}: unknown key {key!r}; {_known(kind, first['loc'])}"
            ) from None
        message, came = _lowered(first["msg"]), f", got {first['input']!r}"
        raise WrongSetting(f"{source}: {key}: {message.removesuffix(came)}{came}") from None


def flattened(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """{"search": {"keep": 3}} -> {"search.keep": 3}; an empty table remains a value."""
    flat: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def check_seed(seed: int) -> int:
    """The seed, if it can be one: 1 to 2**31 - 1 (0 means random to Keras Tuner).

    Raises:
        WrongSetting: it cannot.
    """
    if not 1 <= seed < 2**31:
        raise WrongSetting(
            f"--seed: expected 1 to 2147483647 (0 means random to Keras Tuner), got {seed}"
        )
    return seed


def _known(kind: type[BaseModel], location: tuple[int | str, ...]) -> str:
    for part in location[:-1]:
        annotation = kind.model_fields[str(part)].annotation
        assert isinstance(annotation, type)
        assert issubclass(annotation, BaseModel)
        kind = annotation
    return f"known are: {', '.join(kind.model_fields)}"


def _lowered(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
