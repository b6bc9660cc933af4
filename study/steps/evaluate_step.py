"""The comparison of baseline and tuned on the test part: a step of a run."""

import shutil
import time

from study.errors import StudyFailed
from study.evaluation.evaluate import evaluate
from study.plan.done import forget_steps, record_training_step
from study.plan.work import check_space, settings_of, signature_of
from study.problem.problem import load_problem
from study.problem.space import search_space
from study.records.evaluation import Evaluation, SeedResult
from study.run.store import Run
from study.steps.observer import Observer
from study.trials.ranking import best_trial
from study.wording import percent
from study.workers.engine import Engine


def evaluate_step(run: Run, name: str, engine: Engine, observer: Observer) -> None:
    """Retrain both networks of one problem, read the test part, compare.

    An evaluation that is done is repeated; if only its record is missing, the record is written.
    """
    started = time.perf_counter()
    evaluation = run.evaluation(name)
    if evaluation is None or run.study().is_done(name, "evaluate"):
        evaluation = _evaluate(run, name, engine, observer)
    # Only now: a run that continues after a full disk needs the checkpoints.
    shutil.rmtree(run.retraining_folder(name), ignore_errors=True)
    networks = evaluation.networks.values()
    trained = sum(one.seconds for network in networks for one in network.seeds)
    record_training_step(run, name, "evaluate", started, trained)


def _evaluate(run: Run, name: str, engine: Engine, observer: Observer) -> Evaluation:
    settings, seed = settings_of(run), run.study().seed
    budget = settings.evaluation
    best = best_trial(run.trials(name))
    if best is None:
        raise StudyFailed(f"{name}: no trial of the search succeeded; see trials.jsonl")
    problem = load_problem(name)
    signature = signature_of(run, problem)
    # Another network would be trained in another space.
    check_space(run, name, search_space(problem, signature, settings.search.breadth))
    with observer.stage(f"{name}: evaluate", "network", 2 * budget.seeds, budget.epochs) as shown:
        engine.on_tick = shown.tick

        def show(key: str, result: SeedResult) -> None:
            score = result.validation[problem.objective]
            shown.finish(key, score, f"{key} scored {percent(score)} on validation")

        result = evaluate(
            problem,
            signature,
            best.hyperparameters,
            budget,
            settings.search.batch_size,
            settings.data.of(problem.data),
            seed,
            run.retraining_folder(name),
            engine,
            on_submit=shown.propose,
            on_retrained=show,
        )
        forget_steps(run, [name, None], "evaluate", "explain", "figures", "report")
        run.write_evaluation(name, result.evaluation, result.predictions, result.models)
    return result.evaluation
