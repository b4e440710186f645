"""`avkd score`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.config import ScoreConfig


@click.command("score")
@click.argument("trials", type=options.text_file)
@click.argument("store", type=options.store)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Score file to write.  [default: stdout]",
)
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Write the summary as JSON.",
)
@click.option(
    "--cohort", type=options.store, metavar="STORE", help="Other people's embeddings, for --norm."
)
@click.option(
    "--sub-mean",
    type=options.store,
    metavar="STORE",
    help="Subtract the mean of these embeddings from all.",
)
@click.option(
    "--enrol-map",
    type=options.text_file,
    metavar="FILE",
    help="Lines 'model utterance …': trials name models, each the mean of its utterances.",
)
@click.option("-q", "--quiet", is_flag=True, help="No summary, only warnings and errors.")
@options.settings(ScoreConfig, section="score")
def score(trials: str, store: str, settings: ScoreConfig, **files: object) -> None:
    """Score TRIALS by the cosine of the embeddings in STORE.

    TRIALS has one trial a line: label (1 target, 0 nontarget), enrolment id, test id; other
    formats are guessed. STORE is a path, or - for the line that extract-embeddings prints.
    Score lines 'enrol test score target|nontarget' go to stdout or to -o, in the order of the
    list; EER, minDCF, counts and a signature to paste under a table go to stderr.

    \b
    Example:
        avkd score vox1_o.txt student.zarr > student.scores
        avkd score vox1_o.txt student.zarr --cohort vox2.zarr --norm as -o student.scores
    """
    from avkd_cli.steps.score import score as step

    step(trials, store, settings, **files)
