"""The evaluation: everything is chosen on validation, then the test part is read, once."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from study.data.dataset import Crossed, DataOptions, Dataset, Part
from study.errors import StudyFailed
from study.evaluation import evaluate
from study.evaluation.evaluate import SEED_STEP, Result
from study.problem.problem import Problem
from study.problem.settings import EvaluationSettings
from study.records.base import Value
from study.records.evaluation import Evaluation, PerClass, SeedResult
from study.run.store import Run
from study.training import training
from study.training.job import Job, Trained
from tests import tiny

TUNED: dict[str, Value] = {"units": 16, "deep": False, "rate": 5e-2}
VALIDATED = {"baseline": [0.5, 0.7, 0.6], "tuned": [0.9, 0.8, 0.85]}
"""What each retraining is told to have scored on validation."""


def knowing(classes: int, heads: int = 1) -> keras.Model:
    """A network that is right on the first classes of six and says class 0 for the others.

    It is made for images that hold their class as the value of every pixel.
    """
    pixels = keras.Input((6, 6, 1))
    value = keras.layers.GlobalAveragePooling2D()(pixels)  # (n, 1): the class
    bumps = keras.layers.Dense(6, name="bumps")(value)  # largest where the class is
    outputs = [keras.layers.Softmax(name="class")(bumps)]
    if heads == 2:
        side = keras.layers.Dense(1, activation="sigmoid", name="side")(value)
        shade = keras.layers.Softmax(name="shade")(keras.layers.Dense(3, name="shades")(value))
        outputs = [shade, side]
    model = keras.Model(pixels, outputs if heads == 2 else outputs[0])
    if heads == 2:
        model.get_layer("side").set_weights([np.array([[5.0]]), np.array([-12.5])])  # 3, 4, 5
        model.get_layer("shades").set_weights([np.zeros((1, 3)), np.array([1.0, 0, 0])])  # dark
        return model
    # -(x - c)^2 without x^2, and nothing for the classes the network does not know.
    known = np.arange(6)
    bias = np.where(known < classes, -(known**2.0), -1e3)
    model.get_layer("bumps").set_weights([2.0 * known[None, :], bias])
    return model


def plain_part(images: int) -> Part:
    classes = np.arange(images, dtype=np.int64) % 6
    pixels = np.broadcast_to(classes[:, None, None, None], (images, 6, 6, 1)).astype(np.uint8)
    return Part(pixels, {"class": classes, "side": classes // 3, "shade": classes % 3})


def plain_dataset() -> Dataset:
    return Dataset(
        name="plain",
        train=plain_part(12),
        validation=plain_part(9),
        test=plain_part(60),
        columns=tiny.NAMES,
        crossed=Crossed(("side", "shade"), into="class"),
    )


def hand_made(patch: pytest.MonkeyPatch) -> list[Job]:
    """Have retrainings give networks made by hand; the jobs asked for are noted.

    The seed that is best on validation knows 4 of 6 classes (baseline) or 5 (tuned), the others
    all 6: better on the test part.
    """
    seen: list[Job] = []

    def stub(job: Job, _: Any) -> tuple[keras.Model, Trained]:
        seen.append(job)
        network = "tuned" if job.values == TUNED else "baseline"
        number = (job.seed - job.data_seed) // SEED_STEP - 1
        score = VALIDATED[network][number]
        best = score == max(VALIDATED[network])
        known = (5 if network == "tuned" else 4) if best else 6
        trained = Trained(
            curves={"loss": [1.0, 0.5], "accuracy": [0.1, 0.2]},
            best_epoch=2,
            score=score,
            parameters=17 if network == "tuned" else 11,
            hyperparameters=dict(job.values),
            seconds=1.0,
            latency=1e-3,
            finished="2026-11-22T08:27:42+00:00",
        )
        return knowing(known), trained

    patch.setattr(evaluate, "train", stub)
    use(patch, tiny.problem())
    return seen


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The retrainings asked for, of hand-made networks."""
    return hand_made(monkeypatch)


def use(patch: pytest.MonkeyPatch, problem: Problem) -> None:
    patch.setattr(evaluate, "load_problem", lambda _: problem)
    patch.setattr(evaluate, "cached_dataset", lambda *_: plain_dataset())


def evaluated(
    problem: Problem | None = None, engine: Any = None, seeds: int = 3, **events: Any
) -> Result:
    ignored = {"on_submit": lambda *_: None, "on_retrained": lambda *_: None}
    return evaluate.evaluate(
        problem or tiny.problem(),
        tiny.SIGNATURE,
        TUNED,
        EvaluationSettings(seeds=seeds, epochs=2),
        16,
        DataOptions(),
        1,
        Path("retraining"),
        engine or tiny.InstantEngine(),
        **(ignored | events),
    )


@pytest.fixture(scope="module")
def result() -> Result:
    """An evaluation of hand-made networks over three seeds."""
    with pytest.MonkeyPatch.context() as patch:
        hand_made(patch)
        return evaluated()


# What is retrained


def test_both_networks_are_retrained_on_the_same_seeds_with_the_same_budget(
    jobs: list[Job],
) -> None:
    evaluated()
    baseline, tuned = jobs[:3], jobs[3:]
    assert [job.values for job in baseline] == [tiny.BASELINE] * 3
    assert [job.values for job in tuned] == [TUNED] * 3
    assert [job.seed for job in baseline] == [job.seed for job in tuned]
    assert len({job.seed for job in jobs}) == 3
    assert {(job.epochs, job.batch_size, job.max_images) for job in jobs} == {(2, 16, None)}
    assert {(job.data_seed, job.first_epoch, job.load_from) for job in jobs} == {(1, 0, None)}


def test_networks_are_retrained_in_float32_whatever_the_search_was_in(jobs: list[Job]) -> None:
    evaluated()
    assert {job.dtype_policy for job in jobs} == {"float32"}


def test_no_seed_is_one_of_a_trial_of_the_search(jobs: list[Job]) -> None:
    evaluated()
    assert min(job.seed for job in jobs) > 1 + 10_000  # the search's seed and most trials


@pytest.mark.usefixtures("jobs")
def test_which_worker_is_faster_changes_nothing(result: Result) -> None:
    backward = evaluated(engine=tiny.BackwardEngine())
    assert backward.evaluation == result.evaluation
    assert backward.models.keys() == result.models.keys()


def test_every_retraining_is_told(jobs: list[Job]) -> None:
    submitted: list[tuple[str, int]] = []
    done: list[tuple[str, SeedResult]] = []
    engine = tiny.InstantEngine()
    evaluated(
        engine=engine,
        on_submit=lambda *news: submitted.append(news),
        on_retrained=lambda *news: done.append(news),
    )
    assert submitted == [(key, 2) for key in engine.keys]
    assert engine.keys == [
        f"tiny-evaluate-{network}-{n}" for network in ("baseline", "tuned") for n in (1, 2, 3)
    ]
    assert [key for key, _ in done] == engine.keys
    assert [found.seed for _, found in done] == [job.seed for job in jobs]


# What is chosen


def test_the_saved_network_is_the_best_on_validation_and_not_on_the_test_part(
    result: Result,
) -> None:
    networks = result.evaluation.networks
    for name, best in (("baseline", 2), ("tuned", 1)):
        network = networks[name]
        tests = [one.test["accuracy"] for one in network.seeds]
        assert network.saved_seed == network.seeds[best - 1].seed == 1 + SEED_STEP * best
        assert tests[best - 1] == min(tests) < max(tests)


def test_the_model_file_is_the_saved_network(result: Result, tmp_path: Path) -> None:
    test = plain_dataset().test
    for name in ("baseline", "tuned"):
        path = tmp_path / f"{name}.keras"
        path.write_bytes(result.models[name])
        model = keras.models.load_model(path, safe_mode=True)
        predicted = np.asarray(model(test.images.astype(np.float32)))
        assert_allclose(predicted, result.predictions[f"{name}_class"], rtol=1e-5, atol=1e-7)


def test_the_result_depends_on_the_tuned_values_given(result: Result) -> None:
    networks = result.evaluation.networks
    assert networks["baseline"].hyperparameters == tiny.BASELINE
    assert networks["tuned"].hyperparameters == TUNED
    assert (networks["baseline"].parameters, networks["tuned"].parameters) == (11, 17)


# What is measured


def test_scores_are_of_the_right_part(result: Result) -> None:
    best = result.evaluation.networks["baseline"].seeds[1]
    assert best.test["accuracy"] == pytest.approx(4 / 6)
    assert best.validation["accuracy"] == pytest.approx(7 / 9)
    assert set(best.test) == {"loss", "accuracy"}
    assert (best.epochs, best.curves["loss"], best.seconds) == (2, [1.0, 0.5], 1.0)
    assert result.evaluation.images == {"train": 12, "validation": 9, "test": 60}


def test_an_ensemble_is_the_mean_of_the_seeds_probabilities() -> None:
    """Each seed is wrong about one image of three; of the mean only one is wrong."""
    sure = np.array([[0.9, 0.1], [0.9, 0.1], [0.1, 0.9]])
    seeds = [sure.copy(), sure.copy(), sure.copy()]
    seeds[0][0] = seeds[1][1] = [0.4, 0.6]
    seeds[2][2] = [1.0, 0.0]
    seeds[0][2] = [0.6, 0.4]
    runs: Any = [SimpleNamespace(probabilities={"class": one}) for one in seeds]
    part = Part(np.zeros((3, 6, 6, 1), np.uint8), {"class": np.array([0, 0, 1])})
    found = evaluate._ensemble(replace(plain_dataset(), test=part), runs)["accuracy"]
    assert found.mean == pytest.approx(2 / 3)
    assert found.ci95[0] < 2 / 3 < found.ci95[1]


def test_every_network_has_its_ensemble(result: Result) -> None:
    for network in result.evaluation.networks.values():
        assert set(network.ensemble) == {"accuracy"}


def test_the_mean_is_over_all_seeds(result: Result) -> None:
    networks = result.evaluation.networks
    assert networks["baseline"].test["accuracy"].mean == pytest.approx((6 + 4 + 6) / 18)
    assert networks["tuned"].test["accuracy"].mean == pytest.approx((5 + 6 + 6) / 18)
    for network in networks.values():
        low, high = network.test["accuracy"].ci95
        assert low < network.test["accuracy"].mean < high


def test_the_comparison_is_tuned_minus_baseline(result: Result) -> None:
    comparison = result.evaluation.comparison
    assert comparison.difference == pytest.approx(1 / 18)
    assert comparison.ci95[0] < 1 / 18 < comparison.ci95[1]
    assert comparison.verdict == "no significant difference"


def test_classes_are_counted_for_the_saved_network(result: Result) -> None:
    baseline = result.evaluation.networks["baseline"]  # knows 4 classes, says 3 for 4 and 5
    assert set(baseline.per_head) == {"class"}
    found = baseline.per_head["class"]
    assert found.recall == [1, 1, 1, 1, 0, 0]
    assert found.precision[:3] == [1, 1, 1]
    assert found.precision[3] == pytest.approx(1 / 3)
    assert found.precision[4:] == [None, None]  # never predicted
    assert found.f1 == pytest.approx([1, 1, 1, 0.5, 0, 0])


def test_a_class_without_test_images_has_neither_recall_nor_f1() -> None:
    """Class 5 has none and is predicted once, class 4 has none and is never predicted."""
    part = plain_dataset().test
    there = part.labels["class"] < 4
    few = Part(part.images[there], {name: of[there] for name, of in part.labels.items()})
    predicted = few.labels["class"].copy()
    predicted[0] = 5

    per_class = evaluate._per_class(few.labels["class"], np.eye(6)[predicted])

    assert None not in per_class.f1[:4]
    assert per_class.f1[4:] == per_class.recall[4:] == [None, None]
    assert per_class.precision[4:] == [None, 0]
    assert PerClass.model_validate_json(per_class.model_dump_json()) == per_class
    assert "NaN" not in per_class.model_dump_json()


# What is left on disk


def test_predictions_are_of_the_test_part(result: Result) -> None:
    arrays = result.predictions
    assert set(arrays) == {
        "labels_class",
        "baseline_class", "tuned_class",
        "baseline_correct", "tuned_correct",
    }  # fmt: skip
    assert_array_equal(arrays["labels_class"], plain_dataset().test.labels["class"])
    assert arrays["tuned_class"].shape == (60, 6)
    assert arrays["tuned_class"].dtype == np.float32
    assert arrays["tuned_correct"].shape == (3, 60)
    assert arrays["tuned_correct"].dtype == bool
    assert arrays["tuned_correct"].mean(axis=1).tolist() == pytest.approx([5 / 6, 1, 1])


def test_several_heads_are_compared_jointly(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads in another order than the data set's attributes: `side` right, `shade` always dark."""
    problem = tiny.two_heads()
    use(monkeypatch, problem)
    stub = evaluate.train
    monkeypatch.setattr(evaluate, "train", lambda job, _: (knowing(6, heads=2), stub(job, None)[1]))
    result = evaluated(problem, seeds=2)
    evaluation = result.evaluation
    assert len(jobs) == 4
    assert evaluation.metric == "joint"
    tuned = evaluation.networks["tuned"]
    means = {name: estimate.mean for name, estimate in tuned.test.items()}
    assert means == pytest.approx({"shade": 1 / 3, "side": 1, "joint": 1 / 3})
    assert set(tuned.seeds[0].test) == {"loss", "shade", "side", "joint"}
    assert tuned.per_head["side"].f1 == [1, 1]
    assert tuned.per_head["shade"].f1 == pytest.approx([0.5, 0, 0])  # dark is all it ever says
    assert tuned.per_head["shade"].precision[1:] == [None, None]
    assert set(result.predictions) == {
        "labels_shade", "labels_side",
        "baseline_shade", "baseline_side", "tuned_shade", "tuned_side",
        "baseline_correct", "tuned_correct",
    }  # fmt: skip
    assert result.predictions["tuned_side"].shape == (60, 2)
    assert result.predictions["tuned_shade"].shape == (60, 3)
    assert result.predictions["tuned_correct"].mean() == pytest.approx(1 / 3)


@pytest.mark.usefixtures("workplace")
def test_the_record_is_as_agreed(result: Result) -> None:
    run = Run("demo")
    run.write_evaluation("tiny", result.evaluation, result.predictions, result.models)
    assert run.evaluation("tiny") == result.evaluation
    record = result.evaluation.model_dump(mode="json")
    assert {"problem", "metric", "networks", "comparison"} <= set(record)
    assert (record["problem"], record["metric"]) == ("tiny", "accuracy")
    assert list(record["networks"]) == ["baseline", "tuned"]
    for network in record["networks"].values():
        assert {
            "hyperparameters", "parameters", "seeds", "test", "per_head"
        } <= set(network)  # fmt: skip
        assert {"seed", "epochs", "validation", "test"} <= set(network["seeds"][0])
        assert set(network["test"]) == {"accuracy"}
        assert set(network["test"]["accuracy"]) == {"mean", "ci95"}
        assert len(network["test"]["accuracy"]["ci95"]) == 2
        assert set(network["per_head"]["class"]) == {"precision", "recall", "f1"}
    assert set(record["comparison"]) == {"difference", "ci95", "p_value", "method", "verdict"}
    assert Evaluation.model_validate_json(result.evaluation.model_dump_json()) == result.evaluation


# What fails


def test_one_failed_retraining_fails_the_evaluation(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = evaluate.train

    def sometimes(job: Job, on_epoch: Any) -> Any:
        if len(jobs) == 4:
            raise ArithmeticError("the training loss\nbecame nan")
        return stub(job, on_epoch)

    monkeypatch.setattr(evaluate, "train", sometimes)
    with pytest.raises(
        StudyFailed,
        match=r"tiny: retraining failed \(tiny-evaluate-tuned-2\): "
        r"ArithmeticError: the training loss became nan$",
    ):
        evaluated()


def test_a_dead_worker_fails_the_evaluation_in_one_line(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise StudyFailed("tiny-evaluate-baseline-1: the worker process died 3 times")

    monkeypatch.setattr(evaluate, "_retrain", die)
    with pytest.raises(StudyFailed, match="tiny-evaluate-baseline-1: the worker process died"):
        evaluated(engine=tiny.BackwardEngine())
    assert jobs == []


# The real thing, small


def test_a_real_network_is_saved_as_it_predicts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    problem, dataset = tiny.problem(), tiny.dataset()
    for module in (evaluate, training):
        monkeypatch.setattr(module, "load_problem", lambda _: problem)
        monkeypatch.setattr(module, "cached_dataset", lambda *_: dataset)
    monkeypatch.setattr(evaluate, "report_epoch", lambda *_: None)
    job = Job("tiny", tiny.SIGNATURE, TUNED, 1, DataOptions(), 1, epochs=4, batch_size=16)
    found = evaluate._retrain(job)
    assert isinstance(found, evaluate.Retrained)
    assert found.validation["accuracy"] == found.trained.score
    (tmp_path / "model.keras").write_bytes(found.model)
    model = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert getattr(model, "optimizer", None) is None  # it would triple the file
    predicted = np.asarray(model(dataset.test.images.astype(np.float32), training=False))
    assert_allclose(predicted, found.probabilities["class"], rtol=1e-4, atol=1e-6)
    assert found.test["accuracy"] == found.correct["accuracy"].mean()
