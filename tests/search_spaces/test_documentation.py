"""docs/search-space.md lists what the code declares: values, defaults, conditions."""

import re
from functools import cache
from typing import Any

import pytest

from search_spaces import _cnn
from study.problem.problem import Problem
from study.problem.space import declared
from study.records.recipe import CHANGES
from study.records.study import Signature
from tests.command import ROOT

KNOWN = Signature(
    image_shape=(28, 28, 3),
    heads={"one": ["a", "b"], "other": ["a", "b", "c"]},
    images={"train": 100, "validation": 10, "test": 10},
    changes=CHANGES,
)
PROBLEM = Problem(
    name="any",
    description="",
    data="any",
    heads=("one", "other"),
    objective="joint",
    baseline={},
    build=_cnn.build,
    recipe=_cnn.recipe,
)
ALIKE = {"weight_one": "weight_HEAD", "weight_other": "weight_HEAD"}
"""What the page lists once."""

SEVERAL = "several heads"


def rows() -> dict[str, list[str]]:
    """Hyperparameter -> its values, its default and where it applies, as the page has them."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "docs/search-space.md").read_text().splitlines():
        if line.startswith("| `"):
            names, *cells = [cell.strip() for cell in line.strip("|").split("|")]
            for name in re.findall(r"`(\w+)`", names):
                assert name not in found
                found[name] = cells[:3]
    return found


@cache
def entries() -> dict[str, Any]:
    """Keras Tuner's own description of each hyperparameter."""
    return {ALIKE.get(one.name, one.name): one for one in declared(PROBLEM, KNOWN).space}


def values(one: Any) -> str:
    if not hasattr(one, "min_value"):
        return ", ".join(str(value) for value in one.values)
    span = f"{one.min_value:g} to {one.max_value:g}"
    if one.sampling == "log":
        return f"{span} by doubling" if one.step == 2 else f"{span}, log"
    return f"{span} in steps of {one.step:g}" if one.step else span


def where(one: Any) -> str:
    told = [
        f"`{condition.name}` {', '.join(map(str, condition.values))}"
        for condition in one.conditions
    ]
    return " and ".join(told)


def test_the_page_names_the_core() -> None:
    page = (ROOT / "docs/search-space.md").read_text()
    section = page.partition("## The core")[2].partition("##")[0]
    listed = section.partition("draws only")[2].partition(";")[0]
    assert tuple(re.findall(r"`(\w+)`", listed)) == _cnn.CORE


def test_the_page_lists_what_is_declared_and_no_more() -> None:
    assert set(rows()) == set(entries())


@pytest.mark.parametrize("name", rows())
def test_the_page_says_of_a_hyperparameter_what_the_code_does(name: str) -> None:
    one = entries()[name]
    default = one.default if isinstance(one.default, bool | str) else f"{one.default:g}"
    told_values, told_default, told_where = rows()[name]
    assert (told_values, told_default) == (values(one), str(default))
    assert told_where == where(one) or (
        not one.conditions and told_where in ("everywhere", SEVERAL)
    )
