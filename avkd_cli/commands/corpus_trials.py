"""`avkd corpus trials` and `avkd corpus rename-trials`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.config import STRATA

_SENSES = ("audio", "visual", "video", "images")
_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Trial list to write.  [default: stdout]",
)


class Senses(click.ParamType):
    """`audio,visual`: what each side of a trial must have."""

    name = "senses"

    def convert(self, value, param, ctx):  # noqa: D102
        senses = tuple(name.strip() for name in value.split(",") if name.strip())
        if unknown := [name for name in senses if name not in _SENSES]:
            self.fail(f"{unknown[0]!r} is none of {', '.join(_SENSES)}", param, ctx)
        return senses


@click.command()
@click.argument("utterances", type=options.utterance_list)
@_output
@click.option("--targets", type=click.IntRange(0), help="Trials of one person.  [default: all]")
@click.option(
    "--nontargets",
    type=click.IntRange(0),
    help="Trials of two people.  [default: as many as targets]",
)
@click.option("--same-sex", is_flag=True, help="Nontargets are of one sex, as in VoxCeleb1-H.")
@click.option(
    "--cross-session", is_flag=True, help="Targets are of two sessions, as in VoxCeleb1's lists."
)
@click.option("--split", default="", metavar="NAME", help="Only utterances of this split.")
@click.option(
    "--need",
    type=Senses(),
    default="",
    metavar="SENSES",
    help="Only utterances with all of these, by commas: audio, visual, video, images. A film has "
    "both audio and visual.",
)
@click.option(
    "--cross",
    is_flag=True,
    help="Trials of a voice (enrolment) and a face (test), for score TRIALS VOICES FACES.",
)
@click.option(
    "--stratum",
    type=click.Choice(STRATA),
    help="With --cross: what the two people of a nontarget have in common: sex (G), nationality "
    "(N), age within 5 years (A), all three (GNA), sex and age (GA).  [default: random, nothing]",
)
@click.option(
    "--protocol",
    type=click.Choice(("seen-heard", "unseen-unheard")),
    help="With --cross: people of the training set in other clips, or people outside it.",
)
@click.option(
    "--split-column",
    metavar="COLUMN",
    default="split",
    show_default=True,
    help="Column that --split and --protocol look at; those it calls train are trained on.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=2_000_000,
    show_default=True,
    help="Most trials that are drawn.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Which list is drawn."
)
@click.option("-q", "--quiet", is_flag=True, help="Do not print the summary on stderr.")
def trials(utterances: str, **settings) -> None:
    """Draw a trial list from UTTERANCES, in VoxCeleb's form: label, enrolment, test.

    Trials are drawn without replacement and evenly among all that the rules allow; (a, b) and
    (b, a) are one. Targets and nontargets take turns. How many there will be is said first.
    UTTERANCES is a list, or - for stdin.

    \b
    Example:
        avkd corpus trials people.jsonl --split test --cross-session \\
            --targets 1000 --nontargets 1000 > trials.txt
        avkd corpus trials people.jsonl --cross --protocol unseen-unheard --stratum GNA > gna.txt
    """
    cross = {name: settings.pop(name) for name in ("stratum", "protocol")}
    if settings.pop("cross"):
        if settings.pop("same_sex"):
            raise click.UsageError("--same-sex with --cross is --stratum G")
        from avkd_cli.steps.corpus_cross import draw_cross

        draw_cross(
            utterances, stratum=cross["stratum"] or "random", protocol=cross["protocol"], **settings
        )
        return
    for name, value in cross.items():
        if value is not None:
            raise click.UsageError(f"--{name} is for --cross, trials of a voice and a face")
    from avkd_cli.steps.corpus_trials import draw_trials

    draw_trials(utterances, **settings)


@click.command("rename-trials")
@click.argument("trial_list", metavar="TRIALS", type=options.text_file)
@click.option(
    "--meta",
    "metadata",
    type=click.Path(path_type=Path),
    required=True,
    metavar="vox1_meta.csv",
    help="Who is called what.",
)
@_output
def rename_trials(trial_list: str, metadata: Path, output: Path | None) -> None:
    """Rewrite TRIALS that name celebrities with the ids of today's VoxCeleb1.

    Eartha_Kitt/x6uYqmx31kE_0000001.wav becomes id10270/x6uYqmx31kE/00001.wav; a side that has
    that form stays. - reads stdin.

    \b
    Example:
        avkd corpus rename-trials old_veri_test.txt --meta vox1_meta.csv > veri_test.txt
    """
    from avkd_cli.steps.corpus import rename_trials as step

    step(trial_list, metadata, output)
