"""The interactive charts in a real headless Chromium."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from study.figures.search import CHARTS
from study.report import ReportInput, render, render_comparison
from tests.browser import browser_page, page_problems
from tests.report.inputs import picture, searched, study

SLOW_MS = 60_000
"""Unpacking the library takes seconds where many tests run at once."""


TWINS = tuple(picture(f"search_{key}.png") for key in CHARTS if key != "rank")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a search that has a picture of every chart but one."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    page = render(ReportInput(study(), (searched(pictures=TWINS),)))
    path.write_text(page, encoding="utf-8")
    return path


def drawn(page: Page, key: str) -> Locator:
    """The chart, scrolled to and drawn."""
    chart = page.locator(f"#problem-mnist-chart-{key}")
    chart.scroll_into_view_if_needed()
    expect(chart.locator(".main-svg").first).to_be_visible(timeout=SLOW_MS)
    return chart


def middle(box: FloatRect | None) -> tuple[float, float]:
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def numbers(page: Page) -> list[str]:
    """Trials in the table that can be seen, in its order."""
    cells = page.locator(".trials tbody tr:not([hidden]) th")
    return [text.strip() for text in cells.all_inner_texts()]


def test_nothing_is_unpacked_before_a_chart_is_scrolled_to(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file, height=300) as visit:
        assert visit.page.evaluate("typeof Plotly") == "undefined"
        assert visit.page.locator(".main-svg").count() == 0
        drawn(visit.page, "history")
        assert visit.page.locator("#problem-mnist-chart-rank .main-svg").count() == 0


def test_pointing_at_a_trial_tells_its_hyperparameters_and_its_curve(
    chromium: Browser, file: Path
) -> None:
    with browser_page(chromium, file) as visit:
        chart = drawn(visit.page, "history")
        dot = chart.locator(".points path").nth(4)
        visit.page.mouse.move(*middle(dot.bounding_box()))
        said = chart.locator(".hovertext")
        expect(said).to_contain_text("Trial 5: 90.00% in 2 epochs")
        expect(said).to_contain_text("validation 80.00% ▁█ 90.00%")
        expect(said).to_contain_text("filters 16 · rate 0.0001")


def test_reading_of_a_chart_is_folded_below_it(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        chart = drawn(visit.page, "hyperparameters")
        words = chart.locator(".reading p")
        assert not words.is_visible()
        chart.get_by_text("How to read this").click()
        expect(words).to_contain_text("Look at the upper edge of the dots")
        assert visit.page.locator("#problem-mnist-chart-history .reading").count() == 0


def test_brush_keeps_the_trials_that_pass_through_all_boxes(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        chart = drawn(visit.page, "parallel")
        kept, mouse = chart.locator(".kept"), visit.page.mouse
        area = chart.locator(".nsewdrag").bounding_box()
        assert area is not None

        def brush(axis: int, low: float, high: float) -> None:
            """Drag from low to high, shares of that axis."""
            # The chart shows axes -0.7 to 4.5 and shares -0.08 to 1.08.
            x = area["x"] + area["width"] * (axis + 0.7) / 5.2
            ends = [area["y"] + area["height"] * (1.08 - at) / 1.16 for at in (low, high)]
            mouse.move(x - 8, ends[0])
            mouse.down()
            mouse.move(x, sum(ends) / 2, steps=4)
            mouse.move(x + 8, ends[1], steps=4)
            mouse.up()

        brush(0, 0.5, 1.04)  # scores from 75% on
        expect(kept).to_have_text("3 of 5 trials kept: 0, 4, 5")
        brush(1, -0.04, 0.6)  # 16 or 32 filters
        expect(kept).to_have_text("2 of 5 trials kept: 0, 5")
        assert numbers(visit.page) == ["0", "5"]
        field = visit.page.get_by_role("searchbox", name="Filter")
        field.fill("0.001")
        assert numbers(visit.page) == ["0"]
        field.fill("")
        opacities = chart.locator(".scatterlayer .trace").evaluate_all(
            "traces => traces.map(trace => Number(getComputedStyle(trace).opacity))"
        )
        assert [opacity > 0.5 for opacity in opacities] == [False, False, True, False, True]
        chart.scroll_into_view_if_needed()
        area = chart.locator(".nsewdrag").bounding_box()
        mouse.dblclick(*middle(area))
        expect(kept).to_have_text("")
        assert len(numbers(visit.page)) == 6


def test_click_on_a_trial_shows_its_learning_curves(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        chart, panel = drawn(visit.page, "history"), visit.page.locator(".picked")
        assert not panel.is_visible()
        visit.page.mouse.click(*middle(chart.locator(".points path").nth(1).bounding_box()))
        expect(panel.locator("h4")).to_have_text("Learning curves of trial 4")
        expect(panel.locator(".said")).to_have_text("85.00% in 2 epochs; 8,000 parameters, 14.0 s")
        expect(panel.locator(".scatterlayer .trace")).to_have_count(4)
        assert visit.page.locator('.pick[aria-pressed="true"]').inner_text() == "4"


def test_row_is_chosen_by_keyboard_and_the_panel_closed(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        page, panel = visit.page, visit.page.locator(".picked")
        page.get_by_role("button", name="Learning curves of trial 7").focus()
        page.keyboard.press("Enter")
        expect(panel.locator("h4")).to_have_text("Learning curves of trial 7")
        expect(panel.locator(".main-svg").first).to_be_visible(timeout=SLOW_MS)
        page.locator(".trials tr.failed td").first.click()
        expect(panel.locator("h4")).to_have_text("Learning curves of trial 2")
        expect(panel.locator(".plot")).to_be_hidden()
        panel.get_by_role("button", name="Close").click()
        assert not panel.is_visible()
        assert page.evaluate("document.activeElement.textContent") == "2"
        assert page_problems(visit) == []


def test_filter_keeps_rows_with_all_words_in_the_order_sorted(
    chromium: Browser, file: Path
) -> None:
    with browser_page(chromium, file) as visit:
        field = visit.page.get_by_role("searchbox", name="Filter")
        field.fill("Completed 0.001")
        assert numbers(visit.page) == ["0", "4"]
        assert visit.page.locator(".filter output").inner_text() == "2 of 6 trials"
        score = visit.page.get_by_role("button", name="Score")
        score.click()
        score.click()
        assert numbers(visit.page) == ["4", "0"]
        field.fill("")
        assert numbers(visit.page) == ["5", "4", "0", "7", "1", "2"]
        assert visit.page.locator(".filter output").inner_text() == ""


def test_compared_runs_have_their_own_charts_tables_and_curves(
    chromium: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "compared.html"
    runs = [ReportInput(study(), (searched(),)), ReportInput(study(name="b"), (searched(),))]
    path.write_text(render_comparison(runs), encoding="utf-8")
    with browser_page(chromium, path, width=1500) as visit:
        first, other = visit.page.locator(".searched").all()
        for search in (first, other):
            chart = search.locator(".chart").first
            chart.scroll_into_view_if_needed()
            expect(chart.locator(".main-svg").first).to_be_visible(timeout=SLOW_MS)
        boxes = [search.bounding_box() for search in (first, other)]
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[0]["y"] == boxes[1]["y"]
        other.get_by_role("searchbox", name="Filter").fill("failed")
        assert other.locator("tbody tr:visible").count() == 1
        assert first.locator(".trials tbody tr:visible").count() == 6
        first.get_by_role("button", name="Learning curves of trial 4").click()
        expect(first.locator(".picked h4")).to_have_text("Learning curves of trial 4")
        assert not other.locator(".picked").is_visible()
        assert page_problems(visit) == []


def test_charts_change_colours_with_the_page(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        chart = drawn(visit.page, "history")
        line = chart.locator(".js-line").first
        expect(line).to_have_css("stroke", "rgb(15, 108, 166)")
        visit.page.emulate_media(color_scheme="dark")
        expect(line).to_have_css("stroke", "rgb(98, 176, 230)")


def seen(page: Page, parts: str) -> int:
    """How many of these parts of the page can be seen."""
    return page.locator(f"{parts} >> visible=true").count()


def test_screen_has_every_chart_once(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        visit.page.locator(".explore > details > summary").click()
        assert seen(visit.page, ".explore .canvas") == len(CHARTS)
        assert seen(visit.page, ".explore .twin") == 0
        assert seen(visit.page, "#problem-mnist-search img") == 0


def test_paper_has_the_pictures_and_no_holes(chromium: Browser, file: Path) -> None:
    with browser_page(chromium, file) as visit:
        drawn(visit.page, "history")
        visit.page.get_by_role("searchbox", name="Filter").fill("failed")
        visit.page.emulate_media(media="print")
        assert seen(visit.page, ".explore .canvas") == 0
        assert seen(visit.page, ".explore .twin") == len(TWINS)  # those below the fold too
        assert seen(visit.page, ".explore .chart") == len(TWINS)
        assert seen(visit.page, ".gestures") == 0
        assert not visit.page.locator(".picked").is_visible()
        assert visit.page.locator(".trials tbody tr").nth(0).is_visible()


def test_page_without_scripts_has_the_pictures(chromium: Browser, file: Path) -> None:
    page = chromium.new_page(java_script_enabled=False)
    page.goto(file.as_uri())
    page.locator(".explore > details > summary").click()
    assert seen(page, ".explore .twin") == len(TWINS)
    assert seen(page, ".explore .chart") == len(TWINS)
    assert seen(page, ".explore .canvas, .gestures, .picked") == 0
    page.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_charts_without_pictures_are_there_where_scripts_run(
    chromium: Browser, tmp_path: Path, scripts: bool
) -> None:
    path = tmp_path / "report.html"
    path.write_text(render(ReportInput(study(), (searched(),))), encoding="utf-8")
    page = chromium.new_page(java_script_enabled=scripts)
    page.goto(path.as_uri())
    assert (seen(page, ".explore") == 1) == scripts
    assert seen(page, ".trials table") == 1
    page.close()
