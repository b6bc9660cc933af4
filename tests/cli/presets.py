"""Presets that a user has written."""

from pathlib import Path


def preset(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return str(path)
