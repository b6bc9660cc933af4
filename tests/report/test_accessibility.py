"""axe-core finds nothing to complain about, whatever the run, the window and the light."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from study.figures.search import CHARTS
from study.report import ReportInput
from tests.browser import browser_page, page_problems
from tests.report.inputs import PAGES, rendered, searched, study, written

LOOKS = pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (390, True)], ids=["wide and light", "narrow and dark"]
)
"""Every width and both lights: colours do not depend on the width, nor the layout on the light."""


ONLY_VIOLATIONS = {"resultTypes": ["violations"]}
"""What axe-core tells in full: of all that it finds right, it would give every element."""


def violations(page: Page) -> list[str]:
    """What axe-core finds, with the first element it finds it in."""
    found = Axe().run(page, options=ONLY_VIOLATIONS).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


@LOOKS
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(
    chromium: Browser, tmp_path: Path, name: str, width: int, dark: bool
) -> None:
    file = written(tmp_path, rendered(name))
    with browser_page(chromium, file, width=width, dark=dark) as visit:
        for fold in visit.page.locator("main details").all():
            fold.evaluate("fold => { fold.open = true; }")
        assert page_problems(visit) == []
        assert violations(visit.page) == []


@LOOKS
def test_enlarged_figure_is_accessible(
    chromium: Browser, tmp_path: Path, width: int, dark: bool
) -> None:
    file = written(tmp_path, rendered("finished"))
    with browser_page(chromium, file, width=width, dark=dark) as visit:
        visit.page.locator("figure .opens").first.click()
        assert visit.page.locator("dialog").is_visible()
        assert violations(visit.page) == []


@LOOKS
def test_all_charts_draw_without_complaints_and_are_accessible(
    chromium: Browser, tmp_path: Path, width: int, dark: bool
) -> None:
    file = written(tmp_path, ReportInput(study(), (searched(),)))
    with browser_page(chromium, file, width=width, dark=dark) as visit:
        visit.page.locator(".explore > details > summary").click()
        for chart in visit.page.locator(".explore .chart").all():
            chart.scroll_into_view_if_needed()
            expect(chart.locator(".main-svg").first).to_be_visible(timeout=60_000)
        assert visit.page.locator(".explore .chart").count() == len(CHARTS)
        assert page_problems(visit) == []
        assert violations(visit.page) == []


def test_check_finds_what_is_wrong(chromium: Browser, tmp_path: Path) -> None:
    broken = rendered("finished").replace('<html lang="en">', "<html>")
    with browser_page(chromium, written(tmp_path, broken)) as visit:
        assert [found.partition(":")[0] for found in violations(visit.page)] == ["html-has-lang"]
