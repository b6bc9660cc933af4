"""A run's own search spaces: kept with it, found again, run only if trusted."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from study.errors import CorruptRecord, WrongUse
from study.plan import work as plan
from study.plan.space_files import give, take_up
from study.problem import own_space
from study.problem.problem import load_problem, problem_names
from study.problem.settings import Settings, Work
from study.run.store import Run
from study.steps.report_step import report_input
from tests.own_files import CIRCLE

pytestmark = pytest.mark.usefixtures("workplace", "_own_notes")


@pytest.fixture
def _own_notes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    yield
    own_space.use([])


def another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing is known of what was given."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "another"))
    own_space.use([])


def begun(source: str = CIRCLE) -> Run:
    """A run of circle.py, in a process that has forgotten it."""
    file = Path("circle.py")
    file.write_text(source)
    names = give([file])
    spaces = {space.name: space.digest for space in own_space.used()}
    work = Work(problems=names, settings=Settings(), seed=1, plan=["search"], spaces=spaces)
    run = plan.create_run("mine", work, "none", workers=1)
    assert plan.differences(run, work) == []
    own_space.use([])
    return run


def test_a_run_keeps_the_file_and_goes_on_with_it_when_the_user_s_is_gone() -> None:
    run = begun()
    assert Path("results/mine/circle/circle.py").read_text() == CIRCLE
    Path("circle.py").unlink()
    assert "circle" not in problem_names()
    take_up(run)
    assert load_problem("circle").baseline == {"units": 8}


def test_the_report_says_what_it_is_about_without_its_code() -> None:
    run = begun()
    run.space_file("circle").unlink()
    (problem,) = report_input(run).problems
    assert problem.description == "Circles: round or not."
    assert not problem.notes


def test_other_code_is_other_work() -> None:
    run = begun()
    Path("circle.py").write_text(f"{CIRCLE}# changed\n")
    names = give([Path("circle.py")])
    (space,) = own_space.used()
    work = plan.work_of(run).model_copy(update={"spaces": {names[0]: space.digest}})
    there = run.study().spaces["circle"].sha256
    assert plan.differences(run, work) == [f"spaces.circle: {there} there, {space.digest} here"]
    with pytest.raises(WrongUse, match=r"^--space: circle.py is not what results/mine was started"):
        take_up(run, [Path("circle.py")])


def test_code_that_came_with_a_run_is_not_run_until_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    run = begun(f"{CIRCLE}\nfrom pathlib import Path\nPath({str(ran)!r}).touch()\n")
    another_user(tmp_path, monkeypatch)
    with pytest.raises(WrongUse, match="is code, and you have not given it") as refused:
        take_up(run)
    assert not ran.exists()
    assert "circle" not in problem_names()
    copy = str(run.space_file("circle"))
    assert str(refused.value).endswith(f"give the same command with --space {copy}")
    take_up(run, [Path(copy)])
    load_problem("circle")
    assert ran.exists()
    take_up(run)  # and is known from now on


@pytest.mark.parametrize("as_link", [False, True])
def test_a_copy_that_has_changed_is_refused(tmp_path: Path, as_link: bool) -> None:
    run = begun()
    other = tmp_path / "other.py"
    other.write_text(f"{CIRCLE}# changed\n")
    run.space_file("circle").unlink()
    if as_link:
        run.space_file("circle").symlink_to(other)
    else:
        shutil.copy(other, run.space_file("circle"))
    with pytest.raises(CorruptRecord, match=r"circle/circle\.py: "):
        take_up(run)


def test_one_name_twice_is_refused() -> None:
    for folder in ("a", "b"):
        Path(folder).mkdir()
        (Path(folder) / "circle.py").write_text(CIRCLE)
    with pytest.raises(WrongUse, match="there is already a problem 'circle'"):
        give([Path("a/circle.py"), Path("b/circle.py")])
