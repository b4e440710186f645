"""What the analyses share: how a result is shown, and their common options."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from avkd_cli import options
from avkd_cli.config import P_TARGETS, SCORE_FORMATS
from avkd_cli.papers import PAPERS, USUAL
from avkd_cli.shown import Reading

if TYPE_CHECKING:
    from avkd_cli.analysis.table import Part, Table

READING = (
    click.option(
        "--trials",
        type=click.Path(path_type=str, allow_dash=True),
        metavar="LIST",
        help="Trial list to take labels from, where score files have none.",
    ),
    click.option(
        "--intersect",
        is_flag=True,
        help="Take the trials that score files and list all have, and say how many others "
        "there are; else they must be the same.",
    ),
    click.option(
        "--columns",
        metavar="enrol=COLUMN,…",
        help="What the columns of CSV files are called, where it is not the usual: enrol, "
        "test, label, score, distance.",
    ),
)


def trial_list(command: Callable) -> Callable:
    """Add --trials and how it is read; the command gets one argument, `trials`."""

    @functools.wraps(command)
    def gathered(trials: str | None, intersect: bool, columns: str | None, **kwargs):
        if intersect or columns:
            from avkd_cli.verification.headed import as_names

            try:
                names = as_names(columns or "")
            except ValueError as error:
                raise click.UsageError(f"--columns: {error}") from None
            trials = Reading(trials or "", intersect, names)
        return command(trials=trials, **kwargs)

    return options.apply(READING, gathered)


score_format = click.option(
    "--in-format",
    type=click.Choice(SCORE_FORMATS),
    metavar="FORMAT",
    help="Of the score files, where it cannot be guessed; fame is distances.  [default: guessed]",
)
people_list = click.option(
    "--people",
    type=click.Path(path_type=str),
    metavar="LIST.jsonl",
    help="List of utterances that says who is who.  [default: the first part of each id]",
)
which_paper = click.option(
    "--paper",
    type=click.Choice(tuple(PAPERS)),
    default=USUAL.name,
    show_default=True,
    help="Published system whose tables to fill and whose names to know (docs/formats.md).",
)


TESTED = ("scores", "inputs", "folder")


def strict(command: Callable) -> Callable:
    """Add --strict, which refuses a test on persons that were trained on."""

    @functools.wraps(command)
    def checked(strict: bool, **kwargs):
        if strict:
            from avkd_cli.steps.seen import refuse

            refuse("analyze", tested(kwargs))
        return command(**kwargs)

    return click.option(
        "--strict",
        is_flag=True,
        help="Refuse a test on persons that the network was trained on, instead of a warning.",
    )(checked)


def tested(arguments: dict[str, object]) -> list[object]:
    """Return the score files, stores or folders that a command's arguments name."""
    named = [arguments[name] for name in (*TESTED, *"abcd") if arguments.get(name)]
    return [one for value in named for one in (value if isinstance(value, tuple) else (value,))]


corpus_name = click.option(
    "--corpus",
    metavar="NAME",
    help="Corpus, said first and last; 'stand-in' says that nobody in it is real.",
)


def resampling(usual: int = 0, least: int = 0) -> Callable[[Callable], Callable]:
    """Return what adds --resamples and --seed.

    Args:
        usual: draws where the command is not told. least: fewest; 0: none at all is one way.
    """
    number = click.option(
        "--resamples",
        type=click.IntRange(least, 100_000),
        default=usual,
        show_default=True,
        callback=lambda _ctx, _param, n: enough(n),
        help="Lists of persons drawn with replacement for 95 % intervals"
        + ("." if least else "; 0: none."),
    )
    seed = click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the draws."
    )
    return lambda command: number(seed(command))


def enough(resamples: int) -> int:
    """Refuse a number of draws whose quantiles would say nothing."""
    if 0 < resamples < 100:
        raise click.BadParameter(f"{resamples} draws are too few for an interval; take 100 or more")
    return resamples


class Prior(click.ParamType):
    """Probabilities of a target, one or several by commas."""

    name = "P[,P...]"

    def convert(self, value, param, ctx):  # noqa: D102
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(float(one) for one in str(value).split(","))
        except ValueError:
            self.fail(f"{value!r} is no number, nor several by commas", param, ctx)
        for one in found:
            if not 0 < one < 1:
                self.fail(f"{one:g} is not between 0 and 1", param, ctx)
        return found


def joined(groups: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the priors of all options, each once."""
    return tuple(dict.fromkeys(one for group in groups for one in group))


priors = click.option(
    "--p-target",
    type=Prior(),
    multiple=True,
    callback=lambda _ctx, _param, groups: joined(groups) or P_TARGETS,
    help="Probability of a target in detection costs; several by commas.  [default: 0.01,0.05]",
)

COST = click.FloatRange(min=0, min_open=True)


def show(
    result: dict,
    parts: Callable[[dict], Iterable[Part]],
    as_json: bool,
    as_table: Callable[[Table], str] | None = None,
) -> None:
    """Print paragraphs and tables, piped or not, or one JSON object where that is asked."""
    import json

    from avkd_cli.analysis.render import document

    if as_json:
        text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    else:
        text = document(parts(result), as_table)
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
