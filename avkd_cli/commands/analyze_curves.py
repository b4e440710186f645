"""`avkd analyze curves`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import show
from avkd_cli.commands.analyze_shown import named, plot_file


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
