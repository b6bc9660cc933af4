"""What `import study` brings: little, until it is used."""

import ast
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import study

ROOT = Path(__file__).parents[2]
SLOW = ("tensorflow", "keras", "keras_tuner", "pandas", "numpy", "matplotlib", "distributed")


def test_importing_the_study_imports_nothing_slow() -> None:
    code = f"import study, sys; print([one for one in {SLOW} if one in sys.modules])"
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "[]\n"


def test_opening_a_run_does_without_tensorflow() -> None:
    code = (
        "import study, sys; run = study.open_run('results/example'); run.trials('mnist'); "
        "run.comparison('mnist'); print([one for one in ('tensorflow', 'keras') if "
        "one in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "[]\n"


def test_every_name_is_there_and_documented() -> None:
    assert study.__all__ == sorted(study.__all__, key=lambda name: (name.islower(), name))
    assert set(study.__all__) <= set(dir(study))
    for name in study.__all__:
        one = getattr(study, name)
        assert inspect.getdoc(one), name
        if inspect.isclass(one):
            for member, value in vars(one).items():
                if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                    assert inspect.getdoc(value), f"{name}.{member}"


def test_type_checkers_are_told_of_the_same_names() -> None:
    tree = ast.parse(inspect.getsource(study))
    told = {
        alias.name
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
        if (one.module or "").startswith("study.")
    }
    assert told == set(study.__all__)


def test_no_name_is_hidden_by_a_module_of_the_package() -> None:
    """Python sets a package's modules as its attributes when they are imported."""
    assert not {module.name for module in pkgutil.iter_modules(study.__path__)} & {*study.__all__}


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'study' has no attribute 'nothing'"):
        study.nothing  # noqa: B018
