"""Search spaces in the user's own files."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from study.errors import WrongName, WrongUse
from study.problem import own_space
from study.problem.own_space import SPACE_BYTES, OwnSpace, read_space, use
from study.problem.problem import (
    file_of,
    load_problem,
    problem_description,
    problem_names,
)
from tests.own_files import CIRCLE

TAKEN = ("line", "mnist")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    use([])


def written(folder: Path, source: str = CIRCLE, name: str = "circle.py") -> Path:
    path = folder / name
    path.write_text(source)
    return path


def test_a_file_is_a_problem_like_any_other(tmp_path: Path) -> None:
    use([read_space(written(tmp_path), TAKEN)])
    assert problem_names() == ["circle", "line", "mnist", "multihead"]
    assert problem_description("circle") == "Circles: round or not."
    problem = load_problem("circle")
    assert (problem.name, problem.data, problem.heads) == ("circle", "lines", ("class",))
    assert problem.objective == "accuracy"
    assert problem.baseline == {"units": 8}
    assert callable(problem.build)
    assert (file_of("circle"), file_of("line")) == ("circle.py", "search_spaces/line.py")


def test_a_file_that_has_changed_is_run_anew_and_one_that_has_not_is_not(tmp_path: Path) -> None:
    log = tmp_path / "log"
    source = f"{CIRCLE}\nwith open({str(log)!r}, 'a') as file:\n    file.write('run ')\n"
    path = written(tmp_path, source)
    for _ in range(2):
        use([read_space(path, TAKEN)])
        load_problem("circle")
    assert log.read_text() == "run "
    written(tmp_path, source.replace('"units": 8', '"units": 4'))
    assert load_problem("circle").baseline == {"units": 8}  # as it was read
    use([read_space(path, TAKEN)])
    assert load_problem("circle").baseline == {"units": 4}


def test_its_classes_are_found_by_whoever_looks_for_their_module(tmp_path: Path) -> None:
    source = (
        f"from dataclasses import dataclass\n{CIRCLE}\n\n@dataclass\nclass Stage:\n    n: int\n"
    )
    space = read_space(written(tmp_path, source), TAKEN)
    stage = own_space.module_of(space).Stage(3)
    assert pickle.loads(pickle.dumps(stage)) == stage


def test_those_given_replace_those_known() -> None:
    use([OwnSpace("one", b""), OwnSpace("two", b"")])
    use([OwnSpace("three", b"")])
    assert [space.name for space in own_space.used()] == ["three"]
    assert own_space.find("one") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("circle.txt", "expected the path of a .py file"),
        ("my circle.py", "the problem is named after the file"),
        ("_circle.py", "the problem is named after the file"),
        ("export.py", "the problem is named after the file"),
        (f"{'c' * 65}.py", "the problem is named after the file"),
        ("line.py", "there is already a problem 'line'"),
        ("missing.py", "cannot be read: No such file"),
        ("folder.py", "expected a file, got a folder"),
        ("pipe.py", "expected a file, got a pipe"),
        ("long.py", "expected at most 262,144 bytes"),
    ],
)
def test_what_cannot_be_a_search_space_is_refused_by_its_name(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    written(tmp_path, "#" * (SPACE_BYTES + 1), "long.py")
    for one in ("circle.txt", "my circle.py", "_circle.py", "export.py", "line.py"):
        written(tmp_path, name=one)
    with pytest.raises(WrongUse, match=r"^--space: ") as refused:
        read_space(tmp_path / name, TAKEN)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def build(:", "circle.py, line 1: expected Python: invalid syntax"),
        ("x = '\0'", "circle.py"),
        ("(" * 5000 + ")" * 5000, "circle.py"),
        ("\xff".encode("latin-1"), "circle.py"),
    ],
)
def test_what_is_no_python_is_refused_unread(
    tmp_path: Path, source: str | bytes, said: str
) -> None:
    path = tmp_path / "circle.py"
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    with pytest.raises(WrongUse) as refused:
        read_space(path, TAKEN)
    assert str(refused.value).startswith(said)
    assert "expected Python: " in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('DATA = "lines"', "", 'expected a line like DATA = "mnist"'),
        ('HEADS = ("class",)', 'HEADS = "class"', 'expected a line like HEADS = ("class",)'),
        ('OBJECTIVE = "accuracy"', 'OBJECTIVE = "auc"', "expected OBJECTIVE to be one of"),
        ('BASELINE = {"units": 8}', "", "expected BASELINE, a dict"),
        ("def build(", "def built(", "expected a function build"),
        ('DATA = "lines"', "import no_such", "cannot be loaded: ModuleNotFoundError: No module"),
    ],
)
def test_a_file_that_lacks_something_is_refused_in_a_line(
    tmp_path: Path, line: str, instead: str, said: str
) -> None:
    assert line in CIRCLE
    use([read_space(written(tmp_path, CIRCLE.replace(line, instead)), TAKEN)])
    with pytest.raises(WrongName) as refused:
        load_problem("circle")
    assert str(refused.value).startswith(f"circle.py: {said}")
    assert "\n" not in str(refused.value)


def test_reading_a_file_does_not_run_it(tmp_path: Path) -> None:
    use([read_space(written(tmp_path, f"{CIRCLE}\nraise SystemExit('ran')\n"), TAKEN)])
    assert problem_description("circle") == "Circles: round or not."
