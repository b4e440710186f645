"""One self-contained HTML page of everything that was found. Pure: data in, text out."""

from avkd_cli.analysis.report.page import page

__all__ = ["page"]
