"""On paper: whole tables, no buttons, folds open."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import browser_page
from tests.report.inputs import PAGES, rendered, written

PORTRAIT = 680
"""CSS pixels between the margins of an A4 page, 180 mm."""
LANDSCAPE = 1032
"""The same of the page for the table of trials, 273 mm."""


def cut_off(page: Page, parts: str) -> list[str]:
    """The beginnings of those parts of the page that are wider than the paper."""
    return page.evaluate(
        """parts => [...document.querySelectorAll(parts)]
            .filter(part => part.getBoundingClientRect().right > innerWidth + 0.5)
            .map(part => part.textContent.trim().slice(0, 60))""",
        parts,
    )


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_and_it_becomes_a_pdf_of_several_sheets(
    chromium: Browser, tmp_path: Path, name: str
) -> None:
    file = written(tmp_path, rendered(name))
    upright, across = "main :not(.variations, .variations *)", ".variations, .variations *"
    with browser_page(chromium, file) as visit:
        visit.page.emulate_media(media="print")
        for width, parts in ((PORTRAIT, upright), (LANDSCAPE, across)):
            visit.page.set_viewport_size({"width": width, "height": 900})
            assert cut_off(visit.page, parts) == []
        pdf = visit.page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 3


def test_paper_has_no_buttons_and_folds_are_open(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, rendered("one trial"))) as visit:
        page = visit.page
        page.emulate_media(media="print")
        for tool in page.locator(".tool, .anchor, dialog, nav").all():
            assert not tool.is_visible()
        box = page.get_by_text("From left to right.").bounding_box()
        assert box is not None
        assert box["height"] > 0
