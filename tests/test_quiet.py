"""What happens while slow packages are imported."""

import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from study.quiet import heeding_ctrl_c


@pytest.fixture(autouse=True)
def _ctrl_c_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def catching_all() -> None:
    with suppress(BaseException):
        signal.raise_signal(signal.SIGINT)


def failing_for_all() -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    except BaseException as error:
        raise ImportError("no such package") from error


@pytest.mark.parametrize("importing", [catching_all, failing_for_all])
def test_ctrl_c_that_a_package_catches_stops_all_the_same(importing: Callable[[], None]) -> None:
    with pytest.raises(KeyboardInterrupt), heeding_ctrl_c():
        importing()


def test_other_failures_stay_what_they_are() -> None:
    with pytest.raises(ImportError), heeding_ctrl_c():
        raise ImportError


def test_after_the_block_ctrl_c_is_as_before() -> None:
    with heeding_ctrl_c():
        pass
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with heeding_ctrl_c():
        signal.raise_signal(signal.SIGINT)
