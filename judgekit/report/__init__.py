"""A finished run as a report: one HTML file that shows every metric and case, and can be verified.

`build` reads runs and other results into parts of sections; each section is a table and how it is
drawn (`document`). `page` makes the HTML, `formats` Markdown, CSV, LaTeX and figures, `methods` the
paragraph for a paper; `verify` computes a report's metrics again.

>>> build_report(["runs/latest"]).write("report.html")
"""

from judgekit.report.build import Report, build_report
from judgekit.report.content import Options

__all__ = ["Options", "Report", "build_report"]
