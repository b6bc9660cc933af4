"""A problem's trials -> interactive charts of its search, as plain data.

explore         which charts there are, each with its picture
course_traces   how plotly draws the charts of trials by number, time and epoch
outcome_traces  how it draws the charts of scores, fronts and importances
value_traces    how it draws the charts over hyperparameters
look            the study's look, for plotly
chart           what the page knows about a chart

The numbers and the words of a chart come from `study.figures.search`, which draws the same charts
as pictures.
"""

from study.report.charts.chart import Chart, Explore
from study.report.charts.explore import explore

__all__ = ["Chart", "Explore", "explore"]
