"""Arrays that a run keeps: read as they were written, or refused in a line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from study.errors import CorruptRecord
from study.explanation.arrays import (
    ActivationsInfo,
    Evidence,
    HeadHeatmaps,
    HeatmapsInfo,
    Mistakes,
    MistakesInfo,
    Shown,
)
from study.run import finding_arrays
from study.run.finding_arrays import read_arrays, write_arrays
from study.run.store import Run

MAPS = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


@pytest.fixture
def run(workplace: Path) -> Run:
    assert workplace == Path.cwd()
    return Run("demo")


def heatmaps() -> list[HeatmapsInfo]:
    head = HeadHeatmaps("side", np.array([1, 0]), np.array([0.5, 1]), MAPS, "conv1", (3, 4))
    return [HeatmapsInfo([head], "gradcam++", None, "conv1", 16)]


def test_nested_arrays_come_back_as_they_were(run: Run) -> None:
    write_arrays(run, "tiny", "heatmaps-tuned", heatmaps())
    (read,) = read_arrays(run, "tiny", "heatmaps-tuned", list[HeatmapsInfo]) or []

    (head,) = read.heads
    assert isinstance(head, HeadHeatmaps)
    assert read._replace(heads=[]) == heatmaps()[0]._replace(heads=[])
    assert (head.head, head.layer, head.resolution) == ("side", "conv1", (3, 4))
    np.testing.assert_array_equal(head.maps, MAPS)
    assert head.maps.dtype == np.float32
    assert head.predicted.tolist() == [1, 0]


def test_words_and_numbers_come_back_too(run: Run) -> None:
    shown = Shown(np.int64(7), ("seven", "→ nine (50.0%)"), 0.5, "class", True)  # type: ignore[arg-type]
    pixels = np.zeros((1, 3, 4, 1), np.uint8)
    found = Mistakes(MistakesInfo(30, 1, (shown,)), Evidence(pixels, MAPS[:1]))
    write_arrays(run, "tiny", "mistakes", found)

    read = read_arrays(run, "tiny", "mistakes", Mistakes)

    assert read is not None
    assert read.info == found.info
    np.testing.assert_array_equal(read.evidence.maps, MAPS[:1])


def test_what_was_not_found_is_none(run: Run) -> None:
    assert read_arrays(run, "tiny", "heatmaps-tuned", list[HeatmapsInfo]) is None


def test_nothing_of_a_pickle_is_read(run: Run) -> None:
    write_arrays(run, "tiny", "one", heatmaps())
    objects = np.array([{}], dtype=object)
    np.savez(run.findings_folder("tiny") / "one.npz", **{"0": objects, "1": objects, "2": objects})

    with pytest.raises(CorruptRecord, match=r"one\.npz: expected numbers or flags"):
        read_arrays(run, "tiny", "one", list[HeatmapsInfo])


def test_arrays_that_unpack_to_more_than_a_finding_may_hold_are_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding_arrays, "ARRAYS_BYTES", 1000)
    write_arrays(run, "tiny", "one", Evidence(np.zeros((1, 99, 99, 1), np.uint8), MAPS))

    with pytest.raises(CorruptRecord, match=r"one\.npz: expected at most 1,000 bytes unpacked"):
        read_arrays(run, "tiny", "one", Evidence)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "one.json: damaged record: text: Invalid JSON"),
        ("[1]", "one.json: damaged record"),
        ('{"images": {"array": 0}, "maps": {"array": 9}}', "json: expected one of 2 arrays, got 9"),
        ('{"images": {"array": 0}, "maps": "none"}', "damaged record: maps: .* of ndarray"),
        (json.dumps([0] * 200_000), "expected at most 100,000 values"),
    ],
)
def test_a_damaged_description_is_named(run: Run, text: str, words: str) -> None:
    write_arrays(run, "tiny", "one", Evidence(MAPS, MAPS))
    (run.findings_folder("tiny") / "one.json").write_text(text)

    with pytest.raises(CorruptRecord, match=words):
        read_arrays(run, "tiny", "one", Evidence)


@pytest.mark.parametrize("damage", [lambda whole: whole[:100], lambda whole: b"none" + whole[4:]])
def test_of_damaged_arrays_the_same_is_said_as_of_damaged_predictions(
    run: Run, damage: Callable[[bytes], bytes]
) -> None:
    write_arrays(run, "tiny", "one", Evidence(MAPS, MAPS))
    npz = run.findings_folder("tiny") / "one.npz"
    npz.write_bytes(damage(npz.read_bytes()))
    predictions = run.problem_folder("tiny") / "predictions.npz"
    predictions.write_bytes(npz.read_bytes())

    with pytest.raises(CorruptRecord) as of_finding:
        read_arrays(run, "tiny", "one", Evidence)
    with pytest.raises(CorruptRecord) as of_predictions:
        run.predictions("tiny")
    assert str(of_finding.value).startswith(f"{npz}: ")
    assert str(of_predictions.value) == str(of_finding.value).replace(str(npz), str(predictions))


def test_a_link_that_leads_out_of_the_run_is_not_followed(run: Run, tmp_path: Path) -> None:
    write_arrays(run, "tiny", "one", Evidence(MAPS, MAPS))
    npz = run.findings_folder("tiny") / "one.npz"
    npz.rename(tmp_path / "elsewhere.npz")
    npz.symlink_to(tmp_path / "elsewhere.npz")

    with pytest.raises(CorruptRecord, match="leads elsewhere"):
        read_arrays(run, "tiny", "one", Evidence)


def test_a_layer_without_images_to_speak_of_is_kept(run: Run) -> None:
    info = ActivationsInfo("pool", "pooling", MAPS[..., np.newaxis], np.array([3]), 8, 0)
    write_arrays(run, "tiny", "activations-tuned", [info])

    (read,) = read_arrays(run, "tiny", "activations-tuned", list[ActivationsInfo]) or []

    assert (read.layer, read.kind, read.total) == ("pool", "pooling", 8)
    assert read.channels.tolist() == [3]
