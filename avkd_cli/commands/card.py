"""`avkd card`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import resampling


@click.command("card")
@click.argument("run", type=options.run_folder)
@click.option(
    "--scores",
    type=options.text_file,
    multiple=True,
    metavar="FILE",
    help="Score file of this run, on people that it was not trained on; again for more lists.",
)
@click.option(
    "--trials", type=options.text_file, metavar="LIST", help="Labels, where score files have none."
)
@click.option(
    "--people",
    type=click.Path(path_type=str),
    metavar="LIST.jsonl",
    help="List of utterances that says who is who, and their sex, age, language …",
)
@click.option(
    "--audio",
    type=options.store,
    metavar="STORE",
    help="The sound that was scored, as prep-audio made it: errors by duration and SNR.",
)
@click.option("--licence", metavar="TEXT", default="", help="Of the weights, such as CC-BY-4.0.")
@resampling(1000)
def card(
    run: Path,
    scores: tuple[str, ...],
    trials: str | None,
    people: str | None,
    audio: str | None,
    licence: str,
    resamples: int,
    seed: int,
) -> None:
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

    click.echo(
        step(
            run,
            scores,
            trials=trials,
            people=people,
            audio=audio,
            licence=licence,
            resamples=resamples,
            seed=seed,
        ),
        nl=False,
    )
