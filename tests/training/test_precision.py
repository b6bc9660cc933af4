"""bfloat16: as the setting says, and by itself where every worker's processor computes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from study.machine import processor
from study.training import precision
from tests import tiny


@dataclass
class Workers(tiny.InstantEngine):
    """Workers whose processors can, or cannot, compute in bfloat16; none ever trains."""

    able: tuple[bool, ...] = (True,)

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        assert function is processor.computes_bfloat16
        return list(self.able)


@pytest.mark.parametrize(
    ("able", "chosen"),
    [
        ((True, True), "mixed_bfloat16"),
        ((True, False), "float32"),
        ((False,), "float32"),
    ],
)
def test_auto_follows_from_the_processors_of_all_workers(
    able: tuple[bool, ...], chosen: str
) -> None:
    engine = Workers(able=able)
    assert {precision.resolve("auto", engine) for _ in range(3)} == {chosen}
    assert engine.keys == []


@pytest.mark.parametrize("able", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_a_setting_counts_on_every_processor(dtype: Any, able: bool) -> None:
    assert precision.resolve(dtype, Workers(able=(able,))) == dtype
