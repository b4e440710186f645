"""What the analyses share: how a result is shown, and their common options."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TYPE_CHECKING

import click

from avkd_cli.config import P_TARGETS, SCORE_FORMATS
from avkd_cli.options import Decorator, choice, flag, number, source, text, together
from avkd_cli.papers import PAPERS
from avkd_cli.shown import Reading

if TYPE_CHECKING:
    from avkd_cli.analysis.table import Part, Table

READING = (
    source("--trials", "LIST", "Trial list to take labels from, where score files have none."),
    flag(
        "--intersect",
        "Take the trials that score files and list all have, and say how many others "
        "there are; else they must be the same.",
    ),
    text(
        "--columns",
        "enrol=COLUMN,…",
        "What the columns of CSV files are called, where it is not the usual: enrol, "
        "test, label, score, distance.",
    ),
)


FORMAT = choice(
    "--in-format",
    SCORE_FORMATS,
    "Of the score files, where it cannot be guessed; fame is distances.  [default: guessed]",
    metavar="FORMAT",
)


def trial_list(command: Callable, options: tuple[Decorator, ...] = READING) -> Callable:
    """Add --trials and how it is read; the command gets one argument, `reading`."""

    @functools.wraps(command)
    def gathered(trials: str | None, intersect: bool, columns: str | None, **kwargs):
        names = column_names(columns) if columns else {}
        format = kwargs.pop("in_format", None)
        return command(reading=Reading(trials or "", intersect, names, format), **kwargs)

    return together(*options)(gathered)


def score_files(command: Callable) -> Callable:
    """Add --trials, and how it and score files of any format are read: one argument, `reading`."""
    return trial_list(command, (*READING, FORMAT))


def column_names(given: str) -> dict[str, str]:
    """Return what columns of CSV files are called."""
    from avkd_cli.verification.headed import as_names

    try:
        return as_names(given)
    except ValueError as error:
        raise click.UsageError(f"--columns: {error}") from None


people_list = source(
    "--people",
    "LIST.jsonl",
    "List of utterances that says who is who.  [default: the first part of each id]",
)


def which_paper(help: str, default: str | None = None) -> Callable[[Callable], Callable]:
    """Return what adds --paper; the command gets the paper."""
    named = lambda _ctx, _param, name: name and PAPERS[name]  # noqa: E731
    return choice("--paper", tuple(PAPERS), help, default=default, callback=named)


TESTED = ("scores", "inputs", "folder")


def strict(command: Callable) -> Callable:
    """Add --strict, which refuses a test on persons that were trained on."""

    @functools.wraps(command)
    def checked(strict: bool, **kwargs):
        if strict:
            from avkd_cli.steps.seen import refuse

            refuse("analyze", tested(kwargs))
        return command(**kwargs)

    return flag(
        "--strict",
        "Refuse a test on persons that the network was trained on, instead of a warning.",
    )(checked)


def tested(arguments: dict[str, object]) -> list[object]:
    """Return the score files, stores or folders that a command's arguments name."""
    named = [arguments[name] for name in (*TESTED, *"abcd") if arguments.get(name)]
    return [one for value in named for one in (value if isinstance(value, tuple) else (value,))]


corpus_name = text(
    "--corpus", "NAME", "Corpus, said first and last; 'stand-in' says that nobody in it is real."
)


def resampling(usual: int = 0, least: int = 0) -> Callable[[Callable], Callable]:
    """Return what adds --resamples and --seed.

    Args:
        usual: draws where the command is not told. least: fewest; 0: none at all is one way.
    """
    drawn = number(
        "--resamples",
        "Lists of persons drawn with replacement for 95 % intervals"
        + ("." if least else "; 0: none."),
        usual,
        least=least,
        most=100_000,
        callback=enough,
    )
    seed = number("--seed", "Of the draws.", 0, least=0)
    return lambda command: drawn(seed(command))


def enough(_ctx: click.Context, _param: click.Parameter, resamples: int) -> int:
    """Refuse a number of draws whose quantiles would say nothing."""
    if 0 < resamples < 100:
        raise click.BadParameter(f"{resamples} draws are too few for an interval; take 100 or more")
    return resamples


def probabilities(value: str) -> tuple[float, ...]:
    """Return probabilities of a target, one or several by commas."""
    try:
        found = tuple(float(one) for one in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no number, nor several by commas") from None
    for one in found:
        if not 0 < one < 1:
            raise click.BadParameter(f"{one:g} is not between 0 and 1")
    return found


priors = text(
    "--p-target p_targets",
    "P[,P...]",
    "Probability of a target in detection costs; several by commas.  [default: 0.01,0.05]",
    type=probabilities,
    multiple=True,
    callback=lambda _ctx, _param, given: tuple(dict.fromkeys(chain(*given))) or P_TARGETS,
)

COST = click.FloatRange(min=0, min_open=True)


def show(
    result: dict,
    parts: Callable[[dict], Iterable[Part]],
    as_json: bool,
    as_table: Callable[[Table], str] | None = None,
) -> None:
    """Print paragraphs and tables, piped or not, or one JSON object where that is asked."""
    from avkd_cli.analysis.render import document

    if as_json:
        text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    else:
        text = document(parts(result), as_table)
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
