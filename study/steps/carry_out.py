"""Does all steps of a run that are left to do, in order.

Every step takes what it needs from the store and leaves its results there, so that a run can be
continued, repeated or looked at step by step. The last thing that a step writes is its record in
study.json; without it, everything else that the step writes or removes is done again when the run
continues. The record of a step that is repeated is removed before anything that it refers to
changes.
"""

from study.plan.done import to_do
from study.plan.work import check_space, settings_of, signature_of
from study.problem.problem import load_problem
from study.problem.space import search_space
from study.records.study import StageName, plan_of_today
from study.run.store import Run
from study.steps.draw_step import draw_step
from study.steps.evaluate_step import evaluate_step
from study.steps.explain_step import explain_step
from study.steps.observer import Observer
from study.steps.search_step import search_step
from study.workers.engine import Engine


def carry_out(run: Run, engine: Engine, observer: Observer) -> None:
    """Do all that is left to do except the report.

    When all problems are evaluated, their networks are explained and figures drawn side by side.
    """
    for name, step in to_do(run):
        if name and step == "search":
            search_step(run, name, engine, observer)
        elif name and step == "evaluate":
            evaluate_step(run, name, engine, observer)
    undrawn = _having_to_do(run, "figures")
    if undrawn:
        _plan_all(run)
    explain_step(run, _having_to_do(run, "explain"), engine, observer)
    draw_step(run, undrawn, engine, observer)


def _having_to_do(run: Run, step: StageName) -> list[str]:
    """The problems for which this step is left to do."""
    return [name for name, one in to_do(run) if name and one == step]


def _plan_all(run: Run) -> None:
    """Plan the steps that the version that started the run did not plan."""
    study = run.study()
    plan = plan_of_today(study.plan)
    if plan != study.plan:
        run.write_study(study.model_copy(update={"plan": plan}))


def check_spaces(run: Run) -> None:
    """Check that what is still to be trained is of the space that its search was started in.

    Raises:
        WrongUse: It is of another space.
    """
    for name, step in to_do(run):
        if name and step in ("search", "evaluate"):
            problem = load_problem(name)
            breadth = settings_of(run).search.breadth
            check_space(run, name, search_space(problem, signature_of(run, problem), breadth))
