"""bfloat16: only where the processor computes it and a check finds it faster."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from study import dtype_policy, train
from study.data.dataset import DataOptions
from study.train import Job
from tests import tiny

JOB = Job("tiny", tiny.BASELINE, 1, DataOptions(), 1, epochs=1, batch_size=16)


@dataclass
class Workers(tiny.InstantEngine):
    """Workers whose processors can, or cannot, compute in bfloat16."""

    able: tuple[bool, ...] = (True,)

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        assert function is dtype_policy.in_hardware
        return list(self.able)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the check measures, by policy."""
    measured = {"float32": 1.0, "mixed_bfloat16": 0.5}
    monkeypatch.setattr(dtype_policy, "_seconds", lambda job: measured[job.dtype_policy])
    return measured


@pytest.mark.parametrize(
    ("took", "chosen"),
    [(0.5, "mixed_bfloat16"), (0.89, "mixed_bfloat16"), (0.95, "float32"), (1.5, "float32")],
)
def test_bfloat16_is_chosen_only_if_it_is_clearly_faster(
    seconds: dict[str, float], took: float, chosen: str
) -> None:
    seconds["mixed_bfloat16"] = took
    assert dtype_policy.choose(JOB, Workers()) == chosen


@pytest.mark.parametrize("able", [(False,), (True, False)])
def test_without_hardware_on_every_worker_nothing_is_even_timed(able: tuple[bool, ...]) -> None:
    engine = Workers(able=able)
    assert dtype_policy.choose(JOB, engine) == "float32"
    assert engine.keys == []


def test_the_check_times_real_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "load_problem", lambda _: tiny.problem())
    monkeypatch.setattr(train, "cached_dataset", lambda *_: tiny.dataset())
    engine = Workers()
    assert dtype_policy.choose(JOB, engine) in ("float32", "mixed_bfloat16")
    assert engine.keys == ["check-float32", "check-mixed_bfloat16"]


@pytest.mark.parametrize(
    ("cpuinfo", "able"),
    [
        ("processor: 0\nflags\t\t: fpu avx512f avx512_bf16 sse\n", True),
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx2 fma\nbugs\t\t: bf16\n", False),
    ],
)
def test_the_processor_says_what_it_can(tmp_path: Path, cpuinfo: str, able: bool) -> None:
    path = tmp_path / "cpuinfo"
    path.write_text(cpuinfo)
    assert dtype_policy.in_hardware(path) is able


def test_a_machine_that_says_nothing_computes_in_float32(tmp_path: Path) -> None:
    assert dtype_policy.in_hardware(tmp_path / "none") is False
