"""What a run is to do, and what has changed since it was begun."""

from pathlib import Path

import pytest

from study import environment, processor, runs, variables
from study.settings import Settings, Work

pytestmark = pytest.mark.usefixtures("workplace")

WORK = Work(problems=["mnist"], settings=Settings(), seed=1, plan=["search"])


def test_packages_of_another_version_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.create_run("demo", WORK, "none", workers=1)
    assert runs.other_conditions(run) == []
    now = environment.versions() | {"keras": "9.9", "new": "1.0"}
    monkeypatch.setattr(environment, "versions", lambda: now)
    then = run.study().versions["keras"]
    assert runs.other_conditions(run) == [f"keras: {then} then, 9.9 now"]


def test_another_processor_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "vector_instructions", lambda: "avx2")
    run = runs.create_run("demo", WORK, "none", workers=1)
    assert runs.other_conditions(run) == []
    monkeypatch.setattr(processor, "vector_instructions", lambda: "avx2 avx512f")
    assert runs.other_conditions(run) == [
        "vector_instructions: avx2 then, avx2 avx512f now",
    ]


def test_variables_that_decide_results_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "overridden", ["OMP_NUM_THREADS"])
    study = runs.create_run("demo", WORK, "none", workers=1).study()
    assert study.variables == variables.DECIDED
    assert study.overridden == ["OMP_NUM_THREADS"]


def in_dtype(dtype: str) -> Work:
    search = WORK.settings.search.model_copy(update={"dtype": dtype})
    return WORK.model_copy(update={"settings": WORK.settings.model_copy(update={"search": search})})


@pytest.mark.parametrize("begun", ["auto", "mixed_bfloat16"])
def test_a_run_goes_on_in_the_arithmetic_it_was_begun_in_or_is_refused(begun: str) -> None:
    run = runs.create_run("demo", in_dtype(begun), "none", 1, "mixed_bfloat16")
    for same in ("auto", "mixed_bfloat16"):
        assert runs.differences(run, in_dtype(same)) == []
    assert runs.differences(run, in_dtype("float32")) == [
        f"search.dtype: {begun} there, float32 here"
    ]


def test_other_settings_are_named(workplace: Path) -> None:
    run = runs.create_run("demo", WORK, "none", workers=1)
    other = WORK.model_copy(update={"seed": 2})
    assert runs.differences(run, WORK) == []
    assert runs.differences(run, other) == ["seed: 1 there, 2 here"]
    assert (workplace / "results/demo/study.json").exists()
