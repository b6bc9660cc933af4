"""What the user's environment says does not count where results are decided."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from study.errors import WrongUse
from study.libraries import variables
from tests.command import ROOT
from tests.zygote import Zygote

HOSTILE = {
    "KERAS_BACKEND": "jax",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OMP_NUM_THREADS": "16",
    "TF_NUM_INTRAOP_THREADS": "16",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_SET_ONEDNN_FPMATH_MODE": "BF16",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_KERAS_VIS_MAX_STEPS": "1",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "XLA_FLAGS": "--no_such_flag",
    "KERASTUNER_TUNER_ID": "chief",
    "PYTHONWARNINGS": "error",
}
"""What a shell, a notebook or a cluster may have set."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home and current folder whose settings files turn everything around."""
    (tmp_path / ".keras").mkdir()
    turned = {"backend": "torch", "floatx": "float16", "image_data_format": "channels_first"}
    (tmp_path / ".keras/keras.json").write_text(json.dumps(turned | {"epsilon": 0.1}))
    (tmp_path / "matplotlibrc").write_text("image.origin: lower\ntext.usetex: True\n")
    return tmp_path


def said(home: Path, script: str, **variables: str) -> dict[str, object]:
    """What the script prints as JSON, with these variables, in that home."""
    beside = {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    printed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=home,
        env=kept | beside | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert printed.returncode == 0, printed.stderr
    last: dict[str, object] = json.loads(printed.stdout.splitlines()[-1])
    return last


SETTINGS = """
import json, os, runpy, sys, warnings
def settings():
    from study.libraries.quiet_import import import_tensorflow
    import_tensorflow()
    import keras, matplotlib, tensorflow as tf
    from study.libraries import variables
    keras.config.set_dtype_policy("float32")
    return {
        "backend": keras.backend.backend(),
        "numbers": [keras.config.floatx(), keras.config.epsilon()],
        "images": keras.config.image_data_format(),
        "layer": keras.layers.Dense(1).compute_dtype,
        "figures": matplotlib.get_backend(),
        "threads": [tf.config.threading.get_intra_op_parallelism_threads(), os.environ["OMP_NUM_THREADS"]],
        "variables": {k: os.environ.get(k) for k in HOSTILE},
        "errors": [one[0] for one in warnings.filters if one[0] == "error"] + sys.warnoptions,
    }
"""  # noqa: E501

PROCESSES = """
def main():
    from study.libraries import variables
    from study.workers.local import local_engine
    with local_engine(1, retries=0) as engine:
        worker = engine.everywhere(settings)[0]
    variables.decide()
    variables.ignore_warning_options()
    print(json.dumps({"driver": settings(), "worker": worker}))
if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_driver_and_worker_are_set_up_by_the_study_alone(home: Path) -> None:
    script = f"HOSTILE = {list(HOSTILE)}\n{SETTINGS}\n{PROCESSES}"
    clean, both = said(home / "..", script), said(home, script, **HOSTILE)
    assert both == clean
    for hostile in (both["driver"], both["worker"]):
        assert isinstance(hostile, dict)
        assert hostile["backend"] == "tensorflow"
        assert hostile["numbers"] == ["float32", 1e-7]
        assert hostile["errors"] == []
        assert hostile["images"] == "channels_last"
        assert hostile["threads"] == [0, "1"]  # 0: as TF_NUM_INTRAOP_THREADS says
        decided = {name: variables.DECIDED.get(name) for name in HOSTILE}
        assert hostile["variables"] == decided


@pytest.mark.slow
def test_figures_do_not_depend_on_the_user_s_matplotlibrc(home: Path) -> None:
    script = """
import hashlib, json, pathlib
import numpy as np
from study.figures.style import new_figure, save, styled
figure = new_figure(2, 2)
with styled():
    axes = figure.subplots()
    axes.imshow(np.arange(16).reshape(4, 4))
    axes.set_title("a title")
save(figure, pathlib.Path("drawn.png"))
print(json.dumps({"png": hashlib.sha256(pathlib.Path("drawn.png").read_bytes()).hexdigest()}))
"""
    clean = home / "clean"
    clean.mkdir()
    assert said(home, script) == said(clean, script)


def test_a_long_folder_for_temporary_files_does_not_stop_workers(
    tmp_path: Path, zygote: Zygote
) -> None:
    long = tmp_path / ("t" * 120)
    long.mkdir()
    code = """
from study.workers.local import local_engine
with local_engine(1, retries=0) as engine:
    print(engine.workers)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(long)}
    begun = zygote.launch(tmp_path, "", [], environment, script=code)
    assert begun.communicate(timeout=600) == ("1\n", "")


def test_what_is_set_too_late_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", variables)
    monkeypatch.setenv("MPLBACKEND", "svg")
    variables.decide()  # it does not matter when this one is set
    assert os.environ["MPLBACKEND"] == "agg"
    for name, value in (("TF_ENABLE_ONEDNN_OPTS", "0"), ("ONEDNN_MAX_CPU_ISA", "AVX2")):
        with monkeypatch.context() as late:
            late.setenv(name, value)
            with pytest.raises(WrongUse, match=f"imported while {name} was set to '{value}'"):
                variables.decide()


@pytest.mark.parametrize("chosen", ["module://matplotlib_inline.backend_inline", "svg", None])
def test_where_a_notebook_shows_figures_is_left_to_it(
    chosen: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(variables, "overridden", [])
    monkeypatch.setenv("OMP_NUM_THREADS", "16")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    if chosen:
        monkeypatch.setenv("MPLBACKEND", chosen)
    variables.decide(own_process=False)
    assert os.environ.get("MPLBACKEND") == chosen
    assert variables.overridden == ["OMP_NUM_THREADS"]
    variables.decide()
    assert os.environ["MPLBACKEND"] == "agg"


@pytest.mark.slow
def test_a_script_that_opens_a_network_shows_figures_as_it_did(home: Path) -> None:
    script = f"""
import json, os, study
study.load_network({str(ROOT / "results/example/mnist/models/tuned.keras")!r})
import matplotlib
print(json.dumps([matplotlib.get_backend(), os.environ["OMP_NUM_THREADS"]]))
"""
    assert said(home, script, MPLBACKEND="svg") == ["svg", "1"]


def test_what_the_user_had_set_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(variables, "overridden", [])
    monkeypatch.setenv("OMP_NUM_THREADS", "16")
    monkeypatch.setenv("XLA_FLAGS", "--xla")
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "terraform's own")
    variables.decide()
    assert sorted(variables.overridden) == ["OMP_NUM_THREADS", "XLA_FLAGS"]
    assert os.environ["TF_CLI_CONFIG_FILE"] == "terraform's own"
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert "XLA_FLAGS" not in os.environ


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_another_python_is_refused_in_one_line(version: tuple[int, ...]) -> None:
    words = ".".join(map(str, version))
    script = (
        f"import runpy, sys; sys.version_info = {version}; sys.version = '{words} (main)'; "
        "sys.argv = ['study', '--help']; runpy.run_module('study', run_name='__main__')"
    )
    refused = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        f"error: expected Python 3.11, 3.12 or 3.13, got {words}: use one of these\n"
    )
