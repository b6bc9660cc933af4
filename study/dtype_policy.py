"""Whether a search trains in bfloat16: only where the processor computes it, and it is faster.

The final networks are always retrained in float32, so that none can score worse for it.
"""

import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from study.engine import Engine
from study.records import DtypePolicy
from study.train import Job, train

IMAGES = 2048
"""Training images of the check: some seconds' work."""

EPOCHS = 3

FASTER = 0.9
"""Seconds of bfloat16 against those of float32 from which it counts as faster, and not as noise."""

_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""What processors with bfloat16 arithmetic say in /proc/cpuinfo: x86-64 twice, ARM."""


def choose(job: Job, engine: Engine) -> DtypePolicy:
    """The policy for a search.

    Args:
        job: Training of the baseline on the search's data; what is timed is a short piece of it.
    """
    if not all(engine.everywhere(in_hardware)):
        return "float32"
    float32, bfloat16 = (
        engine.wait_for(engine.submit(_seconds, _short(job, policy), key=f"check-{policy}"))
        for policy in ("float32", "mixed_bfloat16")
    )
    return "mixed_bfloat16" if bfloat16 < FASTER * float32 else "float32"


def in_hardware(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this machine's processor computes in bfloat16, as far as it says so."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = (line.split() for line in lines if line.startswith(("flags", "Features")))
    return any(_FLAGS & set(words) for words in flags)


def _short(job: Job, policy: DtypePolicy) -> Job:
    return replace(job, max_images=IMAGES, epochs=EPOCHS, dtype_policy=policy)


def _seconds(job: Job) -> float:
    """On a worker: of the fastest epoch after the first, in which the graph is traced."""
    ends: list[float] = []
    train(job, lambda *_: ends.append(time.perf_counter()))
    return min(end - begin for begin, end in pairwise(ends))
