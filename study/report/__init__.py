"""A run's records and pictures -> one HTML file, in three layers.

inputs      what a run has: records and pictures, any of which may be missing
sections    records -> a tree of plain data (answer, problem, gallery make its parts)
several     several runs' records -> another tree, made of the same parts
html        the tree -> HTML, by the templates; formats writes dates and names
"""

from collections.abc import Sequence

from study.report.inputs import PictureFile, ProblemInput, ReportInput
from study.report.page.html import comparison_to_html, to_html
from study.report.sections import sections
from study.report.several.several_runs import compare

__all__ = ["PictureFile", "ProblemInput", "ReportInput", "render", "render_comparison"]


def render(report: ReportInput) -> str:
    """The run's report as one self-contained HTML page, pictures inside."""
    return to_html(sections(report))


def render_comparison(reports: Sequence[ReportInput]) -> str:
    """Several runs side by side as one self-contained HTML page."""
    return comparison_to_html(compare(reports))
