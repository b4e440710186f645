"""`avkd analyze classify`."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling, show
from avkd_cli.commands.analyze_shown import named, plot_file
from avkd_cli.options import text


@click.command("classify")
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=str, allow_dash=True))
@named
@options.list_file
@text(
    "--label",
    "COLUMN",
    "Column of --list whose values are the classes.  [default: what the stores are of]",
)
@resampling(1000)
@plot_file
@options.as_json
def classify(inputs: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say how often the class is told rightly, such as a mood.

    INPUTS are stores of posteriors (extract-embeddings --level posteriors), one a system; or
    folders of such stores, one a fold, each of the people that its network was not trained on.
    --list says what is true: without it, who speaks.

    Figures are accuracy, unweighted accuracy (macro recall) and macro F1, over all utterances with
    intervals over persons, as means over folds, and of each fold; the confusion; and paired
    differences from the first system.

    \b
    Example:
        avkd analyze classify plain/ taught/ --list people.jsonl --plot confusion.svg
    """
    from avkd_cli.analysis.text_stores import classify_parts
    from avkd_cli.steps.analyze.classify import classify

    show(classify(inputs, **asked), classify_parts, as_json)
