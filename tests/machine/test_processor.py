"""What processors say of themselves, from stubs: the same on every machine."""

from pathlib import Path

import pytest

from study.machine import processor


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "CPUINFO", path)
    return path


@pytest.mark.parametrize(
    ("text", "able", "instructions"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_bf16\n", True, "avx2 avx512f avx512_bf16"),
        ("flags\t\t: amx_bf16 fpu amx_tile\n", True, "amx_bf16"),
        ("Features\t: fp asimd bf16\n", True, "asimd bf16"),
        ("flags\t\t: fpu avx2 fma\nbugs\t\t: bf16\n", False, "avx2"),
        ("flags\t\t: fpu sse2\n", False, "unknown"),
    ],
)
def test_the_processor_says_what_it_can(
    cpuinfo: Path, text: str, able: bool, instructions: str
) -> None:
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: A: fast one\n{text}")
    assert processor.computes_bfloat16() is able
    assert processor.vector_instructions() == instructions
    assert processor.name() == "A: fast one"


def test_of_a_machine_that_says_nothing_nothing_is_claimed(
    cpuinfo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not cpuinfo.exists()
    monkeypatch.setattr("platform.processor", lambda: "")
    assert processor.computes_bfloat16() is False
    assert processor.vector_instructions() == "unknown"
    assert processor.name() == "unknown"
