"""`python -m study`: what is a teacher worth? See docs/results.md; the Makefile's targets call it.

    python -m study tune    --data ../shared/data        settings by folds of the training people
    python -m study results --data ../shared/data        trainings, scores, docs/results.md
    python -m study plan    --data ../shared/data        the command lines alone
    python -m study page    --data ../shared/data        the page, of what is there

The other commands are the study's own steps, which plans call.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from avkd_cli.errors import AvkdError, MissingInputError, UsageError
from study.systems import STAGES, of_stages

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WHERE = click.Path(path_type=Path)
HERE = Path(__file__).parent
COLUMNS = "--id sample --person identity --audio voice --images face --sex sex --split split"
IMPORTED = ("audio:emb_resemblyzer_voices.npz", "visual:emb_sface_faces.npz")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Say what a teacher is worth."""


def words(text: str) -> tuple[str, ...]:
    """Return what blanks or commas part."""
    return tuple(text.replace(",", " ").split())


def whose(command: Callable) -> Callable:
    """Add the options that say whose recordings, where, and how much of it."""
    for option in reversed(
        (
            click.option(
                "--data",
                type=WHERE,
                default=Path("../shared/data"),
                show_default=True,
                help="Folder of people171/.",
            ),
            click.option(
                "--manifest", type=WHERE, help="Other people: a table, or a list (.jsonl)."
            ),
            click.option("--trials", type=WHERE, help="Their trial list."),
            click.option(
                "--columns",
                default=COLUMNS,
                show_default=True,
                help="Options of avkd corpus csv that name the table's columns.",
            ),
            click.option(
                "--imported",
                multiple=True,
                metavar="SENSE:FILE",
                help="Embeddings by strong encoders; '' for none.",
            ),
            click.option(
                "--by",
                default="block,sex",
                show_default=True,
                help="Columns whose shares draws keep.",
            ),
            click.option(
                "--block",
                default="block",
                show_default=True,
                help="Column of groups whose EERs are averaged; '' for one group.",
            ),
            click.option("--film", default="", help="Column of what has one person alone."),
            click.option(
                "--detector",
                default="--detector none",
                show_default=True,
                help="Options of avkd crop-faces.",
            ),
            click.option("--work", type=WHERE, default=Path("work/study"), show_default=True),
            click.option(
                "--stages",
                default="primary",
                show_default=True,
                help=f"Of {' '.join(STAGES)}; or all.",
            ),
            click.option(
                "--chosen",
                type=WHERE,
                default=HERE / "chosen.json",
                help="File of settings that tune writes.  [default: study/chosen.json]",
            ),
            click.option(
                "--jobs",
                type=click.IntRange(min=1),
                default=2,
                show_default=True,
                help="Commands at a time.",
            ),
            click.option(
                "--quick",
                type=click.IntRange(min=0),
                default=0,
                metavar="TIMES",
                help="So many times fewer steps, to see that all of it works.",
            ),
        )
    ):
        command = option(command)
    return command


def people_of(given: dict):
    """Return whose recordings the options name.

    Raises:
        UsageError, MissingInputError: a manifest without trials; a file that is not there.
    """
    from study.recordings import People

    own = given["manifest"] is not None
    if own != (given["trials"] is not None):
        raise UsageError("give --manifest and --trials, both or neither")
    data = given["data"] / "people171"
    manifest = given["manifest"] or data / "people171.csv"
    trials = given["trials"] or data / "people171_trials.txt"
    imported = given["imported"] or (() if own else IMPORTED)
    files = dict(
        _imported(one, None if own or given["imported"] else data) for one in imported if one
    )
    for path in (manifest, trials, *files.values()):
        if not path.is_file():
            raise MissingInputError(
                f"{path}: no such file; give --data, or --manifest and --trials"
            )
    columns = tuple(given["columns"].split())
    return People(
        manifest,
        trials,
        columns,
        None if own else data,
        files,
        words(given["by"]),
        given["block"],
        given["film"],
        tuple(given["detector"].split()),
    )


def _imported(text: str, folder: Path | None) -> tuple[str, Path]:
    sense, _, name = text.partition(":")
    if sense not in ("audio", "visual") or not name:
        raise UsageError(f"--imported {text}: wanted audio:FILE or visual:FILE")
    return sense, Path(name) if folder is None else folder / name


def stages_of(text: str) -> tuple[str, ...]:
    """Return the stages that are asked for.

    Raises:
        UsageError: there is no such stage.
    """
    found = words(text)
    if unknown := [one for one in found if one not in (*STAGES, "all")]:
        raise UsageError(f"--stages {unknown[0]}: there are {', '.join(STAGES)}, and all")
    return STAGES if "all" in found or not found else found


def seeds_of(text: str) -> tuple[int, ...]:
    """Return the seeds that are asked for.

    Raises:
        UsageError: one is no number.
    """
    found = words(text)
    if not found or not all(one.isdecimal() for one in found):
        raise UsageError(f"--seeds {text!r}: wanted numbers, such as 0,1,2,3,4")
    return tuple(dict.fromkeys(map(int, found)))


def plan_of(given: dict):
    """Return a plan without jobs, with the settings that were chosen."""
    from study.choose import chosen_of, read_json
    from study.plan import Chosen, Plan

    chosen = chosen_of(read_json(given["chosen"])) if given["chosen"].exists() else Chosen()
    return Plan(people_of(given), given["work"], chosen, quick=given["quick"])


def planned(given: dict, seeds: str):
    """Return a plan with all jobs of some stages and seeds, and what is wanted of them."""
    plan, wanted = plan_of(given), []
    for seed in seeds_of(seeds):
        case = plan.recordings.seed(seed)
        for one in of_stages(stages_of(given["stages"])):
            wanted += filter(None, [*plan.scored(case, one), plan.looked_at(case, one)])
    return plan, list(dict.fromkeys(wanted))


SEEDS = click.option("--seeds", default="0", show_default=True, help="By commas or blanks.")
OUTPUT = click.option(
    "-o",
    "--output",
    type=WHERE,
    help="Folder of results.md.  [default: docs, or with --quick the work folder]",
)


@main.command()
@whose
@click.option("--folds", type=click.IntRange(min=2), default=3, show_default=True)
@click.option(
    "--used",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Folds on which the students of labels alone are trained.",
)
@click.option(
    "--others",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Folds on which all others are.",
)
def tune(folds: int, used: int, others: int, **given) -> None:
    """Choose settings by folds of the training people, into the file of --chosen."""
    from study.choose import Folds, choose

    if not others <= used <= folds:
        raise UsageError(
            f"--used {used} and --others {others}: there are {folds} folds, and what is held "
            "against labels alone is not chosen on more of them"
        )
    how = Folds(people_of(given), given["work"], folds, used, others, given["jobs"], given["quick"])
    choose(how, stages_of(given["stages"]), given["chosen"])


@main.command()
@whose
@SEEDS
@OUTPUT
def results(seeds: str, output: Path | None, **given) -> None:
    """Train, score and write the page; a second call does what is missing."""
    from study.run import run

    plan, wanted = planned(given, seeds)
    run(plan.lines, wanted, given["work"], at_once=given["jobs"])
    write(given, output)


@main.command("plan")
@whose
@SEEDS
def plan_command(seeds: str, **given) -> None:
    """Print the command lines of what is not done yet, in an order in which they can be run."""
    from study.run import run

    plan, wanted = planned(given, seeds)
    run(plan.lines, wanted, given["work"], at_once=1, show=True)


@main.command()
@whose
@OUTPUT
def page(output: Path | None, **given) -> None:
    """Write the page of what is there."""
    write(given, output)


def write(given: dict, output: Path | None) -> None:
    """Gather what is there and write page, numbers and pictures."""
    from study.choose import read_json
    from study.gather import gather
    from study.page import write_page

    chosen = read_json(given["chosen"]) if given["chosen"].exists() else {}
    found = gather(plan_of(given), chosen)
    write_page(found, output or (given["work"] if given["quick"] else Path("docs")))


BY = click.option("--by", default="", help="Columns whose shares are kept.")


@main.command("lists")
@click.argument("people", type=FILE)
@click.option("--labelled", type=click.FloatRange(0, 1), required=True)
@BY
@click.option("--seed", type=click.IntRange(min=0), default=0)
@click.option("--few", type=click.IntRange(min=0), default=0)
@click.option("-o", "--output", type=WHERE, required=True)
def lists_command(
    people: Path, labelled: float, by: str, seed: int, few: int, output: Path
) -> None:
    """Write known, others, both, train and test into a folder."""
    from study.lists import write_lists

    write_lists(people, output, labelled=labelled, by=words(by), seed=seed, few=few)


@main.command("fold")
@click.argument("people", type=FILE)
@click.option("--fold", type=click.IntRange(min=0), required=True)
@click.option("--folds", type=click.IntRange(min=2), required=True)
@BY
@click.option("--block", default="")
@click.option("-o", "--output", type=WHERE, required=True)
def fold_command(people: Path, fold: int, folds: int, by: str, block: str, output: Path) -> None:
    """Write a list in which a fold of the training people is the test, and its trials."""
    from study.lists import write_fold

    write_fold(people, output, fold=fold, count=folds, by=words(by), block=block)


@main.command("relist")
@click.argument("people", type=FILE)
@click.option("-o", "--output", type=WHERE, required=True)
def relist_command(people: Path, output: Path) -> None:
    """Write a list again, its paths relative to where it goes."""
    from study.lists import relist

    relist(people, output)


@main.command("spoil")
@click.argument("stores", nargs=2, type=WHERE)
@click.option("--list", "people", type=FILE, required=True)
@click.option("--f", type=click.FloatRange(0, 1), required=True)
@click.option("--film", default="")
@click.option("--seed", type=int, default=0)
@click.option("-o", "--output", type=WHERE, required=True)
def spoil_command(
    stores: tuple[Path, Path], people: Path, f: float, film: str, seed: int, output: Path
) -> None:
    """Write both senses' embeddings with so much noise that clusters have a pairwise F."""
    from study.spoil import spoil

    spoil(stores, people, output, f=f, film=film, seed=seed)


@main.command("shrink")
@click.argument("people", type=FILE)
@click.option("--width", type=click.IntRange(min=2), required=True)
@click.option("--everybody", is_flag=True)
@click.option("-o", "--output", type=WHERE, required=True)
def shrink_command(people: Path, width: int, everybody: bool, output: Path) -> None:
    """Write a list whose people without a name have small pictures."""
    from study.spoil import shrink

    shrink(people, output, width, everybody=everybody)


def guarded(arguments: Iterable[str] | None = None) -> int:
    """Run a command; an error that a user can cure is one line and its exit code."""
    try:
        main.main(None if arguments is None else list(arguments), standalone_mode=False)
    except AvkdError as error:
        click.echo(f"study: error: {error}", err=True)
        return error.exit_code
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.Abort:
        click.echo("study: stopped; the same command goes on", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(guarded())
