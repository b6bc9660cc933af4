"""Time to a good network: seconds until the best validation accuracy reaches a target."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from pydantic import BaseModel

from benchmarks.task import BATCH_SIZE, TASKS, Result, Task, watch

LIMIT = 200.0
"""Seconds after which a search is given up; its time then counts as infinite."""

TRIALS = 1000
"""More than there is time for."""

OURS = ("study asha", "study random")
PEERS = {
    "Keras Tuner RandomSearch": ("plain_keras_tuner", "random"),
    "Keras Tuner Hyperband": ("plain_keras_tuner", "hyperband"),
    "Keras Tuner BayesianOptimization": ("plain_keras_tuner", "bayesian"),
    "Optuna TPE, MedianPruner": ("plain_optuna", "median"),
    "Optuna TPE, HyperbandPruner": ("plain_optuna", "hyperband"),
}
CONTESTANTS = (*OURS, *PEERS)


class Race(BaseModel):
    """One search of one contestant."""

    task: str
    contestant: str
    seed: int
    target: float
    seconds: float | None
    """None: not within LIMIT."""
    results: int
    """Scores it had by then: of trials, of rungs, or with the peers of epochs."""


def races(targets: dict[str, float], seeds: int) -> Iterator[Race]:
    """Every contestant in turn, seed by seed, so that a slow hour of the machine hits all."""
    for seed in range(1, seeds + 1):
        for name, task in TASKS.items():
            for contestant in CONTESTANTS:
                yield run(contestant, task, seed, targets[name])


def run(contestant: str, task: Task, seed: int, target: float) -> Race:
    """One search, stopped as soon as it has reached the target."""
    reached, results = None, 0
    with (
        tempfile.TemporaryDirectory(prefix="race-") as name,
        closing(_results(contestant, task, seed, Path(name))) as told,
    ):
        for seconds, result in told:
            results += 1
            if (result["score"] or 0.0) >= target:
                reached = round(seconds, 1)
                break
    return Race(
        task=task.problem,
        contestant=contestant,
        seed=seed,
        target=target,
        seconds=reached,
        results=results,
    )


def _results(contestant: str, task: Task, seed: int, folder: Path) -> Generator[Result]:
    """As the contestant tells them."""
    if contestant in OURS:
        tuner = contestant.removeprefix("study ")
        return but_the_baseline(study_search(tuner, TRIALS, task, seed, folder))
    module, method = PEERS[contestant]
    command = ["-m", f"benchmarks.contestants.{module}", task.problem, str(seed), method]
    return watch(command, folder, folder / "scores", LIMIT)


def but_the_baseline(results: Generator[Result]) -> Generator[Result]:
    """Without the first trial, however far it is trained: the peers are not told of a network."""
    baseline = None
    with closing(results):
        for seconds, result in results:
            if result["number"] == 0:
                baseline = result["hyperparameters"]
            if result["hyperparameters"] != baseline:
                yield seconds, result


def study_search(tuner: str, trials: int, task: Task, seed: int, folder: Path) -> Generator[Result]:
    """The command a user would give, with a preset that says what the peers are told too."""
    preset = folder / "preset.toml"
    given = task.data.model_dump(mode="json", exclude_none=True)
    data = "".join(f"{key} = {value}\n" for key, value in given.items())
    preset.write_text(
        f"[data.{task.load().data}]\n{data}"
        f"[search]\nbatch_size = {BATCH_SIZE}\nmax_epochs = {task.epochs}\n"
        f"max_trials = {trials}\n"
    )
    options = ["--tuner", tuner, "--preset", str(preset), "--seed", str(seed), "--name", "race"]
    command = ["-m", "study", "search", task.problem, *options]
    return watch(command, folder, folder / "results/race" / task.problem / "trials.jsonl", LIMIT)
