"""The published systems as data, one file a paper: names, tables, printed figures."""

from avkd_cli.papers import s0
from avkd_cli.papers.form import Paper

PAPERS: dict[str, Paper] = {"s0": s0.PAPER}
USUAL = PAPERS["s0"]  # where nobody says which
