"""The analyses of what lies in a working folder: curves, table, report."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import corpus_name, show, strict, which_paper
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import number, path
from avkd_cli.papers import USUAL


@click.command("curves")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=str))
@named
@plot_file
@options.as_json
def curves(runs: tuple[str, ...], as_json: bool, **asked) -> None:
    """Show how trainings went: each loss, learning rate, margin, speed, validation EER.

    Of a run with --train-trials, also EER and distances on the people it was trained on, and by
    how much they are better there: what was learnt by heart.

    \b
    Example:
        avkd analyze curves runs/audio runs/audio-kd-cos --plot training.svg
    """
    from avkd_cli.analysis.text import curves_parts
    from avkd_cli.steps.analyze.curves import curves

    show(curves(runs, **asked), curves_parts, as_json)


@click.command("table")
@click.argument("scores", nargs=-1, required=True, type=click.Path(path_type=Path))
@path("-o --output", "DIR", "Write table.md, table.tex, table.json there.")
@which_paper(
    "Published system whose tables to fill and whose names to know (docs/formats.md).",
    default=USUAL.name,
)
@corpus_name
@strict
@options.as_json
def table(scores: tuple[Path, ...], as_json: bool, **asked) -> None:
    """Arrange SCORES, files SYSTEM.LIST.scores or folders of them, as a paper's tables.

    Systems are audio, visual, fusion-gate, audio-kd-cos-kl and so on, lists vox1-o, vox1-e,
    vox1-h; any other name gets a row or column of its own. Beside each figure stands the one that
    the paper prints, where it prints one. Folders may hold figures of other kinds too, and other
    papers have other names of systems: docs/formats.md, Work folders.

    \b
    Example:
        avkd analyze table work/scores -o work/report
    """
    from avkd_cli.analysis.render import as_markdown
    from avkd_cli.analysis.views import results_parts
    from avkd_cli.steps.analyze.table import table

    show(table(scores, **asked), results_parts, as_json, as_markdown)


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
