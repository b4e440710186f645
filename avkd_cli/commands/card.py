"""`avkd card`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling
from avkd_cli.options import source, text


@click.command("card")
@click.argument("run", type=options.run_folder)
@source(
    "--scores",
    "FILE",
    "Score file of this run, on people that it was not trained on; again for more lists.",
    multiple=True,
)
@source("--trials", "LIST", "Labels, where score files have none.")
@source(
    "--people",
    "LIST.jsonl",
    "List of utterances that says who is who, and their sex, age, language …",
)
@source(
    "--audio",
    "STORE",
    "The sound that was scored, as prep-audio made it: errors by duration and SNR.",
)
@text("--licence", "TEXT", "Of the weights, such as CC-BY-4.0.", default="")
@resampling(1000)
def card(run: Path, **asked) -> None:
    """Say what the model of RUN is good for: write its MODEL.md anew, and print it.

    Every training leaves a card in its run: whom it was trained on, how, and what it must not be
    used for. This adds what the run cannot know: figures with intervals over persons on the lists
    that it was tried on, and where it fails, by duration, noise, sex, age and language where these
    are given. Another file of the same list takes the place of the first. The facts are kept beside
    it as card.json; no name of a person is in either.

    \b
    Example:
        avkd card runs/student --scores vox1-o.scores --people people.jsonl --audio audio.zarr
    """
    from avkd_cli.steps.card import card as step

    click.echo(step(run, **asked), nl=False)
