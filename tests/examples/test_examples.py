"""The examples: each runs, on a copy of the committed run, and leaves that as it is."""

import re
import shutil
from pathlib import Path

import pytest

from study.plan import trusted_code
from study.problem.own_space import OwnSpace
from tests.command import contents, script
from tests.zygote import Zygote

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("[0-9]_*.py"))


@pytest.fixture
def project(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the committed run and the examples."""
    shutil.copytree(ROOT / "results/example", workplace / "results/example")
    shutil.copytree(ROOT / "examples", workplace / "examples")
    monkeypatch.setenv("XDG_STATE_HOME", str(workplace / "state"))
    return workplace


def run(project: Path, number: int, zygote: Zygote) -> str:
    """What the example prints."""
    (path,) = (project / "examples").glob(f"{number}_*.py")
    before = contents(project / "results/example")
    code = f"import runpy; runpy.run_path({str(path)!r}, run_name='__main__')"
    printed = script(project, code, zygote)
    assert contents(project / "results/example") == before
    return printed


def test_all_are_tested_and_are_cells() -> None:
    assert [name[0] for name in EXAMPLES] == ["1", "2", "3"]
    for name in EXAMPLES:
        text = (ROOT / "examples" / name).read_text()
        assert text.startswith(f"# %% [markdown]\n# # {name[0]}. ")
        assert len(re.findall(r"^# %%", text, re.MULTILINE)) > 5


def test_reading_a_run(project: Path, zygote: Zygote) -> None:
    printed = run(project, 1, zygote)
    assert "line: test accuracy" in printed
    assert "tuned is better" in printed
    assert (project / "my-report.html").is_file()
    assert not (project / "reports").exists()


def test_reusing_a_network(project: Path, zygote: Zygote) -> None:
    printed = run(project, 2, zygote)
    for digit in "37":
        assert re.search(rf"^my-digits/{digit}\.png +{digit}$", printed, re.MULTILINE)
    assert "{'class': ['7', '7']}" in printed
    assert (project / "my-digits/evidence.png").is_file()


def test_searching_a_space_of_one_s_own(project: Path, zygote: Zygote) -> None:
    printed = run(project, 3, zygote)
    assert "small_space: search: done in" in printed
    assert "small_space: 3 trials, 0 failed" in printed
    assert "results/small-space already exists and is finished" in printed
    source = (project / "examples/small_space.py").read_bytes()
    kept = project / "results/small-space/small_space/small_space.py"
    assert kept.read_bytes() == source
    assert trusted_code.is_trusted(OwnSpace("small_space", source).digest)
