"""Which figures stand in which row."""

import pytest

from study.report import PictureFile
from study.report.gallery import (
    Figure,
    FigureRow,
    chart_key,
    figure_anchor,
    figure_rows,
    read_figure,
)
from tests.report.inputs import picture, png


def of(kind: str, network: str, layer: str, width: int = 40) -> PictureFile:
    return picture(f"{kind}_{network}_{layer}.png", width, section=kind, network=network)


def titles(rows: tuple[FigureRow, ...]) -> list[list[str]]:
    return [[figure.title for figure in row.figures] for row in rows]


def test_figure_knows_its_size() -> None:
    file = picture("a.png", 70, 30)
    assert read_figure(file) == Figure(
        anchor="a",
        title="Title of a.png",
        caption="Caption of a.png.",
        alt="Alt text of a.png",
        reading="",
        network=None,
        png=png(70, 30),
        width=70,
        height=30,
    )


def test_address_of_a_figure_is_its_files_name_made_safe() -> None:
    assert figure_anchor("search_history.png") == "search_history"
    assert figure_anchor('a "b"/<c>.png') == "a.20..22.b.22..2f..3c.c.3e."
    assert figure_anchor("a b.png") != figure_anchor("a-b.png")


@pytest.mark.parametrize("key", ["history", "hyperparameters", "curves", "more_trials"])
def test_pictures_of_old_runs_belong_to_charts(key: str) -> None:
    assert chart_key(picture(f"search_{key}.png").picture) == key


def test_pictures_of_other_names_and_sections_belong_to_none() -> None:
    assert chart_key(picture("search_other.png").picture) is None
    assert chart_key(picture("history.png", section="training").picture) is None
    assert chart_key(picture("search_history.png", section="results").picture) is None


def test_baseline_and_tuned_of_a_kind_share_a_row() -> None:
    files = [
        of("filters", "baseline", "conv1"),
        of("filters", "tuned", "conv1"),
        of("filters", "tuned", "conv2"),
    ]
    rows, notes = figure_rows(files)
    assert notes == ()
    assert titles(rows) == [
        ["Title of filters_baseline_conv1.png", "Title of filters_tuned_conv1.png"],
        ["Title of filters_tuned_conv2.png"],
    ]


def test_pairs_are_told_by_what_pictures_say_not_by_their_names() -> None:
    named = {"section": "filters", "kind": "filters_a"}
    files = {"x.png": "baseline", "y.png": "tuned"}
    pair = [picture(file, network=network, **named) for file, network in files.items()]
    assert titles(figure_rows(pair)[0]) == [["Title of x.png", "Title of y.png"]]
    # Without their networks' names these files are called the same.
    layers = [of("filters", "baseline", "tuned"), of("filters", "tuned", "baseline")]
    assert len(figure_rows(layers)[0]) == 2


def test_baseline_comes_first_whatever_the_order() -> None:
    rows, _ = figure_rows([of("filters", "tuned", "conv1"), of("filters", "baseline", "conv1")])
    assert [figure.network for figure in rows[0].figures] == ["baseline", "tuned"]


def test_figures_of_no_network_stand_alone_and_in_order() -> None:
    rows, _ = figure_rows([picture("b.png"), picture("a.png"), picture("b.png")])
    assert titles(rows) == [["Title of b.png"], ["Title of a.png"], ["Title of b.png"]]


def test_two_pictures_of_one_network_are_no_pair() -> None:
    rows, _ = figure_rows([of("filters", "tuned", "conv1"), of("filters", "tuned", "conv1")])
    assert [len(row.figures) for row in rows] == [1, 1]


def test_only_narrow_pairs_stand_side_by_side() -> None:
    narrow, _ = figure_rows([of("filters", "baseline", "x", 700), of("filters", "tuned", "x", 700)])
    wide, _ = figure_rows([of("filters", "baseline", "x", 700), of("filters", "tuned", "x", 1000)])
    single, _ = figure_rows([of("filters", "baseline", "x", 700)])
    assert [rows[0].beside for rows in (narrow, wide, single)] == [True, False, False]


def test_unreadable_picture_becomes_a_note() -> None:
    good = picture("good.png")
    for damaged in (b"", b"no picture", good.png[:20]):
        rows, notes = figure_rows([PictureFile(picture("bad.png").picture, damaged), good])
        assert titles(rows) == [["Title of good.png"]]
        assert notes == ("The picture bad.png (Title of bad.png) cannot be read as PNG.",)
