"""Being asked to stop, by real signals, each time in a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.command import ROOT, hear_control_c


def said(script: str, expect: int = 0) -> list[str]:
    """What a process says that heeds signals."""
    begin = (
        "import os, signal, sys, threading\n"
        "from contextlib import suppress\n"
        "from study.machine import stopping\n"
        "stopping.GRACE_S = float(os.environ.get('GRACE', 60))\n"
        "stopping.heed(lambda: os._exit(130))\n"
        "def press(number=signal.SIGINT): signal.raise_signal(number)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", begin + script],
        env=os.environ | {"PYTHONPATH": str(ROOT), "GRACE": "0.2" if expect == 130 else "60"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=hear_control_c,
    )
    assert (done.returncode, done.stderr) == (expect, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_however_often_it_is_asked_a_process_is_interrupted_once(name: str) -> None:
    script = f"""
for _ in range(5):
    try:
        press(signal.{name})
        print("undisturbed")
    except KeyboardInterrupt:
        print("interrupted")
"""
    assert said(script) == ["interrupted"] + 4 * ["undisturbed"]


@pytest.mark.parametrize(
    "importing",
    [
        "with suppress(BaseException): press()",
        "try: press()\n    except BaseException as error: raise ImportError from error",
    ],
)
def test_what_a_package_catches_stops_all_the_same(importing: str) -> None:
    script = f"""
def importing():
    {importing}
try:
    with stopping.heeded():
        importing()
except KeyboardInterrupt:
    print("interrupted")
"""
    assert said(script) == ["interrupted"]


def test_an_interrupt_that_python_drops_comes_again_without_a_word() -> None:
    script = """
import gc, time
def once(phase, info):
    gc.callbacks.clear()
    press()
gc.callbacks.append(once)
try:
    gc.collect()
    time.sleep(30)
    print("undisturbed")
except KeyboardInterrupt:
    print("interrupted")
"""
    assert said(script) == ["interrupted"]


def test_other_failures_stay_what_they_are() -> None:
    script = """
try:
    with stopping.heeded():
        raise ImportError("no such package")
except ImportError as error:
    print(error)
"""
    assert said(script) == ["no such package"]


def test_who_swallows_it_and_waits_for_ever_is_ended() -> None:
    script = "with suppress(BaseException): press()\nthreading.Event().wait()"
    assert said(script, expect=130) == []


def test_where_ctrl_c_is_ignored_it_stays_so() -> None:
    script = """
signal.signal(signal.SIGINT, signal.SIG_IGN)
stopping.heed(print)
press()
print(stopping.asked())
"""
    assert said(script) == ["False"]


def test_at_the_very_end_nothing_is_interrupted() -> None:
    assert said("stopping.heed_no_more()\npress()\nprint('done')") == ["done"]
