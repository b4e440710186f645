"""`avkd corpus split` and `avkd corpus folds`: one way to divide people, written as columns."""

import functools
from collections.abc import Callable

import click

from avkd_cli import options
from avkd_cli.options import flag, number, option, text, together

SHARE = click.FloatRange(0, 1, max_open=True)


def names(value: str) -> tuple[str, ...]:
    """Return names that are given by commas."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


RULES = (
    text(
        "--by",
        "COLUMNS",
        "Columns that every part has in the same shares, by commas, such as sex,block.",
        default="",
        type=names,
    ),
    text("--within", "COLUMN", "Divide inside each value of it.", default=""),
    text("--only", "SPLIT", "Divide only those of this split.", default=""),
    number("--seed", "Which division.", 0, least=0),
    options.rewritten_list,
    flag("--overwrite", "Replace columns that are there."),
    flag("-q --quiet", "Do not print the summary on stderr."),
)


def division(command: Callable) -> Callable:
    """Add the options of every division; the command gets `division` and `seed`."""

    @functools.wraps(command)
    def gathered(group, by, within, only, output, overwrite, quiet, **asked):
        from avkd_cli.steps.corpus_divide import Division

        given = Division(group, by, within, only, output, overwrite, quiet)
        return command(division=given, **asked)

    return together(*RULES)(gathered)


def three_shares(value: str) -> tuple[float, ...]:
    """Return the shares of train, validation and test, such as of `70,10,20`."""
    try:
        shares = tuple(float(part) for part in value.split(","))
    except ValueError:
        shares = ()
    if len(shares) != 3 or not all(0 <= share < 1e6 for share in shares) or not shares[0]:
        raise click.BadParameter(f"{value!r} are no three shares such as 70,10,20")
    return shares


@click.command()
@click.argument("utterances", type=options.utterance_list)
@option("--test", "Share of the people in test.", type=SHARE, default=0.3)
@option("--validation", "Share in validation.", type=SHARE, default=0.0)
@text("--group", "COLUMN", "What is in one part only.", default="person")
@division
def split(utterances: str, **asked) -> None:
    """Divide the people of UTTERANCES into train and test.

    Nobody is in both. Shares are of people, not of recordings; with --by each part has as many
    women, or people of a block, for its size. Says how many target trials are possible in test.
    UTTERANCES is a list, or - for stdin; every other key of it is kept.

    \b
    Example:
        avkd corpus split people.jsonl --test 0.3 --by sex --seed 0 -o split.jsonl
    """
    from avkd_cli.steps.corpus_divide import split_list

    split_list(utterances, **asked)


@click.command()
@click.argument("utterances", type=options.utterance_list)
@number("--folds count", "How many.  [default: leave one group out]", least=1)
@text(
    "--group",
    "COLUMN",
    "What is in one part only: person, session or any other column.",
    default="person",
)
@option("--validation", "Share in validation of those who are not test.", type=SHARE, default=0.0)
@text(
    "--shares",
    "TRAIN,VALIDATION,TEST",
    "Draw each fold anew in these shares, such as 70,10,20, instead of testing all once.",
    type=three_shares,
)
@text("--prefix prefix_of", "NAME", "Columns are NAME1, NAME2 …", default="fold")
@division
def folds(
    utterances: str, count: int | None, shares: tuple[float, ...] | None, validation: float, **asked
) -> None:
    """Add columns to UTTERANCES that say train or test, one column a fold.

    Every group is test in one fold: each person in turn, or as many folds as --folds says. Train
    on one by --split-column fold3. --within person --group session divides each person's
    sessions, so that everybody is in train; there --shares 70,10,20 draws one such division.

    \b
    Example:
        avkd corpus folds ravdess.jsonl -o folds.jsonl
        avkd corpus folds iemocap.jsonl --group x-fold -o folds.jsonl
        avkd corpus folds people.jsonl --folds 3 --by sex --only train -o folds.jsonl
        avkd corpus folds vox1.jsonl --within person --group session --shares 70,10,20
    """
    from avkd_cli.steps.corpus_divide import fold_list

    if shares and validation:
        raise click.UsageError("--shares says how many are in validation; leave out --validation")
    if count == 1 and not shares:
        raise click.UsageError("--folds 1 leaves nobody to train on; ask for 2, or give --shares")
    fold_list(utterances, count=count, shares=shares, validation=validation, **asked)
