"""The wheel: everything that an installed copy needs, and nothing else."""

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import study

ROOT = Path(__file__).parents[2]
PACKAGES = ("study", "search_spaces")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of this checkout, by the backend itself, so that no network is needed."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def in_the_checkout() -> set[str]:
    """Files of the packages."""
    return {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == in_the_checkout()
    assert {"study/py.typed", "search_spaces/py.typed", "study/problem/presets/quick.toml"} <= held
    assert any(name.endswith("layout.html") for name in held)


def test_it_gives_the_command_and_says_its_version(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info" in name}
        entries = configparser.ConfigParser()
        entries.read_string(archive.read(f"{info}/entry_points.txt").decode())
        metadata = archive.read(f"{info}/METADATA").decode()
    assert info == f"tuning_study-{study.__version__}.dist-info"
    assert dict(entries["console_scripts"]) == {"study": "study.__main__:main"}
    assert "\nRequires-Python: <3.14,>=3.11\n" in metadata


def test_the_wheel_imports_from_where_it_is_and_finds_its_files(
    wheel: Path, tmp_path: Path
) -> None:
    """Unpacked elsewhere and read-only, it lists its problems and presets in an empty folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    for path in (tmp_path / "site").rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (tmp_path / "empty").mkdir()
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import study; "
        f"assert study.__file__.startswith({str(tmp_path)!r}); from study.__main__ import main; "
        "sys.argv = ['study', 'list']; main()"
    )
    listed = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path / "empty",
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("mnist", "multihead", "quick", "full"):
        assert name in listed.stdout
    assert not [*(tmp_path / "empty").iterdir()]
