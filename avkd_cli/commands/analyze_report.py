"""`avkd analyze report`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import corpus_name, show, strict, which_paper
from avkd_cli.options import number, path


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@path("-o --output", "DIR", "Where index.html and the rest go.  [default: FOLDER/report]")
@which_paper("Published system whose tables to fill.  [default: as FOLDER/avkd.work says, else s0]")
@corpus_name
@number(
    "--resamples", "Lists of persons drawn for the intervals; 0: none.", 500, least=0, most=100_000
)
@strict
@options.as_json
def report(folder: Path, as_json: bool, **asked) -> None:
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

    show(report(folder, **asked), report_parts, as_json)
