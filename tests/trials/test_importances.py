"""Importances are found once, and taken from a record only if that is of the same question."""

import pytest

from study.records.importance import Importances
from study.records.trial import Trial
from study.trials import importances
from study.trials.importances import search_importances
from tests.factories import trial
from tests.report.inputs import searched

SPACE = searched().space
VARIED = ("filters", "rate", "norm", "momentum")


def trials() -> list[Trial]:
    return [one for one in searched().trials if one.score is not None]


def asked(
    of: list[Trial], known: Importances | None = None, varied: tuple[str, ...] = VARIED
) -> Importances:
    assert SPACE
    return search_importances(of, SPACE, varied, known)


def test_what_was_found_before_is_not_found_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(trials())
    assert {one.name for one in found.ped_anova} == {*VARIED}
    kept = Importances.model_validate_json(found.model_dump_json())
    monkeypatch.setattr(importances, "importances", None)
    assert asked(trials(), kept) == found


def test_other_trials_scores_or_spaces_are_asked_about_anew() -> None:
    assert SPACE
    found = asked(trials())
    more = [*trials(), trial(9, 0.95, hyperparameters={"filters": 64, "rate": 0.1, "norm": True})]
    other = [one.model_copy(update={"score": 0.5 + one.number / 100}) for one in trials()]
    for changed in (more, other):
        assert asked(changed, found) == asked(changed) != found
    wider = SPACE.hyperparameters[0].model_copy(update={"values": [8, 16, 32, 64]})
    space = SPACE.model_copy(update={"hyperparameters": [wider, *SPACE.hyperparameters[1:]]})
    assert search_importances(trials(), space, VARIED, found).asked != found.asked


def test_a_record_of_other_hyperparameters_is_not_taken() -> None:
    found = asked(trials())
    names = [one.model_copy(update={"name": "odd"}) for one in found.ped_anova]
    for forged in ({"ped_anova": names}, {"fanova": names}, {"ped_anova": found.ped_anova[:1]}):
        assert asked(trials(), found.model_copy(update=forged)) == found


def test_where_nothing_varied_there_is_nothing() -> None:
    found = asked(trials(), varied=())
    assert (found.fanova, found.ped_anova, found.trials) == ((), (), 0)
