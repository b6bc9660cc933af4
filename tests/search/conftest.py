"""Workers that do not train, and points that are not built."""

from functools import partial

import pytest
import scipy.optimize

from study.search import oracles, search
from study.training.job import Job, Trained
from tests.search.searches import outcome


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs that came to the workers, which do not train."""
    seen: list[Job] = []

    def run(job: Job) -> Trained:
        seen.append(job)
        return outcome(job)

    monkeypatch.setattr(search, "_run", run)
    return seen


@pytest.fixture
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bayesian search looks for the best next point from fifty sides: a step from each will do."""
    minimize = partial(scipy.optimize.minimize, options={"maxiter": 1})
    monkeypatch.setattr(scipy.optimize, "minimize", minimize)


@pytest.fixture
def _unchecked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points are not built to see whether they fit, but where that is what is tested."""
    if "checked" not in request.fixturenames:
        monkeypatch.setattr(oracles, "why_unfit", lambda *_, **__: None)


@pytest.fixture
def checked() -> None:
    """Points of the space are built before they are proposed."""
