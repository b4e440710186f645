"""`avkd analyze table`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import corpus_name, show, strict, which_paper
from avkd_cli.options import path
from avkd_cli.papers import USUAL


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
    from avkd_cli.analysis.written import results_parts
    from avkd_cli.steps.analyze.table import table

    show(table(scores, **asked), results_parts, as_json, as_markdown)
