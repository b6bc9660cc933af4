"""What a run ran on, for the record."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from study.plan import provenance
from study.records.base import now


def test_now_is_utc_to_the_second() -> None:
    moment = datetime.fromisoformat(now())
    assert moment.tzinfo == UTC
    assert moment.microsecond == 0
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_versions_name_python_and_every_package_that_numbers_depend_on() -> None:
    versions = provenance.versions()
    assert list(versions) == ["python", *provenance.PACKAGES]
    assert all(version[0].isdigit() for version in versions.values())


def test_hardware_is_plain_data() -> None:
    hardware = provenance.hardware(workers=3)
    assert json.loads(json.dumps(hardware)) == hardware
    assert hardware["workers"] == 3
    assert hardware["cores"] >= 1
    assert hardware["memory_gib"] > 0
    assert hardware["processor"]
    assert hardware["vector_instructions"]


def repository(folder: Path) -> Path:
    """A git repository with one commit, and a copy of the module in it."""
    git = [
        "git",
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.org",
        "-c",
        "init.defaultBranch=m",
    ]
    (folder / "environment.py").write_text("one")
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "one"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return folder / "environment.py"


def test_the_commit_says_whether_anything_was_changed_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = repository(tmp_path)
    monkeypatch.setattr(provenance, "__file__", str(module))
    commit = provenance.git_commit()
    assert commit is not None
    assert len(commit) == 40
    module.write_text("two")
    assert provenance.git_commit() == f"{commit}-dirty"


def test_a_tag_does_not_stand_in_for_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = repository(tmp_path)
    subprocess.run(["git", "tag", "v1"], cwd=tmp_path, check=True)
    monkeypatch.setattr(provenance, "__file__", str(module))
    assert len(provenance.git_commit() or "") == 40


def test_a_copy_in_somebody_else_s_repository_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(tmp_path)
    installed = tmp_path / ".venv" / "environment.py"
    installed.parent.mkdir()
    installed.write_text("one")
    monkeypatch.setattr(provenance, "__file__", str(installed))
    assert provenance.git_commit() is None


def test_outside_git_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "environment.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.git_commit() is None


def test_without_the_git_program_there_is_no_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance.git_commit() is None
