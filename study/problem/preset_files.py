"""Presets: TOML files that a user can copy. They are read and checked, and errors name the key."""

import codecs
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from study.errors import WrongSetting
from study.machine import untrusted
from study.problem.settings import Settings

PRESETS = Path(__file__).parent / "presets"


PRESET_BYTES = 64 * 1024
"""Largest size of a preset: thirty times those that come with the study."""


Group = TypeVar("Group", bound=BaseModel)


def preset_names() -> list[str]:
    """Names of the presets that come with the study, sorted."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load_preset(name_or_path: str) -> Settings:
    """A preset of the study by name, or a user's own by the path of its .toml file.

    Raises:
        WrongSetting: There is no such preset, it is not text or not TOML, a key is unknown or a
            value out of range.
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
            f"{path}: expected UTF-8 text, got other bytes ({error.reason}); save the file as UTF-8"
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
        WrongSetting: A value is out of range.
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
    """The seed, if it is in range: 1 to 2**31 - 1 (0 means random to Keras Tuner).

    Raises:
        WrongSetting: It is out of range.
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
