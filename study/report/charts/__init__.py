"""A problem's trials -> interactive charts of its search, as plain data.

explore       which charts there are, of what trials
course        charts of trials by number, time and epoch
values        charts of the score over the hyperparameters' values
shares        the chart of their importances (importances computes them, by fanova and ped_anova)
cost          charts of the score against what it costs
search        what the charts share
look          what that look is, for plotly
chart         what the page knows of a chart
plotly_js     what draws them in the page
"""

from study.report.charts.chart import Chart, Explore
from study.report.charts.explore import explore
from study.report.page.plotly_js import PlotlyJs, plotly_js

__all__ = ["Chart", "Explore", "PlotlyJs", "explore", "plotly_js"]
