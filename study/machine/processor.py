"""The name of this machine's processor and the arithmetic it reports."""

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")

_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""Flags of processors with bfloat16 arithmetic: two of x86-64, one of ARM."""

_VECTORS = (
    *("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_bf16", "amx_int8", "asimd", "sve", "bf16"),
)
"""Flags by which oneDNN chooses among its kernels, and with them the order in which numbers are
added ("CPU Dispatcher Control" in its developer guide)."""


def name() -> str:
    """The processor's own name, or "unknown"."""
    names = [value for key, value in _entries() if key == "model name"]
    return names[0] if names else platform.processor() or "unknown"


def computes_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 numbers itself; False if it does not say."""
    return bool(_BFLOAT16 & _flags())


def vector_instructions() -> str:
    """The vector instructions that decide how numbers are added, such as "avx2 avx512f".

    With the same instructions, the same training gives the same scores.
    """
    flags = _flags()
    return " ".join(flag for flag in _VECTORS if flag in flags) or "unknown"


def _flags() -> set[str]:
    return {
        flag for key, value in _entries() if key in ("flags", "Features") for flag in value.split()
    }


def _entries() -> list[tuple[str, str]]:
    """(key, value) of each line of /proc/cpuinfo; none on systems other than Linux."""
    try:
        lines = CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    halves = (line.partition(":") for line in lines)
    return [(key.strip(), value.strip()) for key, _, value in halves]
