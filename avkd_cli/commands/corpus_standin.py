"""`avkd corpus standin`."""

from pathlib import Path

import click

from avkd_cli import pipes

LONGEST = 60.0


def seconds_of(text: str) -> tuple[float, float]:
    """Return the two numbers of --seconds."""
    try:
        low, high = (float(one) for one in text.split(","))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not two numbers such as 2,4") from None
    if not 0.4 <= low <= high <= LONGEST:
        raise click.BadParameter(f"{text!r}: wanted 0.4 <= LOW <= HIGH <= {LONGEST:g}")
    return low, high


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Folder to make.",
)
@click.option(
    "--persons",
    type=click.IntRange(4, 9000),
    default=40,
    show_default=True,
    help="Invented people; 7 of 10 to train on, the others to test.",
)
@click.option(
    "--sessions",
    type=click.IntRange(2),
    default=6,
    show_default=True,
    help="Sessions (videos) a person.",
)
@click.option(
    "--utterances",
    type=click.IntRange(1, 99999),
    default=3,
    show_default=True,
    help="Utterances a session.",
)
@click.option(
    "--seconds",
    default="1.8,2.8",
    show_default=True,
    metavar="LOW,HIGH",
    callback=lambda _ctx, _param, text: seconds_of(text),
    help="Shortest and longest utterance, in seconds.",
)
@click.option(
    "--moods", is_flag=True, help="People speak and look in seven moods by turns (emotion)."
)
@click.option(
    "--own",
    type=click.FloatRange(0, 3, min_open=True),
    default=1.0,
    show_default=True,
    help="How far voices and faces of one age and sex differ, as a share of what is usual: the "
    "less, the more voice and face have in common.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything random."
)
@click.option(
    "--workers",
    type=click.IntRange(0, 1024),
    help="Processes.  [default: all cores; 0: this one]",
)
@pipes.manifest
@click.option("--overwrite", is_flag=True, help="Replace a stand-in corpus of other settings.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only warnings and errors.")
def standin(output: Path, **settings) -> None:
    """Make invented people in files laid out as VoxCeleb2 dev and VoxCeleb1.

    DIR then holds people.jsonl (all, with split, sex and age), voxceleb2/ (m4a and mp4, to train
    on), voxceleb1/ (wav and mp4, to test on), vox1_meta.csv and the trial lists O, E and H under
    their official names; noises.jsonl and rooms.jsonl, to spoil recordings with. It stands in for
    data you do not have: error rates on it show that the pipeline works, and nothing about real
    people. The same seed gives the same files.

    \b
    Example:
        avkd corpus standin -o standin --persons 40 --seed 0
        avkd corpus standin -o moods --moods --utterances 7 --seconds 2,4
    """
    from avkd_cli.steps.corpus import standin as step

    pipes.print_store(step(output, **settings))
