"""results/: what is written comes back, whole or not at all; what is damaged is named."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from study.errors import CorruptRecord, WrongName, WrongUse
from study.machine.files import replacing, write_bytes, write_text
from study.records.picture import Picture
from study.records.study import Ground, Signature, Stage, StudyRecord
from study.run import places
from study.run.listing import open_run, run_names
from study.run.places import check_name, comparison_path, plain_name
from study.run.store import Run
from tests.factories import evaluation, predictions, trial

pytestmark = pytest.mark.usefixtures("workplace")


@pytest.fixture
def run() -> Run:
    """A run with a study.json and nothing else."""
    made = Run("demo")
    made.write_study(study())
    return made


def study(**changes: object) -> StudyRecord:
    fields = {
        "name": "demo",
        "created": "2026-01-02T03:04:05+00:00",
        "command": "python -m study run --name demo",
        "seed": 1,
        "problems": ["mnist", "line"],
        "settings": {"search": {"max_trials": 3}},
        "versions": {"python": "3.11.2"},
        "hardware": {"cores": 2, "memory_gib": 7.5, "processor": "some"},
        "git_commit": None,
        "stages": [Stage(problem="mnist", stage="search", seconds=1.5, command="python -m study")],
    }
    return StudyRecord.model_validate(fields | changes)


def picture(**changes: object) -> Picture:
    fields = {
        "file": "history.png",
        "section": "search",
        "title": "Höchstwerte",
        "caption": "What was <tried>.",
        "alt": "A rising line",
    }
    return Picture.model_validate(fields | changes)


def files() -> list[str]:
    """All files below the current folder, hidden ones too."""
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


# Names


@pytest.mark.parametrize("name", ["a", "demo", "line-2.1_b", "7", "a" * 64, "x..y"])
def test_a_plain_name_is_a_run_name(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", "a\\b", "/tmp/x", ".hidden", "-x", "a b", "a\n", "ä", "a" * 65],
)
def test_a_path_or_an_odd_name_is_refused(name: str) -> None:
    with pytest.raises(WrongName, match=r"run name: expected letters, digits, .* and no path, got"):
        check_name(name)
    with pytest.raises(WrongName, match="no path"):
        open_run(name)


@given(st.text(max_size=70))
def test_a_name_that_is_accepted_stays_inside_results(name: str) -> None:
    try:
        folder = Run(check_name(name)).folder
    except WrongName:
        return
    assert folder.resolve().parent == places.RESULTS.resolve()


def test_an_unknown_run_is_refused_with_those_there_are(run: Run) -> None:
    Run("another").write_study(study(name="another"))
    (places.RESULTS / "no-run").mkdir()
    with pytest.raises(WrongName, match="no run 'dmeo' in results/; runs: another, demo"):
        open_run("dmeo")
    assert open_run("demo") == run
    assert run_names() == ["another", "demo"]


@pytest.mark.parametrize(
    "text",
    ["demo", "results/demo", "results/demo/", "./results/demo", "results//./demo", "{}/demo"],
)
def test_a_run_s_folder_is_as_good_as_its_name(run: Run, text: str) -> None:
    assert open_run(text.format(places.RESULTS.resolve())) == run


@pytest.mark.parametrize(
    "text", ["other/demo", "demo/", "results/demo/mnist", "results/..", "/demo"]
)
@pytest.mark.usefixtures("run")
def test_another_folder_of_that_name_is_no_run(text: str) -> None:
    with pytest.raises(WrongName, match="no path"):
        open_run(text)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("quick", "quick"),
        ("my preset", "my-preset"),
        ("v1.2 (größer)", "v1.2-gr-er"),
        ("-.hidden", "hidden"),
        ("größe", "gr-e"),
        ("日本", "run"),
        ("x" * 99, "x" * 10),
    ],
)
def test_any_text_can_begin_a_run_s_name(text: str, plain: str) -> None:
    assert plain_name(text, longest=10) == plain[:10].rstrip() == check_name(plain[:10])


@given(st.text(max_size=70), st.integers(1, 64))
def test_a_plain_name_is_one(text: str, longest: int) -> None:
    assert check_name(plain_name(text, longest))


def test_without_runs_none_is_listed() -> None:
    assert run_names() == []
    with pytest.raises(WrongName, match="runs: none yet"):
        open_run("demo")


# Round trips


def test_everything_lies_where_the_readme_says(run: Run) -> None:
    run.append_trial("mnist", trial())
    run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {"tuned": b"bytes"})
    run.write_pictures("mnist", [picture()])
    write_text(run.report_path, "<html>")
    assert files() == [
        "reports/demo.html",
        "results/demo/mnist/evaluation.json",
        "results/demo/mnist/figures/figures.json",
        "results/demo/mnist/models/tuned.keras",
        "results/demo/mnist/predictions.npz",
        "results/demo/mnist/trials.jsonl",
        "results/demo/study.json",
    ]
    assert run.search_folder("mnist") == Path("results/demo/mnist/search")


def test_a_study_comes_back(run: Run) -> None:
    assert run.study() == study()


@pytest.mark.parametrize("name", ["/tmp/elsewhere", "../demo/mnist", "a b", ""])
def test_a_problem_s_name_that_is_a_path_is_refused(run: Run, name: str) -> None:
    path = run.folder / "study.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"problems": [name]}))
    with pytest.raises(CorruptRecord, match=r"study\.json: damaged record: problems"):
        run.study()


@pytest.mark.parametrize(
    ("field", "value"),
    [("finished", "yesterday"), ("finished", "0001-01-01"), ("seconds", 1e300), ("seconds", -1)],
)
def test_times_that_are_none_are_refused(run: Run, field: str, value: object) -> None:
    run.append_trial("mnist", trial())
    path = run.problem_folder("mnist") / "trials.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}) + "\n")
    with pytest.raises(CorruptRecord, match=f"line 1: damaged record: {field}"):
        run.trials("mnist")


def test_trials_come_back_in_order_failed_ones_too(run: Run) -> None:
    trials = [
        trial(0, 0.5, hyperparameters={"deep": True, "width": 32, "rate": 1e-3, "kind": "max"}),
        trial(1, None, error="ValueError: a \u2028 strange \x85 message \x1c with ünicode 🎲"),
        trial(2, 0.7, tuner={"tuner/epochs": 3, "tuner/trial_id": "0001"}),
    ]
    for one in trials:
        run.append_trial("line", one)
    assert run.trials("line") == trials


def test_a_flag_does_not_come_back_as_a_number(run: Run) -> None:
    run.append_trial("line", trial(hyperparameters={"flag": True, "one": 1, "real": 1.0}))
    values = run.trials("line")[0].hyperparameters
    assert [type(value) for value in values.values()] == [bool, int, float]


def test_probabilities_are_kept_to_six_decimals(run: Run) -> None:
    exact = np.array([[0.12345678, 1e-9]], np.float32)
    labels = np.array([1])
    arrays = {"labels_class": labels, "tuned_class": exact}
    run.write_evaluation("mnist", evaluation(), arrays, {})
    back = run.predictions("mnist")
    assert_array_equal(back["tuned_class"], np.array([[0.123457, 0]], np.float32))
    assert back["tuned_class"].dtype == np.float32
    assert_array_equal(back["labels_class"], labels)


def test_an_evaluation_comes_back_with_predictions_and_models(run: Run) -> None:
    made, arrays = evaluation(), predictions({"class": 3})
    run.write_evaluation("mnist", made, arrays, {"baseline": b"one", "tuned": b"two"})
    assert run.evaluation("mnist") == made
    back = run.predictions("mnist")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert_allclose(back[name], array, rtol=0, atol=1e-6)
    assert run.model_path("mnist", "baseline").read_bytes() == b"one"
    assert run.model_path("mnist", "tuned").read_bytes() == b"two"


def test_pictures_come_back(run: Run) -> None:
    pictures = [picture(), picture(file="filters-conv1.png", section="filters", network="tuned")]
    run.write_pictures("mnist", pictures)
    assert run.pictures("mnist") == pictures


def test_what_was_not_made_yet_is_missing_and_no_error(run: Run) -> None:
    assert run.trials("mnist") == []
    assert run.evaluation("mnist") is None
    assert run.pictures("mnist") == []
    with pytest.raises(WrongName, match=r"predictions\.npz is not there: evaluate the run first"):
        run.predictions("mnist")


def test_a_signature_comes_back(run: Run) -> None:
    assert run.signature("mnist") is None
    signature = Signature(
        image_shape=(28, 28, 1),
        heads={"class": ["0", "1"]},
        images={"train": 6, "validation": 2, "test": 2},
        ground=Ground(colour=[0], share=0.99),
    )
    run.write_signature("mnist", signature)
    assert run.signature("mnist") == signature


def test_problems_are_those_whose_search_has_begun_in_the_study_s_order(run: Run) -> None:
    signature = Signature(image_shape=(28, 28, 1), heads={}, images={})
    run.write_signature("mnist", signature)
    assert run.problems() == []
    run.append_trial("line", trial())
    run.append_trial("mnist", trial())
    (run.folder / "lost+found").mkdir()
    assert run.problems() == ["mnist", "line"]


# Whole or not at all


def test_a_failure_midway_leaves_the_old_file_and_nothing_else() -> None:
    path = Path("results/demo/notes.txt")
    write_text(path, "old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert path.read_text() == "old"
    assert files() == ["results/demo/notes.txt"]


def test_while_a_file_is_written_the_old_one_is_there() -> None:
    path = Path("notes.txt")
    write_text(path, "old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent.resolve() == path.parent.resolve()  # a rename, not a copy
    assert path.read_text() == "new"
    assert files() == ["notes.txt"]


def test_an_evaluation_is_there_only_once_what_it_refers_to_is(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="disk full"):
        run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {"tuned": b"new"})
    assert run.evaluation("mnist") is None
    assert "results/demo/mnist/predictions.npz" not in files()


# Damage


def test_a_damaged_line_of_trials_is_named_by_file_and_line(run: Run) -> None:
    for number in range(3):
        run.append_trial("mnist", trial(number))
    path = run.problem_folder("mnist") / "trials.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], lines[1][:40], lines[2]]))
    with pytest.raises(CorruptRecord, match=r"mnist/trials\.jsonl, line 2: damaged record: text"):
        run.trials("mnist")


def test_an_unknown_or_missing_key_is_named(run: Run) -> None:
    path = run.problem_folder("mnist") / "trials.jsonl"
    write_text(path, trial().model_dump_json().replace('"seed"', '"sead"') + "\n")
    with pytest.raises(CorruptRecord, match=r"line 1: damaged record: seed: Field required"):
        run.trials("mnist")


def read_study(run: Run) -> object:
    return run.study()


def read_trials(run: Run) -> object:
    return run.trials("mnist")


def read_evaluation(run: Run) -> object:
    return run.evaluation("mnist")


def read_pictures(run: Run) -> object:
    return run.pictures("mnist")


def read_predictions(run: Run) -> object:
    return run.predictions("mnist")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe{}", b"[1]", b"null", b"\x00" * 9])
@pytest.mark.parametrize(
    ("file", "read"),
    [
        ("study.json", read_study),
        ("mnist/trials.jsonl", read_trials),
        ("mnist/evaluation.json", read_evaluation),
        ("mnist/figures/figures.json", read_pictures),
        ("mnist/predictions.npz", read_predictions),
    ],
)
def test_a_damaged_file_is_named(
    run: Run, file: str, read: Callable[[Run], object], content: bytes
) -> None:
    if file.endswith(".jsonl"):
        content += b"\n"  # without, it is the half line of a process that was killed
    write_bytes(run.folder / file, content)
    with pytest.raises(CorruptRecord, match=file) as refusal:
        read(run)
    assert "\n" not in str(refusal.value)


def test_predictions_cut_short_are_refused(run: Run) -> None:
    run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {})
    path = run.problem_folder("mnist") / "predictions.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptRecord, match=r"predictions\.npz: cannot be read"):
        run.predictions("mnist")


def test_a_flipped_byte_in_predictions_is_refused(run: Run) -> None:
    run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {})
    path = run.problem_folder("mnist") / "predictions.npz"
    whole = bytearray(path.read_bytes())
    whole[120] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(CorruptRecord, match=r"predictions\.npz: cannot be read"):
        run.predictions("mnist")


def test_pickles_in_predictions_are_refused(run: Run) -> None:
    path = run.problem_folder("mnist") / "predictions.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, labels_class=np.array([{"code": "to run"}], dtype=object))
    with pytest.raises(CorruptRecord, match=r"predictions\.npz: expected numbers .*got object"):
        run.predictions("mnist")


@pytest.mark.parametrize("file", ["../../study.json", "/etc/passwd", "a/b.png", "..", ".", ""])
def test_a_picture_elsewhere_is_refused(run: Run, file: str) -> None:
    run.write_pictures("mnist", [picture(file=file)])
    with pytest.raises(CorruptRecord, match="is not a plain file name"):
        run.pictures("mnist")


def test_a_study_that_is_not_there_is_named() -> None:
    with pytest.raises(CorruptRecord, match=r"results/lost/study\.json: cannot be read: No such"):
        Run("lost").study()


def test_json_is_readable_by_anyone(run: Run) -> None:
    run.write_evaluation("mnist", evaluation(), predictions({"class": 3}), {})
    read = json.loads((run.problem_folder("mnist") / "evaluation.json").read_text())
    assert read["networks"]["tuned"]["test"]["accuracy"]["mean"] == 0.9


def test_comparison_is_named_after_its_runs() -> None:
    assert comparison_path(["a", "b-2"]) == Path("reports/a-vs-b-2.html")


def test_comparisons_of_other_runs_have_other_names(run: Run) -> None:
    paths = {
        comparison_path(names)
        for names in (["a", "b-vs-c"], ["a-vs-b", "c"], ["a", "b", "c"], ["c", "b", "a"])
    }
    assert len(paths) == 4
    run.folder.rename(run.folder.with_name("a-vs-b"))
    assert comparison_path(["a", "b"]) != Run("a-vs-b").report_path


@given(
    names=st.lists(
        st.from_regex(r"[a-z0-9][a-z.-]{0,63}", fullmatch=True),
        min_size=2,
        max_size=20,
        unique=True,
    )
)
def test_name_of_a_comparison_is_a_file_name(names: list[str]) -> None:
    path = comparison_path(names)
    assert path.parent == Path("reports")
    assert len(path.name) <= 200


def test_a_run_is_not_compared_with_itself() -> None:
    with pytest.raises(WrongUse, match="different runs to compare, got 'a' twice"):
        comparison_path(["a", "b", "a"])


def test_a_run_half_made_by_a_killed_process_goes_when_work_begins(run: Run) -> None:
    """One that another process is making stays."""
    half = Path("results/.new/results/other/study.json")
    write_text(half, "")
    with FileLock("results/.lock"), run.in_use():
        assert half.exists()
    with run.in_use():
        assert not Path("results/.new").exists()
