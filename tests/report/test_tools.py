"""What a reader does with the page: figures large, addresses, copies; in a real browser."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from study.report import ReportInput
from tests.browser import browser_page, page_problems
from tests.report.inputs import LIVE_AT, finished, live, one_trial, picture, problem, study, written

TRAINING = "problem-mnist-figure-training"


def report() -> ReportInput:
    return ReportInput(study(), (problem(),))


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


def tab_to(page: Page, label: str) -> int:
    """Presses of Tab until the element of that label has the focus."""
    for presses in range(1, 60):
        page.keyboard.press("Tab")
        if focused(page) == label:
            return presses
    raise AssertionError(f"Tab never comes to {label!r}")


def test_keyboard_alone_opens_a_figure_turns_over_and_comes_back(
    chromium: Browser, tmp_path: Path
) -> None:
    with browser_page(chromium, written(tmp_path, report())) as visit:
        page, viewer = visit.page, visit.page.locator("dialog.viewer")
        tab_to(page, "Enlarge: mnist: Title of training.png")
        page.keyboard.press("Enter")
        expect(viewer).to_be_visible()
        expect(viewer.locator("#viewer-title")).to_have_text("mnist: Title of training.png")
        expect(viewer.locator(".place")).to_have_text("1 of 3")
        expect(viewer.locator(".words")).to_have_text("Caption of training.png.")
        page.keyboard.press("ArrowRight")
        expect(viewer.locator("img")).to_have_attribute(
            "alt", "Alt text of filters_baseline_conv1.png"
        )
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(viewer.locator(".place")).to_have_text("3 of 3")
        page.keyboard.press("Escape")
        expect(viewer).to_be_hidden()
        assert focused(page) == "Enlarge: mnist: Title of filters_tuned_conv1.png"
        assert page_problems(visit) == []


def test_focus_stays_in_the_open_figure(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, report())) as visit:
        visit.page.locator("figure .opens").first.click()
        for _ in range(8):
            visit.page.keyboard.press("Tab")
            inside = "!document.hasFocus() || document.activeElement === document.body"
            inside += " || document.activeElement.closest('dialog') !== null"
            assert visit.page.evaluate(inside)


@pytest.mark.parametrize("width", [1280, 390])
def test_click_opens_a_figure_larger_and_the_button_closes_it(
    chromium: Browser, tmp_path: Path, width: int
) -> None:
    with browser_page(chromium, written(tmp_path, report()), width=width) as visit:
        page, viewer = visit.page, visit.page.locator("dialog.viewer")
        small = page.locator(f"#{TRAINING} img").bounding_box()
        page.locator(f"#{TRAINING} img").click()
        expect(viewer).to_be_visible()
        page.get_by_role("button", name="Full size").click()
        large = viewer.locator("img").bounding_box()
        assert small is not None
        assert large is not None
        assert large["width"] >= max(small["width"], 1000)
        assert page_problems(visit) == []
        page.get_by_role("button", name="Close").click()
        expect(viewer).to_be_hidden()


def test_single_figure_is_its_own_neighbour(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, one_trial())) as visit:
        visit.page.locator("figure .opens").click()
        visit.page.keyboard.press("ArrowRight")
        expect(visit.page.locator("dialog .place")).to_have_text("1 of 1")


def test_address_of_a_figure_leads_to_it(chromium: Browser, tmp_path: Path) -> None:
    file = written(tmp_path, finished())
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{file.as_uri()}#problem-multihead-figure-filters_tuned_conv1")
    box = page.locator("#problem-multihead-figure-filters_tuned_conv1").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900
    page.close()


def test_links_to_places_show_when_pointed_at_or_focused(chromium: Browser, tmp_path: Path) -> None:
    def opacity(page: Page, link: str) -> str:
        return str(page.locator(link).evaluate("link => getComputedStyle(link).opacity"))

    link = "#problem-mnist-search h3 .anchor"
    with browser_page(chromium, written(tmp_path, report())) as visit:
        assert opacity(visit.page, link) == "0"
        visit.page.locator("#problem-mnist-search h3").hover()
        assert opacity(visit.page, link) == "1"
        visit.page.mouse.move(0, 0)
        tab_to(visit.page, "Link to mnist: The search")
        assert opacity(visit.page, link) == "1"
        visit.page.keyboard.press("Enter")
        assert visit.page.url.endswith("#problem-mnist-search")


COPIES = {
    "clipboard": """navigator.clipboard.writeText = async (text) => { window.copied = text; };""",
    "no clipboard": """
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.execCommand = () => { window.copied = String(getSelection()); return true; };""",
    "nothing": """
        Object.defineProperty(navigator, "clipboard", { value: undefined });
        document.execCommand = () => false;""",
}


@pytest.mark.parametrize("means", COPIES)
def test_commands_copy_or_are_selected(chromium: Browser, tmp_path: Path, means: str) -> None:
    commands = (
        "git checkout 0123abc\npython -m study run --name first\npython -m study report first"
    )
    with browser_page(chromium, written(tmp_path, report())) as visit:
        page = visit.page
        page.evaluate(COPIES[means])
        button = page.locator(".commands .copy")
        button.click()
        if means == "nothing":
            expect(button.get_by_role("status")).to_have_text("Selected: press Ctrl+C")
            assert page.evaluate("String(getSelection())").strip() == commands
        else:
            expect(button.get_by_role("status")).to_have_text("Copied")
            assert page.evaluate("copied").strip() == commands
        assert page_problems(visit) == []


def test_every_command_has_a_button(chromium: Browser, tmp_path: Path) -> None:
    missing = ReportInput(study(), (problem(evaluation=None, pictures=()),))
    with browser_page(chromium, written(tmp_path, missing)) as visit:
        codes = visit.page.locator("main code", has_text="python -m study")
        assert visit.page.locator(".copy").count() == codes.count() == 1 + 1 + 2


def test_how_to_read_a_figure_folds_out(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, one_trial())) as visit:
        fold = visit.page.locator(".reading", has_text="From left to right.")
        words = fold.get_by_text("From left to right.")
        assert not words.is_visible()
        fold.get_by_text("How to read this").click()
        assert words.is_visible()


# A run that goes on.


def scrolled(page: Page) -> float:
    return float(page.evaluate("scrollY"))


def stays(page: Page) -> bool:
    """Whether the page, whose clock stands, does not reload in the next minute of it."""
    page.evaluate("window.same = true")
    page.clock.run_for(60_000)
    page.wait_for_timeout(500)  # a reload begins after the script that asks for it
    return bool(page.evaluate("window.same === true"))


def test_live_page_reloads_itself_where_the_reader_was(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, live()), height=400) as visit:
        page = visit.page
        page.clock.install(time=datetime.fromisoformat(LIVE_AT))
        page.reload()
        expect(page.locator(".silence")).to_be_hidden()
        page.evaluate("scrollTo(0, 700)")
        with page.expect_navigation():
            page.clock.run_for(6000)
        expect(page.locator(".live")).to_be_attached()
        page.wait_for_function("scrollY === 700")
        assert visit.complaints == []


@pytest.mark.parametrize("hold", ["a figure is open", "the reader stopped it"])
def test_live_page_waits_while_it_is_read(chromium: Browser, tmp_path: Path, hold: str) -> None:
    shown = ReportInput(
        study(stages=[]),
        (problem(evaluation=None, pictures=(picture("a.png"),)),),
        live_at=LIVE_AT,
    )
    with browser_page(chromium, written(tmp_path, shown)) as visit:
        page = visit.page
        page.clock.install(time=datetime.fromisoformat(LIVE_AT))
        page.reload()
        if hold == "a figure is open":
            page.locator("figure .enlarge").click()
        else:
            page.get_by_role("button", name="Stop reloading").click()
        assert stays(page)


@pytest.mark.parametrize(
    ("minutes", "said"), [(25, "25 minutes"), (119, "119 minutes"), (60 * 9, "9 hours")]
)
def test_live_page_without_news_says_so_and_reloads_seldom(
    chromium: Browser, tmp_path: Path, minutes: int, said: str
) -> None:
    with browser_page(chromium, written(tmp_path, live())) as visit:
        page = visit.page
        page.clock.install(time=datetime.fromisoformat(LIVE_AT) + timedelta(minutes=minutes))
        page.reload()
        expect(page.locator(".silence")).to_be_visible()
        expect(page.locator(".silence")).to_contain_text(f"No update for {said}.")
        expect(page.locator(".silence code")).to_have_text("python -m study resume first")
        assert stays(page)
        with page.expect_navigation():
            page.clock.run_for(minutes * 60_000 / 20)


def test_finished_page_never_reloads(chromium: Browser, tmp_path: Path) -> None:
    with browser_page(chromium, written(tmp_path, report())) as visit:
        visit.page.clock.install()
        visit.page.reload()
        assert stays(visit.page)
        assert visit.page.locator(".live").count() == 0


def test_live_page_reloads_without_scripts_too(tmp_path: Path) -> None:
    refresh = '<noscript><meta http-equiv="refresh" content="5"></noscript>'
    assert refresh in written(tmp_path, live()).read_text()
    assert 'http-equiv="refresh"' not in written(tmp_path, report()).read_text()
