"""`avkd corpus split` and `avkd corpus folds`: one way to divide people, written as columns."""

from pathlib import Path

import click

from avkd_cli import options

_SHARE = click.FloatRange(0, 1, max_open=True)
_RULES = (
    click.option(
        "--by",
        default="",
        metavar="COLUMNS",
        help="Columns that every part has in the same shares, by commas, such as sex,block.",
    ),
    click.option("--within", default="", metavar="COLUMN", help="Divide inside each value of it."),
    click.option("--only", default="", metavar="SPLIT", help="Divide only those of this split."),
    click.option(
        "--seed", type=click.IntRange(0), default=0, show_default=True, help="Which division."
    ),
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE.jsonl",
        help="List to write, which may be the same; its paths are relative to its folder.  "
        "[default: stdout, with absolute paths]",
    ),
    click.option("--overwrite", is_flag=True, help="Replace columns that are there."),
    click.option("-q", "--quiet", is_flag=True, help="Do not print the summary on stderr."),
)


def _rules(command):
    return options.apply(_RULES, command)


class Shares(click.ParamType):
    """`70,10,20`: of train, validation and test."""

    name = "train,validation,test"

    def convert(self, value, param, ctx):  # noqa: D102
        try:
            shares = tuple(float(part) for part in value.split(","))
        except ValueError:
            shares = ()
        if len(shares) != 3 or not all(0 <= share < 1e6 for share in shares) or not shares[0]:
            self.fail(f"{value!r} are no three shares such as 70,10,20", param, ctx)
        return shares


@click.command()
@click.argument("utterances", type=options.utterance_list)
@click.option(
    "--test", type=_SHARE, default=0.3, show_default=True, help="Share of the people in test."
)
@click.option(
    "--validation", type=_SHARE, default=0.0, show_default=True, help="Share in validation."
)
@click.option(
    "--group",
    default="person",
    show_default=True,
    metavar="COLUMN",
    help="What is in one part only.",
)
@_rules
def split(utterances: str, test: float, validation: float, group: str, **rest) -> None:
    """Divide the people of UTTERANCES into train and test.

    Nobody is in both. Shares are of people, not of recordings; with --by each part has as many
    women, or people of a block, for its size. Says how many target trials are possible in test.
    UTTERANCES is a list, or - for stdin; every other key of it is kept.

    \b
    Example:
        avkd corpus split people.jsonl --test 0.3 --by sex --seed 0 -o split.jsonl
    """
    from avkd_cli.steps.corpus_divide import split_list

    output, rules, seed = _take(rest, group)
    split_list(utterances, output, rules, test=test, validation=validation, seed=seed)


@click.command()
@click.argument("utterances", type=options.utterance_list)
@click.option(
    "--folds", "count", type=click.IntRange(1), help="How many.  [default: leave one group out]"
)
@click.option(
    "--group",
    metavar="COLUMN",
    default="person",
    show_default=True,
    help="What is in one part only: person, session or any other column.",
)
@click.option(
    "--validation",
    type=_SHARE,
    default=0.0,
    show_default=True,
    help="Share in validation of those who are not test.",
)
@click.option(
    "--shares",
    type=Shares(),
    metavar="TRAIN,VALIDATION,TEST",
    help="Draw each fold anew in these shares, such as 70,10,20, instead of testing all once.",
)
@click.option(
    "--prefix",
    "prefix_of",
    default="fold",
    show_default=True,
    metavar="NAME",
    help="Columns are NAME1, NAME2 …",
)
@_rules
def folds(utterances: str, group: str, prefix_of: str, **rest) -> None:
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

    settings = {name: rest.pop(name) for name in ("count", "shares", "validation")}
    if settings["shares"] and settings["validation"]:
        raise click.UsageError("--shares says how many are in validation; leave out --validation")
    if settings["count"] == 1 and not settings["shares"]:
        raise click.UsageError("--folds 1 leaves nobody to train on; ask for 2, or give --shares")
    output, rules, seed = _take(rest, group)
    fold_list(utterances, output, rules, prefix_of=prefix_of, seed=seed, **settings)


def _take(rest: dict, group: str):
    """Return output, rules and seed of the options that both commands have."""
    from avkd_cli.steps.corpus_divide import DivisionRules, Output

    by = tuple(name.strip() for name in rest["by"].split(",") if name.strip())
    rules = DivisionRules(group, by, rest["within"], rest["only"])
    return Output(rest["output"], rest["overwrite"], rest["quiet"]), rules, rest["seed"]
