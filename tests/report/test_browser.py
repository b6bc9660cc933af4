"""The page in a real headless Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from study.report import ReportInput, render_comparison
from tests.browser import NoBrowser, browser_page, chromium_path, page_problems
from tests.factories import trial
from tests.report.inputs import (
    finished,
    other_run,
    problem,
    rendered,
    study,
    written,
)


def column(page: Page, number: int) -> list[str]:
    cells = page.locator(f"table.sortable tbody tr > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


@pytest.mark.parametrize("name", ["finished", "half"])
@pytest.mark.parametrize("width", [1280, 1060, 800, 390, 320])
def test_page_opens_without_complaints(
    chromium: Browser, tmp_path: Path, name: str, width: int
) -> None:
    with browser_page(chromium, written(tmp_path, rendered(name)), width=width) as visit:
        assert page_problems(visit) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_long_names_do_not_widen_the_page(chromium: Browser, tmp_path: Path, width: int) -> None:
    file = written(tmp_path, rendered("long names"))
    with browser_page(chromium, file, width=width) as visit:
        assert page_problems(visit) == []


def test_columns_sort_by_value_up_then_down(chromium: Browser, tmp_path: Path) -> None:
    trials = tuple(
        trial(number, score, seconds=seconds)
        for number, (score, seconds) in enumerate(
            [(0.8, 100), (None, 20.25), (0.95, 20.5), (0.9, 3)]
        )
    )
    report = ReportInput(study(), (problem(trials=trials),))
    with browser_page(chromium, written(tmp_path, report)) as visit:
        heading = visit.page.locator("table.sortable th", has_text="Time")
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == "ascending"
        assert column(visit.page, 1) == ["3", "1", "2", "0"]
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == "descending"
        assert column(visit.page, 1) == ["0", "2", "1", "3"]


def test_cells_without_a_value_stay_last_and_one_column_at_a_time_is_marked(
    chromium: Browser, tmp_path: Path
) -> None:
    trials = tuple(trial(number, score) for number, score in enumerate([None, 0.8, 0.95]))
    report = ReportInput(study(), (problem(trials=trials),))
    with browser_page(chromium, written(tmp_path, report)) as visit:
        visit.page.get_by_role("button", name="Time").click()
        score = visit.page.get_by_role("button", name="Score")
        score.focus()
        visit.page.keyboard.press("Enter")
        assert column(visit.page, 1) == ["1", "2", "0"]
        visit.page.keyboard.press("Space")
        assert column(visit.page, 1) == ["2", "1", "0"]
        assert visit.page.locator("table.sortable [aria-sort]").count() == 1


def test_contents_stand_beside_the_text_or_fold_into_it(chromium: Browser, tmp_path: Path) -> None:
    file = written(tmp_path, rendered("finished"))
    with browser_page(chromium, file) as visit:
        assert visit.page.locator("nav.sidebar").is_visible()
        assert not visit.page.locator("nav.fold").is_visible()
    with browser_page(chromium, file, width=390) as visit:
        assert not visit.page.locator("nav.sidebar").is_visible()
        visit.page.get_by_text("Contents", exact=True).click()
        visit.page.locator("nav.fold").get_by_text("multihead").click()
        assert visit.page.url.endswith("#problem-multihead")


def test_pair_stands_side_by_side_on_a_desktop_only(chromium: Browser, tmp_path: Path) -> None:
    file = written(tmp_path, ReportInput(study(), (problem(),)))
    for width, beside in ((1280, True), (390, False)):
        with browser_page(chromium, file, width=width) as visit:
            left, right = (box.bounding_box() for box in visit.page.locator(".beside img").all())
            assert left is not None
            assert right is not None
            assert (abs(left["y"] - right["y"]) < 1) == beside


@pytest.mark.parametrize(("width", "beside"), [(1280, True), (390, False)])
def test_results_of_compared_runs_stand_side_by_side_where_there_is_room(
    chromium: Browser, tmp_path: Path, width: int, beside: bool
) -> None:
    file = written(tmp_path, render_comparison([finished(), other_run()]))
    with browser_page(chromium, file, width=width) as visit:
        tables = visit.page.locator("#problem-multihead-results .results .metrics")
        first, other = (table.bounding_box() for table in tables.all())
        assert first is not None
        assert other is not None
        assert (first["y"] == other["y"]) == beside
        if beside:
            scrolls = visit.page.locator("#problem-multihead-results .scroll").all()
            assert all(one.evaluate("one => one.scrollWidth <= one.clientWidth") for one in scrolls)
        assert page_problems(visit) == []


def test_wide_picture_is_a_keyboard_stop_only_where_it_scrolls(
    chromium: Browser, tmp_path: Path
) -> None:
    file = written(tmp_path, ReportInput(study(), (problem(),)))
    for width, stops in ((1280, 0), (390, 1)):
        with browser_page(chromium, file, width=width) as visit:
            visit.page.locator(".card.wide").first.scroll_into_view_if_needed()
            assert visit.page.locator(".card[tabindex]").count() == stops


def test_dark_page_is_dark_and_its_pictures_stand_on_white(
    chromium: Browser, tmp_path: Path
) -> None:
    def colour(page: Page, selector: str) -> str:
        found = page.locator(selector).first
        return str(found.evaluate("element => getComputedStyle(element).backgroundColor"))

    file = written(tmp_path, rendered("finished"))
    with browser_page(chromium, file, dark=True) as visit:
        assert page_problems(visit) == []
        assert colour(visit.page, "body") == "rgb(22, 24, 28)"
        assert colour(visit.page, ".card:has(img)") == "rgb(255, 255, 255)"
        assert colour(visit.page, ".twin") == "rgb(255, 255, 255)"  # without scripts


def test_page_prints_whole(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, rendered("finished"))) as visit:
        visit.page.emulate_media(media="print")
        assert not visit.page.locator("nav.sidebar").is_visible()
        assert page_problems(visit) == []
        assert visit.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_page_reads_without_scripts(chromium: Browser, tmp_path: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(written(tmp_path, rendered("finished")).as_uri())
    assert page.get_by_role("button").count() == 0
    assert page.locator("table.sortable").first.is_visible()
    page.close()


def test_missing_browser_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(NoBrowser, match="CHROMIUM=/nowhere/chromium"):
        chromium_path()
