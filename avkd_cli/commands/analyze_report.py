"""`avkd analyze report`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import corpus_name, show, strict
from avkd_cli.papers import PAPERS


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where index.html and the rest go.  [default: FOLDER/report]",
)
@click.option(
    "--paper",
    type=click.Choice(tuple(PAPERS)),
    help="Published system whose tables to fill.  [default: as FOLDER/avkd.work says, else s0]",
)
@corpus_name
@click.option(
    "--resamples",
    type=click.IntRange(0, 100_000),
    default=500,
    show_default=True,
    help="Lists of persons drawn for the intervals; 0: none.",
)
@strict
@options.as_json
def report(
    folder: Path,
    output: Path | None,
    paper: str | None,
    corpus: str | None,
    resamples: int,
    as_json: bool,
) -> None:
    """Make one self-contained HTML page of what lies in FOLDER.

    Score files SYSTEM.LIST.scores become tables, DET curves and Venn diagrams, files of other
    figures (docs/formats.md, Work folders) rows of the tables of --paper, embedding stores a
    comparison with the fused ones; stores and runs say what was run. The page needs no network and
    no other file. Beside it: table.md, table.tex, table.json, pcc.json, venn-*.svg.

    \b
    Example:
        avkd analyze report work && xdg-open work/report/index.html
    """
    from avkd_cli.analysis.text import report_parts
    from avkd_cli.steps.analyze.report import report

    show(report(folder, output, corpus, resamples, paper and PAPERS[paper]), report_parts, as_json)
