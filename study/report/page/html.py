"""The tree of sections -> one HTML file that needs nothing else."""

import base64
import hashlib
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from study import wording
from study.figures.palette import PALETTE
from study.machine.foreign_text import visible
from study.report.page import formats
from study.report.page.plotly_js import PlotlyJs, plotly_js
from study.report.sections import Report
from study.report.several.several_runs import RunComparison

SCRIPTS = tuple(f"assets/{name}.js" for name in ("page", "viewer", "copy", "live", "charts"))

FILTERS = (
    wording.percent,
    wording.points,
    wording.percent_range,
    wording.points_range,
    wording.p_value,
    wording.p_equation,
    wording.metric_name,
    wording.count,
    wording.several,
    wording.duration,
    wording.value,
    formats.sort_key,
    formats.date,
    formats.breakable,
    formats.with_code,
)


def data_uri(png: bytes) -> str:
    """The picture itself as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _visible(value: object) -> object:
    """The value as a template writes it; filters that return HTML have cleaned their text."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("study.report.page"),
        autoescape=True,
        finalize=_visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {function.__name__: function for function in FILTERS}
    environment.filters["data_uri"] = data_uri
    return environment


def to_html(report: Report) -> str:
    """The page of one run."""
    explored = any(problem.explore for problem in report.problems)
    return _page("report.html", report, plotly_js() if explored else None)


def comparison_to_html(comparison: RunComparison) -> str:
    """The page of several runs."""
    explored = any(search.explore for one in comparison.problems for search in one.searches)
    return _page("comparison.html", comparison, plotly_js() if explored else None)


def _page(template: str, report: Report | RunComparison, plotly: PlotlyJs | None) -> str:
    """The page. It may run only scripts whose hashes it names, and load nothing from outside."""
    environment = _environment()
    script = "\n".join(environment.get_template(name).render() for name in SCRIPTS)
    digest = hashlib.sha256(script.encode()).digest()
    return environment.get_template(template).render(
        report=report,
        palette=PALETTE,
        plotly=plotly,
        script=Markup(script),
        script_hash=base64.b64encode(digest).decode("ascii"),
    )
