"""Compare other ways to teach on the folds inside the training people.

    python examples/results/ideas.py work/results/ideas -o examples/results/ideas.json \\
        --idea visual-kd-projected fusion-gate "--beta 1 --projection"

Every idea is held against the baseline of the same fold and seed. The people of the test have no
part in it. The idea that did best takes the place of the best loss in the record, if it is no loss
of the paper, needs nothing but options, and lies below the baseline by more than its error from
run to run.
"""

import math
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
from choose import FLAGS, mean_eers

from avkd_cli.errors import AvkdError, InputError
from avkd_cli.storage import durable


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--idea", "ideas", nargs=3, multiple=True, metavar="SYSTEM TEACHER OPTIONS")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
@click.option("--chosen", type=click.Path(path_type=Path), help="Make variables of the winners.")
def main(
    folder: Path, ideas: Sequence[tuple[str, str, str]], output: Path, chosen: Path | None
) -> None:
    """Write the comparison of the ideas in FOLDER."""
    found = compared(mean_eers(folder), ideas)
    durable.write_json(output, found)
    if chosen is not None:
        durable.write_text(chosen, "".join([HEADER, *variables(found)]))


HEADER = """\
# Ways to teach that did best of all that `make ideas`, which wrote this, compares on the folds.
"""


def variables(found: Mapping) -> Iterator[str]:
    """Yield the lines that make a winner the best loss of its sense."""
    for sense, one in found["senses"].items():
        if one["chosen"]:
            (idea,) = (idea for idea in one["ideas"] if idea["name"] == one["chosen"])
            yield f"WEIGHTS_{sense}_{idea['name']} = {idea['options']}\n"
            yield f"BEST_{sense} = {idea['name']}\n"


def compared(found: Mapping[str, dict], ideas: Sequence[tuple[str, str, str]]) -> dict:
    """Return by sense the baseline and every idea against it, the best first.

    Args:
        found: what `mean_eers` returned.
        ideas: system, teacher and options of each.

    Raises:
        InputError: an idea was not run.
    """
    senses: dict[str, dict] = {}
    for system, teacher, options in ideas:
        sense, _, name = system.partition("-kd-")
        if system not in found or sense not in found:
            raise InputError(f"no runs of {system} or its baseline; run make ideas again")
        base = found[sense]
        ours = senses.setdefault(sense, {"baseline_eer_percent": base["mean"], "ideas": []})
        ours["ideas"].append(
            {"name": name, "teacher": teacher, "options": options.strip()}
            | against(found[system], base)
        )
    for one in senses.values():
        one["ideas"].sort(key=lambda idea: idea["difference"])
        one["chosen"] = chosen_of(one["ideas"])
    return {"format": "avkd.results.ideas", "version": 1, "senses": senses}


def chosen_of(ideas: Sequence[Mapping]) -> str | None:
    """Return the first idea, None if it may not take the place of the best loss."""
    first = ideas[0]
    plain = first["name"] in FLAGS  # a loss of the paper: make tune speaks of those
    alone = first["teacher"].startswith("fusion-") and "BASELINE" not in first["options"]
    error = first["standard_error"]
    sure = error is not None and first["difference"] < -error
    return first["name"] if alone and sure and not plain else None


def against(idea: Mapping, base: Mapping) -> dict:
    """Return an idea's mean EER, the mean difference to the baseline's runs, and its error."""
    differences = [eer - base["folds"][case] for case, eer in idea["folds"].items()]
    runs = len(differences)
    error = statistics.stdev(differences) / math.sqrt(runs) if runs > 1 else None
    return {
        "eer_percent": idea["mean"],
        "difference": statistics.fmean(differences),
        "standard_error": error,
        "runs": runs,
        "by_run": dict(zip(idea["folds"], differences, strict=True)),
    }


if __name__ == "__main__":
    try:
        main()
    except AvkdError as error:
        sys.exit(f"ideas.py: error: {error}")
