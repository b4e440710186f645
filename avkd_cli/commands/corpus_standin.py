"""`avkd corpus standin`."""

from pathlib import Path

import click

from avkd_cli import pipes
from avkd_cli.options import flag, number, option, path, text

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
@path("-o --output", "DIR", "Folder to make.", required=True)
@number(
    "--persons", "Invented people; 7 of 10 to train on, the others to test.", 40, least=4, most=9000
)
@number("--sessions", "Sessions (videos) a person.", 6, least=2)
@number("--utterances", "Utterances a session.", 3, least=1, most=99999)
@text(
    "--seconds",
    "LOW,HIGH",
    "Shortest and longest utterance, in seconds.",
    default="1.8,2.8",
    type=seconds_of,
)
@flag("--moods", "People speak and look in seven moods by turns (emotion).")
@option(
    "--own",
    "How far voices and faces of one age and sex differ, as a share of what is usual: the "
    "less, the more voice and face have in common.",
    type=click.FloatRange(0, 3, min_open=True),
    default=1.0,
)
@number("--seed", "Of everything random.", 0, least=0)
@number("--workers", "Processes.  [default: all cores; 0: this one]", least=0, most=1024)
@pipes.manifest
@flag("--overwrite", "Replace a stand-in corpus of other settings.")
@flag("-q --quiet", "No progress, only warnings and errors.")
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
