"""The page's text: escaped, whole, self-contained."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from study.records import Hyperparameter, SearchSpace
from study.report import ReportInput, render
from study.report.html import data_uri
from tests.factories import trial
from tests.report.inputs import finished, half_finished, picture, png, problem, study

HOSTILE = "<script>alert('x')</script>\"'&{{ 7*7 }}"
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


def test_hostile_strings_stay_text() -> None:
    hostile = problem(
        HOSTILE,
        description=HOSTILE,
        tuner=HOSTILE,
        notes=(HOSTILE,),
        trials=(
            trial(0, 0.5, hyperparameters={HOSTILE: HOSTILE}, tuner={HOSTILE: 1}),
            trial(1, None, error=HOSTILE),
        ),
        space=SearchSpace(
            objective=HOSTILE,
            hyperparameters=[Hyperparameter(name=HOSTILE, kind="choice", values=[HOSTILE])],
        ),
        pictures=(picture("a.png", title=HOSTILE, caption=HOSTILE, alt=HOSTILE),),
    )
    record = study(
        name=HOSTILE,
        created=HOSTILE,
        command=HOSTILE,
        settings={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        hardware={HOSTILE: HOSTILE},
        git_commit=HOSTILE,
    ).model_copy(update={"problems": [HOSTILE]})  # what is read is refused before
    page = Page(render(ReportInput(record, (hostile,), notes=(HOSTILE,))))
    assert page.open == []
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    assert [script for script in scripts if script.get("type") is None] == [{}]
    assert page.text.count("<script>alert('x')</script>\"'&{{ 7*7 }}") >= 15
    assert "49" not in re.sub(r"\s", "", page.text)
    assert page.values("alt") == [HOSTILE]


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
    assert "Beside this verdict: both networks were still improving" in text
    assert "the one network that this search found, on this split of the data" in text
    assert "Validation minus test" in text
    for claim in ("more than chance explains", "had the study been repeated", "tuning helps"):
        assert claim not in text
