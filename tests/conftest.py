"""Before any test imports TensorFlow: one thread, no GPU, no chatter, as on a worker."""

import os
from pathlib import Path

import hypothesis
import pytest

os.environ |= {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "",
}

# A slow machine is no failure.
hypothesis.settings.register_profile("study", deadline=None)
hypothesis.settings.load_profile("study")


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder: results/ and reports/ are relative to it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
