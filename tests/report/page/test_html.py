"""The page's text: escaped, whole, self-contained."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from study.machine.foreign_text import visible
from study.records.study import Stage
from study.records.trial import Hyperparameter, SearchSpace
from study.report import ReportInput, render, render_comparison
from study.report.charts.explore import explore
from study.report.page.html import data_uri
from tests.factories import evaluation, trial
from tests.report.inputs import finished, half_finished, picture, png, problem, study

HOSTILE = "<script>alert('x')</script>\"'&{{ 777*777 }}"
OBEYED = "\x1b[2J\x9b\x07 zero\u200bwidth \u202etxt.exe\rover\nforged: a line"
VOID = {"meta", "link", "img", "wbr", "br", "line", "circle"}


class Page(HTMLParser):
    """What is in a page: its elements, its text, and the tags that are still open at its end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text += data

    def values(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.mark.parametrize("report", [finished(), half_finished()], ids=["finished", "half"])
def test_page_is_sound(report: ReportInput) -> None:
    page = Page(render(report))
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    links = [link for link in page.values("href") if link and link.startswith("#")]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(a.get("scope") for tag, a in page.elements if tag == "th")


@pytest.mark.parametrize("report", [finished(), half_finished()], ids=["finished", "half"])
def test_nothing_undefined_is_printed(report: ReportInput) -> None:
    text = Page(render(report)).text
    assert not re.search(r"\b(nan|inf|None|null|undefined)\b", text)


@pytest.mark.parametrize("report", [finished(), half_finished()], ids=["finished", "half"])
def test_page_refers_to_nothing_outside_itself(report: ReportInput) -> None:
    page = Page(render(report))
    for name in ("src", "href", "data", "action", "srcset"):
        assert all(value and value.startswith(("#", "data:")) for value in page.values(name))
    assert "url(" not in render(report)
    assert "@import" not in render(report)


def hostile_report(text: str) -> ReportInput:
    """With that text in every field that takes any."""
    hostile = problem(
        text,
        description=text,
        tuner=text,
        notes=(text,),
        trials=(
            trial(0, 0.5, hyperparameters={text: text}, tuner={text: 1}),
            trial(1, None, error=text),
            trial(2, 0.4, hyperparameters={text: f"{text}2"}),
        ),
        space=SearchSpace(
            objective=text,
            hyperparameters=[Hyperparameter(name=text, kind="choice", values=[text, f"{text}2"])],
        ),
        evaluation=evaluation(text, [text, "1", "2"]),
        pictures=(picture("a.png", title=text, caption=text, alt=text, reading=text),),
    )
    record = study(
        name=text,
        created=text,
        command=text,
        settings={text: text},
        versions={text: text},
        hardware={text: text},
        git_commit=text,
        stages=[Stage(problem="mnist", stage="search", seconds=1, command=text)],
    ).model_copy(update={"problems": [text]})  # what is read is refused before
    return ReportInput(record, (hostile,), notes=(text,))


def test_hostile_strings_stay_text() -> None:
    page = Page(render(hostile_report(HOSTILE)))
    assert page.open == []
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert [script for script in scripts if script.get("type") is None] == [{}]
    assert page.text.count("<script>alert('x')</script>\"'&{{ 777*777 }}") >= 15
    assert "603729" not in re.sub(r"\s", "", page.text)
    assert page.values("alt") == [HOSTILE]


@pytest.mark.parametrize("compared", [False, True], ids=["report", "comparison"])
def test_nothing_in_a_page_turns_text_around_or_is_out_of_sight(compared: bool) -> None:
    report = hostile_report(OBEYED)
    html = render_comparison([report, report]) if compared else render(report)
    assert {letter for letter in html if not letter.isprintable()} == {"\n"}
    text = Page(html).text
    assert text.count(visible(OBEYED)) >= 15
    assert OBEYED.split("\n")[1] not in text.split("\n")


def test_charts_are_given_texts_that_hold_no_html() -> None:
    """plotly reads all text as HTML."""
    explored = explore(hostile_report(f"{HOSTILE}<a href='x'>{OBEYED}").problems[0], "demo")
    assert explored
    texts = {text for chart in explored.charts for text in texts_of(chart.figure)}
    assert any("&lt;script&gt;" in text for text in texts)
    assert not [text for text in texts if "<" in text or not text.isprintable()]
    said = [line for lines in explored.labels.values() for line in lines]
    assert any("<script>" in line for line in said)  # the page escapes these, and shows them plain
    assert all(line.isprintable() for line in said)


def texts_of(part: object) -> Iterator[str]:
    """All texts in a chart's figure but its templates, which are the program's own."""
    if isinstance(part, dict):
        for key, inside in part.items():
            if key != "hovertemplate":
                yield from texts_of(inside)
    elif isinstance(part, list):
        for inside in part:
            yield from texts_of(inside)
    elif isinstance(part, str):
        yield part


def test_every_trial_is_in_the_table_with_its_error() -> None:
    page = render(ReportInput(study(), (problem(),)))
    table = page.partition('<table class="sortable')[2].partition("</table>")[0]
    assert table.count("<tr") == 1 + 3
    assert "ValueError: no such layer" in table
    assert "momentum" in table


def test_pictures_are_inside_with_size_and_alt_text() -> None:
    page = Page(render(ReportInput(study(), (problem(pictures=(picture("a.png", 70, 30),)),))))
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert images == [
        {
            "src": data_uri(png(70, 30)),
            "width": "70",
            "height": "30",
            "alt": "Alt text of a.png",
        }
    ]


def test_same_records_make_the_same_page() -> None:
    assert render(finished()) == render(finished())


def test_what_the_answer_is_of_stands_in_the_page() -> None:
    text = " ".join(render(finished()).split())
    assert "A reservation about this verdict: both networks were still improving" in text
    assert "the one network that this search found, on this split of the data" in text
    assert "Validation minus test" in text
    for claim in ("more than chance would explain", "had the study been repeated", "tuning helps"):
        assert claim not in text
