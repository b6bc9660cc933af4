"""Options of single data sets on the command line: each data set declares its own.

A field of a data set's `Options` that is marked `CommandLine` becomes an option, --its-name, of
every command that loads data.
"""

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from study.cli.options import user_path
from study.data import dataset_names, default_options
from study.data.dataset import CommandLine

Given = dict[str, dict[str, object]]
"""Data set -> field -> what was given for it on the command line."""


def with_data_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with one option per marked field in place of its argument `data: Given`."""
    declared = {field: (name, option) for name, field, option in _declared()}

    @wraps(command)
    def with_options(**arguments: Any) -> None:
        data: Given = {}
        for field, (name, _) in declared.items():
            if (value := arguments.pop(field)) is not None:
                data.setdefault(name, {})[field] = value
        command(**arguments, data=data)

    own = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        if parameter.name == "data":
            parameters += [option for _, option in declared.values()]
        else:
            parameters.append(parameter)
    with_options.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


def _declared() -> Iterator[tuple[str, str, inspect.Parameter]]:
    """(data set, field, the command's parameter) for every marked field."""
    for name in dataset_names():
        for field, info in type(default_options(name)).model_fields.items():
            for mark in info.metadata:
                if isinstance(mark, CommandLine):
                    yield name, field, _parameter(field, mark)


def _parameter(name: str, mark: CommandLine) -> inspect.Parameter:
    option = typer.Option(
        parser=user_path if mark.kind is Path else None, metavar=mark.metavar, help=mark.help
    )
    annotation = Annotated[Optional[mark.kind], option]  # type: ignore[name-defined]
    return inspect.Parameter(
        name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation=annotation
    )
