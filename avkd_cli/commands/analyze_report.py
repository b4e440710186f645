"""`avkd analyze report`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import corpus_name, show


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.html",
              help="The page.  [default: report/index.html in FOLDER]")  # fmt: skip
@corpus_name
@options.as_json
def command(folder: Path, output: Path | None, corpus: str | None, as_json: bool) -> None:
    """Make one self-contained HTML page of what lies in FOLDER.

    Score files SYSTEM.LIST.scores become tables, DET curves and Venn diagrams; stores, runs
    and the output of 'analyze pcc' (saved as JSON) say what was run. The page needs no network
    and no other file.

    \b
    Example:
        avkd analyze report work && xdg-open work/report/index.html
    """
    from avkd_cli.analysis.text import report_text
    from avkd_cli.steps.analyze.report import report

    show(report(folder, output, corpus), report_text, as_json)
