"""`avkd corpus trials` and `avkd corpus rename-trials`."""

from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.config import STRATA
from avkd_cli.options import choice, flag, number, path, text

SENSES = ("audio", "visual", "video", "images")
_output = path("-o --output", "FILE", "Trial list to write.  [default: stdout]")


def senses(value: str) -> tuple[str, ...]:
    """Return what each side of a trial must have, by commas."""
    found = tuple(name.strip() for name in value.split(",") if name.strip())
    if unknown := [name for name in found if name not in SENSES]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(SENSES)}")
    return found


@click.command()
@click.argument("utterances", type=options.utterance_list)
@_output
@number("--targets", "Trials of one person.  [default: all]", least=0)
@number("--nontargets", "Trials of two people.  [default: as many as targets]", least=0)
@flag("--same-sex", "Nontargets are of one sex, as in VoxCeleb1-H.")
@flag("--cross-session", "Targets are of two sessions, as in VoxCeleb1's lists.")
@text("--split", "NAME", "Only utterances of this split.", default="")
@text(
    "--need",
    "SENSES",
    "Only utterances with all of these, by commas: audio, visual, video, images. A film has "
    "both audio and visual.",
    default="",
    type=senses,
)
@flag("--cross", "Trials of a voice (enrolment) and a face (test), for score TRIALS VOICES FACES.")
@choice(
    "--stratum",
    STRATA,
    "With --cross: what the two people of a nontarget have in common: sex (G), nationality "
    "(N), age within 5 years (A), all three (GNA), sex and age (GA).  [default: random, nothing]",
)
@choice(
    "--protocol",
    ("seen-heard", "unseen-unheard"),
    "With --cross: people of the training set in other clips, or people outside it.",
)
@text(
    "--split-column",
    "COLUMN",
    "Column that --split and --protocol look at; those it calls train are trained on.",
    default="split",
)
@number("--limit", "Most trials that are drawn.", 2_000_000, least=1)
@number("--seed", "Which list is drawn.", 0, least=0)
@flag("-q --quiet", "Do not print the summary on stderr.")
def trials(
    utterances: str, cross: bool, same_sex: bool, stratum: str | None, protocol: str | None, **asked
) -> None:
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
    if cross:
        if same_sex:
            raise click.UsageError("--same-sex with --cross is --stratum G")
        from avkd_cli.steps.corpus_cross import draw_cross

        draw_cross(utterances, stratum=stratum or "random", protocol=protocol, **asked)
        return
    for name, value in (("stratum", stratum), ("protocol", protocol)):
        if value is not None:
            raise click.UsageError(f"--{name} is for --cross, trials of a voice and a face")
    from avkd_cli.steps.corpus_trials import draw_trials

    draw_trials(utterances, same_sex=same_sex, **asked)


@click.command("rename-trials")
@click.argument("trial_list", metavar="TRIALS", type=options.text_file)
@path("--meta metadata", "vox1_meta.csv", "Who is called what.", required=True)
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
