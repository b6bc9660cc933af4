"""The whole study as a user runs it: real MNIST and lines, real processes, a real browser."""

import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from study.records.evaluation import Evaluation
from study.records.trial import Trial
from study.wording import several
from tests.browser import browser, browser_page, page_problems
from tests.command import TINY, begin, python, script, study
from tests.zygote import Zygote

pytestmark = pytest.mark.slow(minutes=4)

PROBLEMS = ("mnist", "multihead")
"""One head and several, digits and lines."""


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `run` has been run: once, for all test processes."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, done = shared / "study", shared / "study.done"
    with FileLock(shared / "study.lock"):
        if not done.exists():
            folder.mkdir()
            options = ("--preset", TINY, "--name", "tiny", "--workers", "2")
            ran = study(folder, "run", *PROBLEMS, *options)
            assert "report: reports/tiny.html" in ran.stdout
            assert "Traceback" not in ran.stderr
            done.touch()
    return folder


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, zygote: Zygote) -> Path:
    """A folder of line images with known names."""
    folder = tmp_path_factory.mktemp("lines")
    study(folder, "data", "line", "--preset", TINY, "--export", "exported", zygote=zygote)
    return folder / "exported"


def test_run_leaves_every_file_behind(folder: Path) -> None:
    for problem in PROBLEMS:
        kept = folder / "results/tiny" / problem
        for name in ("signature.json", "trials.jsonl", "evaluation.json", "predictions.npz"):
            assert (kept / name).is_file()
        for name in ("models/baseline.keras", "models/tuned.keras", "figures/figures.json"):
            assert (kept / name).is_file()


def test_study_json_says_what_was_run_where_and_how_long(folder: Path) -> None:
    record = json.loads((folder / "results/tiny/study.json").read_text())
    assert record["seed"] == 1
    assert record["settings"]["search"]["max_trials"] == 3
    assert record["versions"]["keras-tuner"]
    assert record["hardware"]["workers"] == 2
    timed = {(stage["problem"], stage["stage"]) for stage in record["stages"]}
    steps = {(p, s) for p in PROBLEMS for s in ("search", "evaluate", "explain", "figures")}
    assert timed == {*steps, (None, "report")}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_trials_hold_curves_and_begin_with_the_baseline(folder: Path, problem: str) -> None:
    lines = (folder / "results/tiny" / problem / "trials.jsonl").read_text().splitlines()
    trials = [Trial.model_validate_json(line) for line in lines]
    assert [trial.number for trial in trials] == [0, 1, 2]
    assert trials[0].hyperparameters["kernel_first"] == 7
    assert trials[0].hyperparameters["dense_units"] == 1024
    for trial in trials:
        assert trial.status == "completed"
        assert len(trial.curves["val_loss"]) == trial.epochs == 1
        assert trial.seconds > 0


@pytest.mark.parametrize("problem", PROBLEMS)
def test_evaluation_agrees_with_the_predictions_beside_it(folder: Path, problem: str) -> None:
    kept = folder / "results/tiny" / problem
    found = Evaluation.model_validate_json((kept / "evaluation.json").read_text())
    with np.load(kept / "predictions.npz") as arrays:
        for name, network in found.networks.items():
            right = arrays[f"{name}_correct"]
            assert right.shape == (2, found.images["test"])
            assert network.test[found.metric].mean == pytest.approx(right.mean())
            saved = [seed.seed for seed in network.seeds].index(network.saved_seed)
            wrong = [
                arrays[f"labels_{head}"] != arrays[f"{name}_{head}"].argmax(axis=1)
                for head in network.per_head
            ]
            assert (~np.any(wrong, axis=0)).sum() == right[saved].sum()
        gain = arrays["tuned_correct"].mean() - arrays["baseline_correct"].mean()
    assert found.comparison.difference == pytest.approx(gain)


def test_plain_keras_tuner_reloads_the_search(folder: Path, zygote: Zygote) -> None:
    code = """
import json, sys, keras_tuner
from search_spaces.multihead import build
tuner = keras_tuner.RandomSearch(
    build, objective=keras_tuner.Objective("val_joint", "max"), max_trials=3,
    directory="results/tiny/multihead", project_name="search", overwrite=False)
print("BEST", json.dumps(tuner.get_best_hyperparameters()[0].values))
"""
    printed = script(folder, code, zygote)
    best = json.loads(printed.partition("BEST")[2])
    lines = (folder / "results/tiny/multihead/trials.jsonl").read_text().splitlines()
    ours = max((json.loads(line) for line in lines), key=lambda trial: trial["score"])
    assert best == ours["hyperparameters"]


def test_plain_keras_loads_the_models_and_predicts_what_was_recorded(folder: Path) -> None:
    code = """
import sys, json, keras, numpy as np
from study.data import load_dataset
from study.data.sets import lines, mnist
OPTIONS = {"mnist": mnist.Options(images=400), "lines": lines.Options(images_per_class=8)}
for name, data in (("mnist", "mnist"), ("multihead", "lines")):
    test = load_dataset(data, seed=1, options=OPTIONS[data]).test
    with np.load(f"results/tiny/{name}/predictions.npz") as arrays:
        kept = arrays["tuned_angle" if name == "multihead" else "tuned_class"]
    model = keras.models.load_model(f"results/tiny/{name}/models/tuned.keras")
    output = model.predict(test.images[:50], verbose=0)
    output = output[3] if name == "multihead" else output
    assert np.allclose(output, kept[:50], atol=1e-4), name
"""
    python(folder, "-c", code)  # where no study ever was imported


@pytest.mark.parametrize("problem", PROBLEMS)
def test_both_networks_have_all_kinds_of_figures(folder: Path, problem: str) -> None:
    kept = folder / "results/tiny" / problem / "figures"
    pictures = json.loads((kept / "figures.json").read_text())
    made = {(picture["network"], picture["section"]) for picture in pictures}
    for network in ("baseline", "tuned"):
        kinds = ("activations", "filters", "heatmaps", "errors")
        assert {(network, kind) for kind in kinds} <= made
    assert {"search", "training", "results", "robustness", "trust"} <= {
        p["section"] for p in pictures
    }
    assert all((kept / picture["file"]).stat().st_size > 1000 for picture in pictures)
    files = {picture["file"] for picture in pictures}
    assert {"deletion.png", "deletion_areas.png", "sanity.png", "localisation_across.png"} <= files
    assert ("localisation.png" in files) == (problem != "mnist")  # where the evidence is known


def test_figures_are_drawn_again_from_what_was_found(folder: Path, zygote: Zygote) -> None:
    kept = folder / "results/tiny/multihead/figures"
    before = {path.name: path.read_bytes() for path in kept.iterdir()}
    hidden = folder / "results/tiny/multihead/models"
    hidden.rename(folder / "elsewhere")
    try:
        study(folder, "draw", "tiny", "--problem", "multihead", zygote=zygote)
    finally:
        (folder / "elsewhere").rename(hidden)
    assert {path.name: path.read_bytes() for path in kept.iterdir()} == before


@pytest.mark.parametrize("width", [1280, 390])
def test_report_opens_in_a_browser_without_complaints(folder: Path, width: int) -> None:
    with (
        browser() as started,
        browser_page(started, folder / "reports/tiny.html", width=width) as visit,
    ):
        assert page_problems(visit) == []
        assert visit.page.locator("figure img").count() > 30


def test_predict_with_a_run_answers_for_every_image(
    folder: Path, exported: Path, zygote: Zygote
) -> None:
    files = [str(path) for path in sorted(exported.glob("15_3_45_red_*.png"))[:2]]
    arguments = ("predict", "tiny", "--problem", "multihead", "--json", *files)
    done = study(folder, *arguments, zygote=zygote)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["image"] for answer in answers] == files
    for answer in answers:
        assert set(answer["color"]) == {"red", "blue"}


def test_predict_with_the_multi_head_network_answers_for_every_head(
    folder: Path, exported: Path, zygote: Zygote
) -> None:
    image = str(next(exported.glob("7_1_90_blue_*.png")))
    model = "results/tiny/multihead/models/tuned.keras"
    answer = json.loads(study(folder, "predict", model, "--json", image, zygote=zygote).stdout)
    assert set(answer) == {"image", "length", "width", "color", "angle"}
    assert sum(answer["length"].values()) == pytest.approx(1, abs=1e-4)


def test_explain_draws_the_layer_and_images_asked_for(
    folder: Path, exported: Path, zygote: Zygote
) -> None:
    first, second = (str(path) for path in sorted(exported.glob("*.png"))[:2])
    study(
        folder,
        *("explain", "--image", first, "--image", second),
        *(
            "results/tiny/multihead/models/baseline.keras",
            "--layer",
            "conv1",
            "--kind",
            "activations",
            "--out",
            "drawn",
        ),
        zygote=zygote,
    )
    assert [path.name for path in (folder / "drawn").iterdir()] == ["activations_conv1.png"]


def test_explain_answers_an_unknown_layer_with_those_there_are(
    folder: Path, zygote: Zygote
) -> None:
    model = "results/tiny/multihead/models/baseline.keras"
    arguments = ("explain", model, "--layer", "nope", "--kind", "filters")
    message = study(folder, *arguments, expect=2, zygote=zygote).stderr
    assert "nope" in message
    assert "conv1" in message


def test_own_images_are_trained_on_and_the_report_says_what_is_missing(
    folder: Path, exported: Path, zygote: Zygote
) -> None:
    done = study(
        folder,
        *("search", "line", "--preset", TINY, "--max-trials", "1", "--name", "own"),
        *("--line-dir", str(exported), "--workers", "1"),
        zygote=zygote,
    )
    assert "trial 1/1" in done.stdout
    study(folder, "report", "own", zygote=zygote)
    assert "python -m study evaluate own" in (folder / "reports/own.html").read_text()


def test_lines_drawn_in_varied_ways_are_trained_on_and_recorded(
    folder: Path, zygote: Zygote
) -> None:
    done = study(
        folder,
        *("search", "line", "--preset", TINY, "--max-trials", "1", "--name", "varied"),
        *("--drawing", "varied", "--workers", "1"),
        zygote=zygote,
    )
    assert "trial 1/1" in done.stdout
    record = json.loads((folder / "results/varied/study.json").read_text())
    assert record["settings"]["data"]["lines"]["drawing"] == "varied"


def test_all_problems_are_meant_if_none_is_named(folder: Path, zygote: Zygote) -> None:
    again = ("run", "--preset", TINY, "--name", "tiny", "--workers", "2")
    message = study(folder, *again, expect=2, zygote=zygote).stderr
    assert "['mnist', 'multihead'] there, ['line', 'mnist', 'multihead'] here" in message


def test_a_second_evaluation_is_refused_unless_asked_for(folder: Path, zygote: Zygote) -> None:
    message = study(folder, "evaluate", "tiny", expect=2, zygote=zygote).stderr
    assert "--again" in message


def test_after_control_c_resume_goes_on_and_the_trials_are_the_same_in_the_end(
    folder: Path, zygote: Zygote
) -> None:
    """The search of digits again, on one worker, stopped by Ctrl-C."""
    here = ["--workers", "1", "--live"]
    search = ("search", "mnist", "--preset", TINY, "--name", "again", *here)
    process = begin(folder, *search, zygote=zygote)
    lines = folder / "results/again/mnist/trials.jsonl"
    while process.poll() is None and not lines.exists():
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: its workers hear it too
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert errors.splitlines() == [
        "error: results/again was stopped; finished work is kept, running trials up to their last "
        "epoch; the same command continues from there"
    ]
    finished = lines.read_text().count("\n")
    assert finished < 3
    page = folder / "reports/again.html"
    assert "This run has not ended" in page.read_text()
    resumed = study(folder, "resume", "again", *here, zygote=zygote)
    assert f"mnist: search: {several(finished, 'trial')} already finished" in resumed.stdout
    assert "This run has not ended" not in page.read_text()
    assert 'http-equiv="refresh"' not in page.read_text()
    kept = []
    for name in ("tiny", "again"):
        lines = (folder / "results" / name / "mnist/trials.jsonl").read_text().splitlines()
        kept.append([json.loads(line) for line in lines])
    for first, second in zip(*kept, strict=True):
        for one in (first, second):
            assert one.pop("seconds") > 0
            assert one.pop("latency") > 0
            assert one.pop("finished").endswith("+00:00")
        assert first == second


def test_show_ranks_the_trials_and_gives_the_verdict(folder: Path, zygote: Zygote) -> None:
    printed = study(folder, "show", "tiny", zygote=zygote).stdout
    for problem in PROBLEMS:
        assert f"{problem}: 3 trials, 0 failed" in printed
        assert f"{problem}: test " in printed


def test_list_names_problems_tuners_presets_and_runs(folder: Path, zygote: Zygote) -> None:
    words = study(folder, "list", zygote=zygote).stdout.split()
    assert {"line", "mnist", "multihead", "hyperband", "quick", "full", "tiny"} <= set(words)
