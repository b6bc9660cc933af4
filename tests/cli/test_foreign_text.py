"""Whatever comes from outside arrives in a terminal as text, whatever the terminal's encoding."""

import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from study.cli.progress import Screen
from study.cli.terminal import waiting
from study.machine.foreign_text import visible
from study.records.picture import Picture
from study.records.study import Signature
from study.records.trial import Hyperparameter, SearchSpace
from study.run.store import Run
from tests.cli.conftest import Command
from tests.cli.test_predict import begin, network, picture
from tests.command import ROOT, TINY, python
from tests.factories import trial
from tests.report.inputs import png

OBEYED = (
    "[/job:localhost] [link=https://a.b]c[/link] \x1b]0;title\x07 \x9b2J \u202etxt.exe z\u200bw "
    "größe :smile:\rover\nforged: a line"
)
SEEN = visible(OBEYED)
FILE = OBEYED.replace("/", "-") + ".png"
BYTES = os.fsdecode(b"\xff")
"""Of a file name that is no UTF-8."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a hostile run and hostile file names, made once."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _hostile_run()
        plain = Path(picture(folder, 0))
        for name in (FILE, f"{BYTES}.png"):
            Path(name).write_bytes(plain.read_bytes())
        network(Path(f"{BYTES}.keras"))
    return folder


def _hostile_run() -> None:
    run = begin()
    run.append_trial("mnist", trial(1, 0.8, hyperparameters={OBEYED: OBEYED}))
    run.append_trial("mnist", trial(2, None, error=OBEYED))
    named = Hyperparameter(name=OBEYED, kind="choice", values=[OBEYED, "relu"])
    filters = Hyperparameter(name="filters", kind="choice", values=[32])
    run.write_space("mnist", SearchSpace(objective="accuracy", hyperparameters=[filters, named]))
    shape = {"image_shape": (28, 28, 1), "heads": {"class": [OBEYED, "1", "2"]}, "images": {}}
    run.write_signature("mnist", Signature.model_validate(shape))
    said = Picture(file="a.png", section="search", title=OBEYED, caption=OBEYED, alt=OBEYED)
    run.figures_folder("mnist").mkdir()
    (run.figures_folder("mnist") / "a.png").write_bytes(png())
    run.write_pictures("mnist", [said])
    changes = {"command": OBEYED, "git_commit": OBEYED, "created": OBEYED}
    run.write_study(run.study().model_copy(update=changes))


@pytest.fixture
def place(template: Path, command: Command) -> Command:
    """The command line in a copy of the folder."""
    shutil.copytree(template, Path(), dirs_exist_ok=True)
    return command


PREDICT = ("predict", "demo", "--network", "tuned")
EXPLAIN = ("explain", "demo", "--network", "tuned", "--kind", "heatmaps")
SHOWN: list[tuple[tuple[str, ...], str]] = [
    (("list",), ""),
    (("show", "demo"), SEEN),
    (("report", "demo"), "report: reports/demo.html"),
    (("export", "demo", "--to", "csv", "--out", f"to {FILE}"), f"{visible(FILE)}/demo-mnist.csv"),
    (("export", "demo", "--to", "optuna", "--out", "optuna"), "demo-optuna.db"),
    (("data", "line", "--preset", TINY, "--export", f"to {FILE}"), f"to {visible(FILE)}"),
    ((*PREDICT, FILE), f"{visible(FILE)}: "),
    ((*PREDICT, FILE), f"{SEEN} "),
    ((*PREDICT, f"{BYTES}.png"), r"\udcff.png: "),
    (("predict", f"{BYTES}.keras", "on-0.png"), "on-0.png: "),
    ((*EXPLAIN, "--image", FILE, "--out", f"to {FILE}"), f"{visible(FILE)}/heatmaps.png"),
    (
        ("explain", f"{BYTES}.keras", "--kind", "heatmaps", "--image", f"{BYTES}.png"),
        r"\udcff-figures/",
    ),
]
REFUSED: list[tuple[tuple[str, ...], str]] = [
    ((OBEYED,), SEEN),
    (("show", OBEYED), repr(OBEYED)),
    (("show", "demo", "--problem", OBEYED), repr(OBEYED)),
    (("show", "demo", f"--{OBEYED}"), SEEN[:20]),
    (("run", "mnist", "--name", OBEYED), repr(OBEYED)),
    (("run", "mnist", "--preset", OBEYED), "preset"),
    (("run", "mnist", "--preset", f"{BYTES}.toml"), r"\udcff.toml"),
    (("data", "line", "--line-dir", FILE), visible(FILE)),
    (("data", "line", "--line-dir", BYTES), r"\udcff"),
    (("export", "demo", "--to", "optuna", "--out", BYTES), r"\udcff"),
    (("export", "demo", "--to", "tensorboard", "--out", BYTES), r"\udcff"),
    ((*PREDICT, f"no {FILE}"), visible(f"no {FILE}")),
    (("predict", f"{BYTES}{FILE}.keras", FILE), r"\udcff"),
    ((*EXPLAIN, "--image", "on-0.png", "--class", f"{OBEYED}!"), repr(f"{OBEYED}!")),
    ((*EXPLAIN, "--image", "on-0.png", "--layer", OBEYED), repr(OBEYED)),
]


@pytest.mark.parametrize(("arguments", "words"), SHOWN)
def test_a_terminal_obeys_nothing_that_a_command_shows(
    place: Command, arguments: tuple[str, ...], words: str
) -> None:
    code, printed, errors = place(*arguments)
    assert (code, errors) == (0, "")
    assert {letter for letter in printed if not letter.isprintable()} <= {"\n"}
    assert not any(line.startswith("forged") for line in printed.splitlines())
    assert words in printed


@pytest.mark.parametrize(("arguments", "words"), REFUSED)
def test_a_terminal_obeys_nothing_that_an_error_says(
    place: Command, arguments: tuple[str, ...], words: str
) -> None:
    line = place.refused(*arguments)
    assert line.isprintable()
    assert words in line
    assert "\x1b" not in place("--debug", *arguments)[2]


def test_json_is_json_whatever_a_file_is_called(place: Command) -> None:
    _, printed, _ = place(*PREDICT, "--json", FILE, f"{BYTES}.png")
    named, unnamed = [json.loads(line) for line in printed.splitlines()]
    assert named["image"] == FILE
    assert OBEYED in named["class"]
    assert unnamed["image"] == r"\udcff.png"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_an_encoding_lacks_is_shown_by_its_number(
    place: Command, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a stream that is strict, as with PYTHONIOENCODING=ascii:strict."""
    quick = [one for one in SHOWN if one[0][0] in ("list", "show", "predict")]
    for arguments, _ in [*quick, *REFUSED, (("--help",), ""), (("predict", "--help"), "")]:
        written = io.BytesIO()
        stream = io.TextIOWrapper(written, encoding, errors="strict")
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", stream)
        code, _, _ = place(*arguments)
        stream.flush()
        shown = written.getvalue().decode(encoding)
        assert code in (0, 2), shown
        assert {letter for letter in shown if not letter.isprintable()} <= {"\n"}
        assert "unexpected" not in shown or "unexpected extra" in shown


def test_a_table_of_trials_holds_no_formula(place: Command) -> None:
    run = Run("demo")
    run.append_trial("mnist", trial(3, None, error="=HYPERLINK(1)", hyperparameters={}))
    place("export", "demo", "--to", "csv", "--out", "tables")
    text = Path("tables/demo-mnist.csv").read_text(encoding="utf-8")
    assert ",'=HYPERLINK(1)," in text
    assert {letter for letter in text if not letter.isprintable()} == {"\n"}


def test_a_log_s_message_is_a_line(place: Command) -> None:
    """In a process: pytest has loggers of its own."""
    assert place
    script = (
        "import logging, sys\n"
        "from study.cli.main import main\n"
        "sys.argv = ['study', 'list']\n"
        "main()\n"
        f"text = {OBEYED!r}\n"
        "logging.warning('%s: said', text)\n"
        "try: raise ValueError(text)\n"
        "except ValueError: logging.exception('failed')\n"
    )
    (Path() / "logs.py").write_text(script)
    errors = python(Path().resolve(), "logs.py").stderr
    assert errors.splitlines()[0] == f"{SEEN}: said"
    assert {letter for letter in errors if not letter.isprintable()} == {"\n"}


def test_a_stream_that_the_shell_closed_is_no_fault(workplace: Path) -> None:
    """What was to go there goes nowhere: not into the other, nor into a file that is opened."""
    study = f"{shlex.quote(sys.executable)} -m study"
    done = subprocess.run(
        ["bash", "-c", f"{study} show nope 2>&-; echo $?; {study} list >&-; echo $?"],
        cwd=workplace,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("2\n0\n", "")


@pytest.mark.parametrize(("encoding", "allowed"), [("ascii", ""), ("utf-8", "━╸⠋")])
def test_bars_are_drawn_with_what_the_terminal_has(encoding: str, allowed: str) -> None:
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding, errors="backslashreplace")
    console = Console(file=stream, force_terminal=True, width=100)
    with waiting("loading", console), Screen(console).stage("a", "trial", 1, 1) as shown:
        shown.propose("one", 2)
        shown.finish("one", 0.5, "scored")
    stream.flush()
    text = written.getvalue().decode(encoding)
    assert "\\u2" not in text
    assert {letter for letter in text if not letter.isascii()} <= {*allowed}
