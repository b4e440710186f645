"""The published systems as data, one file a paper: names, tables, printed figures."""

from avkd_cli.papers import s0, s1, s2, s3, s4
from avkd_cli.papers.form import Paper

PAPERS: dict[str, Paper] = {module.PAPER.name: module.PAPER for module in (s0, s1, s2, s3, s4)}
USUAL = PAPERS["s0"]  # where nobody says which
