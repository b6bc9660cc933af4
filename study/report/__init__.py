"""A run's records and pictures -> one HTML file, in three layers.

inputs      what a run has: records and pictures, any of them may be missing
sections    records -> a tree of plain data (answer, problem, gallery make its parts)
html        the tree -> HTML, by the templates; formats writes the numbers
"""

from study.report.html import to_html
from study.report.inputs import PictureFile, ProblemInput, ReportInput
from study.report.sections import sections

__all__ = ["PictureFile", "ProblemInput", "ReportInput", "render"]


def render(report: ReportInput) -> str:
    """The run's report as one self-contained HTML page, pictures inside."""
    return to_html(sections(report))
