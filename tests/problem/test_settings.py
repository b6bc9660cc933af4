"""Presets: those that ship load; whatever is wrong with one is refused by the name of its key."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.data.dataset import DataOptions
from study.data.sets import mnist
from study.data.sets.lines import Options
from study.errors import WrongSetting
from study.problem.preset_files import changed, check_seed, load_preset, preset_names
from study.problem.settings import (
    TUNERS,
    EvaluationSettings,
    FigureSettings,
    SearchSettings,
    Settings,
    seconds,
)

ROOT = Path(__file__).parents[2]


def preset(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_quick_and_full_come_with_the_study() -> None:
    assert {"quick", "full"} <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_that_ships_loads_and_says_what_it_is(name: str) -> None:
    assert load_preset(name).description


def test_what_a_preset_leaves_out_takes_its_default(tmp_path: Path) -> None:
    settings = load_preset(preset(tmp_path, "[search]\nmax_trials = 4\n"))
    assert settings == Settings(search=SearchSettings(max_trials=4))


def test_an_empty_preset_is_all_defaults(tmp_path: Path) -> None:
    assert load_preset(preset(tmp_path, "")) == Settings()


def test_the_table_that_data_sets_shared_in_older_versions_is_read(tmp_path: Path) -> None:
    old = "images_per_class = 7\nmnist_images = 70\nvalidation = 0.2\nline_dir = '/lines'\n"
    new = "images_per_class = 7\nvalidation = 0.2\nline_dir = '/lines'\n"
    mnist = "[data.mnist]\nimages = 70\nvalidation = 0.2\n"
    settings = load_preset(preset(tmp_path, f"[data]\n{old}"))
    assert settings == load_preset(preset(tmp_path, f"[data.lines]\n{new}{mnist}"))
    assert settings.data.folders() == (Path("/lines"),)


def test_a_table_of_its_own_goes_before_the_one_of_older_versions(tmp_path: Path) -> None:
    text = "[data]\nvalidation = 0.2\nimages_per_class = 7\n[data.lines]\nvalidation = 0.3\n"
    settings = load_preset(preset(tmp_path, text))
    assert settings.data.of("lines") == Options(images_per_class=7, validation=0.3)
    assert settings.data.of("mnist").validation == 0.2


def test_the_settings_of_an_old_run_are_read() -> None:
    kept = json.loads((ROOT / "results/example/study.json").read_text())["settings"]
    settings = Settings.model_validate(kept)
    assert settings.data.of("lines") == Options(images_per_class=300)
    assert settings.data.of("mnist") == mnist.Options(images=30_000)


def test_settings_survive_the_way_through_json() -> None:
    settings = load_preset("quick")
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", r"unknown key 'colour'; known are: description, data, search, evaluation"),
        (
            "[search]\ntrials = 3",
            r"unknown key 'search\.trials'; known are: tuner, breadth,",
        ),
        ("[data]\nimages = 3", r"unknown key 'data\.images'; known are: lines, mnist"),
        ("[data.lines]\nimages = 3", r"unknown key 'data\.lines\.images'; known are: validation,"),
        ("[data]\nlines = 3", r"data\.lines: .*dictionary.*, got 3"),
        ("[search]\nmax_trials = 0", r"search\.max_trials: .*greater than or equal to 1, got 0"),
        ("[search]\nmax_trials = 10001", r"search\.max_trials: .*less than or equal to 10000"),
        ("[search]\nmax_epochs = 1.5", r"search\.max_epochs: .*integer.*, got 1\.5"),
        ("[search]\nmax_images = 0", r"search\.max_images: .*greater than or equal to 1, got 0"),
        ("[search]\nbatch_size = 'big'", r"search\.batch_size: .*integer.*, got 'big'"),
        ("[search]\ntuner = 'luck'", r"search\.tuner: .*'asha', got 'luck'"),
        ("[search]\ntime_limit = '10'", r"search\.time_limit: expected a time like 90s.*'10'"),
        ("[evaluation]\nseeds = 1", r"evaluation\.seeds: .*greater than or equal to 2, got 1"),
        ("[evaluation]\nepochs = 0", r"evaluation\.epochs: .*got 0"),
        ("[data.lines]\nimages_per_class = 4", r"data\.lines\.images_per_class: .*to 5, got 4"),
        ("[data.mnist]\nimages = 60001", r"data\.mnist\.images: .*got 60001"),
        ("[data.mnist]\nvalidation = 0.0", r"data\.mnist\.validation: .*than 0, got 0\.0"),
        ("[data.lines]\nvalidation = nan", r"data\.lines\.validation: .*got nan"),
        ("[data]\nmnist_images = 60001", r"data\.mnist\.images: .*got 60001"),
        ("[figures]\nimages = 5", r"figures\.images: .*greater than or equal to 6, got 5"),
        ("search = 3", r"search: .*dictionary.*, got 3"),
        ("description = 3", r"description: .*string, got 3"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(WrongSetting, match=words) as refusal:
        load_preset(preset(tmp_path, text))
    assert str(refusal.value).startswith(f"{tmp_path / 'mine.toml'}: ")
    assert "\n" not in str(refusal.value)


def test_the_first_of_several_mistakes_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"search\.max_trials"):
        load_preset(preset(tmp_path, "[search]\nmax_trials = 0\nmax_epochs = 0\n"))


def test_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match=r"mine\.toml: not a TOML file: .*line 1"):
        load_preset(preset(tmp_path, "search: {max_trials: 3}"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_text_is_read_however_an_editor_saves_it(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    text = newline.join(['description = "größer"', "[search]", "max_trials = 4", ""])
    (tmp_path / "mine.toml").write_bytes(text.encode(encoding))
    settings = load_preset(str(tmp_path / "mine.toml"))
    assert settings == Settings(description="größer", search=SearchSettings(max_trials=4))


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", 'description = "größer"'.encode("latin-1"), b"\x80abc"]
)
def test_not_text_is_refused_for_that_reason(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.toml").write_bytes(content)
    with pytest.raises(WrongSetting, match=r"mine\.toml: expected UTF-8 text, got other bytes"):
        load_preset(str(tmp_path / "mine.toml"))


def test_utf_16_without_its_mark_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes("[search]\n".encode("utf-16-le"))
    with pytest.raises(WrongSetting, match=r"mine\.toml: not a TOML file"):
        load_preset(str(tmp_path / "mine.toml"))


def test_a_preset_that_may_not_be_read_is_refused_for_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")  # as root, nothing is refused

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(WrongSetting, match=r"mine\.toml: cannot be read: Permission denied"):
        load_preset(preset(tmp_path, ""))


@pytest.mark.parametrize("name", ["qiuck", "no/such/file.toml"])
def test_a_missing_preset_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(WrongSetting, match=r"full or quick, or the path of a \.toml file"):
        load_preset(name)


def test_a_preset_cannot_be_reached_by_a_file_of_its_name(workplace: Path) -> None:
    (workplace / "quick").write_text("nonsense")
    assert load_preset("quick").description


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("1h1m1s", 3661), (" 5m ", 300)],
)
def test_durations_are_read(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "0s", "0h0m", "10", "-5m", "1.5h", "5m1h", "1h 30m", "m", "10 min", "1d", 99 * "9" + "s"],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time like 90s, 10m or 1h30m, got "):
        seconds(text)


@given(st.text(alphabet="0123456789hms ", max_size=400))
def test_a_duration_is_positive_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert seconds(text) > 0


@pytest.mark.parametrize("seed", [0, -1, 2**31])
def test_seed_zero_negative_or_huge_is_refused(seed: int) -> None:
    with pytest.raises(WrongSetting, match=rf"--seed: expected 1 to 2147483647.*got {seed}"):
        check_seed(seed)


@pytest.mark.parametrize("seed", [1, 42, 2**31 - 1])
def test_a_seed_is_handed_back(seed: int) -> None:
    assert check_seed(seed) == seed


def test_changed_leaves_what_is_not_given() -> None:
    settings = SearchSettings(tuner="grid", max_trials=7)
    assert changed(settings, max_epochs=9, tuner=None) == SearchSettings(
        tuner="grid", max_trials=7, max_epochs=9
    )
    assert settings.max_epochs == 3  # the record itself stays as it was


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"max_trials": 0}, "options: max_trials: .*got 0"),
        ({"time_limit": "soon"}, "options: time_limit: expected a time like"),
        ({"tuner": "luck"}, "options: tuner: .*got 'luck'"),
        ({"speed": 1}, "options: unknown key 'speed'; known are: tuner"),
    ],
)
def test_changed_checks_again(change: dict[str, object], words: str) -> None:
    with pytest.raises(WrongSetting, match=words):
        changed(SearchSettings(), **change)


def test_the_tuners_are_the_four_of_keras_tuner_and_asha() -> None:
    assert TUNERS == ("random", "grid", "bayesian", "hyperband", "asha")


def test_results_are_told_in_order_except_to_asha() -> None:
    assert [SearchSettings(tuner=tuner).tells_in_order for tuner in TUNERS] == [True] * 4 + [False]
    assert SearchSettings(tuner="asha", in_order=True).tells_in_order
    assert not SearchSettings(tuner="random", in_order=False).tells_in_order


@pytest.mark.parametrize(
    "record",
    [Settings().data, DataOptions(), SearchSettings(), EvaluationSettings(), FigureSettings()],
)
def test_settings_cannot_be_altered(record: SearchSettings) -> None:
    with pytest.raises(ValueError, match="frozen"):
        record.anything = 1  # type: ignore[attr-defined]
