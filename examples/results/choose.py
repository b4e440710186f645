"""Choose the weights of the terms by the folds inside the training people.

    python examples/results/choose.py work/results/tune --singles -o work/results/tune/singles.mk
    python examples/results/choose.py work/results/tune -o examples/results/weights.mk \\
        --preset small --toml examples/presets/chimera54.toml --json examples/results/tuning.json

The first takes the best weight of each term alone, for the pairs to be trained with; the second
writes all weights and the best loss of each sense, as make variables and as a preset.
"""

import json
import statistics
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from avkd_cli.config import PRESETS, preset_path
from avkd_cli.errors import AvkdError, InputError
from avkd_cli.storage import durable

SENSES = ("audio", "visual")
FLAGS = {"cos": "beta", "kl": "alpha", "mmd": "gamma"}
PAIRS = ("cos-kl", "cos-mmd", "kl-mmd")
PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--singles", is_flag=True, help="Only the terms alone, for the pairs to follow.")
@click.option("-o", "--output", required=True, type=PATH, help="Weights, as make variables.")
@click.option("--preset", default="small", show_default=True, help="What the folds were run with.")
@click.option("--toml", type=PATH, help="Preset with the best loss of each sense.")
@click.option("--json", "as_json", type=PATH, help="Every candidate and its EER.")
def main(
    folder: Path,
    singles: bool,
    output: Path,
    preset: str,
    toml: Path | None,
    as_json: Path | None,
) -> None:
    """Write the weights that the folds of FOLDER chose."""
    found = mean_eers(folder)
    if singles:
        weights = single_weights(found)
        durable.write_text(output, variables("WON", weights))
        return
    chosen = choice(found)
    durable.write_text(output, HEADER.format(**chosen) + variables("WEIGHTS", chosen["weights"])
                       + "".join(f"BEST_{s} = {chosen['best'][s]}\n" for s in SENSES))  # fmt: skip
    if toml is not None:
        source = preset_path(preset) if preset in PRESETS else Path(preset)
        durable.write_text(toml, preset_text(source.read_text("utf-8"), preset, chosen))
    if as_json is not None:
        durable.write_json(as_json, chosen)


HEADER = """\
# Weights of the terms, written by `make tune`: the lowest mean EER over {folds} runs on two folds
# inside the training people; the people of the test had no part in it. Grid and EERs: tuning.json.
"""


def mean_eers(folder: Path) -> dict[str, dict]:
    """Return by system its EER in percent of each fold and the mean.

    Raises:
        InputError: no metrics, or a system that some folds lack.
    """
    of_system = defaultdict(dict)
    for path in sorted(folder.glob("*/scores/*.metrics.json")):
        name = path.name.removesuffix(".metrics.json")
        of_system[name][path.parts[-3]] = json.loads(path.read_bytes())["eer_percent"]
    if not of_system:
        raise InputError(f"{folder}: no */scores/*.metrics.json; run make tune")
    cases = {case for found in of_system.values() for case in found}
    for name, found in of_system.items():
        if set(found) != cases:
            raise InputError(f"{folder}: {name} lacks {', '.join(sorted(cases - set(found)))}")
    return {
        name: {"mean": statistics.fmean(found.values()), "folds": found}
        for name, found in sorted(of_system.items())
    }


def single_weights(found: Mapping[str, dict]) -> dict[tuple[str, str], dict[str, float]]:
    """Return the weights of every loss: of a term alone its best, of a pair those of its terms.

    Of equal EERs the smaller weight is taken.

    Raises:
        InputError: a term was run with no weight.
    """
    weights = {}
    for sense in SENSES:
        for term in FLAGS:
            tried = weights_tried(found, sense, term)
            if not tried:
                raise InputError(f"no run {sense}-kd-{term}@WEIGHT among {', '.join(found)}")
            weights[sense, term] = {term: min(tried, key=lambda one: (tried[one], one))}
        for pair in PAIRS:
            terms = pair.split("-")
            weights[sense, pair] = {term: weights[sense, term][term] for term in terms}
    return weights


def weights_tried(found: Mapping[str, dict], sense: str, term: str) -> dict[float, float]:
    """Return by weight the mean EER of a term alone."""
    start = f"{sense}-kd-{term}@"
    return {
        float(name.removeprefix(start)): one["mean"]
        for name, one in found.items()
        if name.startswith(start)
    }


def choice(found: Mapping[str, dict]) -> dict:
    """Return the weights of each loss, the best loss of each sense, and what they were chosen by.

    Raises:
        InputError: a pair or a baseline was not run.
    """
    weights = single_weights(found)
    table, best = {}, {}
    for sense in SENSES:
        names = {loss: run_name(sense, loss, weights[sense, loss]) for loss in (*FLAGS, *PAIRS)}
        for name in (sense, *names.values()):
            if name not in found:
                raise InputError(f"no run {name}: the folds are not complete; run make tune again")
        table[sense] = {loss: found[name]["mean"] for loss, name in names.items()}
        best[sense] = min(table[sense], key=table[sense].get)
    return {
        "format": "avkd.results.tuning",
        "version": 1,
        "folds": len(next(iter(found.values()))["folds"]),
        "weights": weights_by_name(weights),
        "best": best,
        "baseline_eer_percent": {sense: found[sense]["mean"] for sense in SENSES},
        "eer_percent": table,
        "candidates": dict(found),
    }


def run_name(sense: str, loss: str, weights: Mapping[str, float]) -> str:
    """Return the system's name in the folds: `audio-kd-cos@0.3`, `audio-kd-cos-kl@won`."""
    return f"{sense}-kd-{loss}@" + ("won" if loss in PAIRS else f"{weights[loss]:g}")


def weights_by_name(weights: Mapping[tuple[str, str], dict]) -> dict[str, dict]:
    """Return the weights by `audio_cos-kl`, as make variables are named."""
    return {f"{sense}_{loss}": terms for (sense, loss), terms in weights.items()}


def variables(name: str, weights: Mapping) -> str:
    """Return lines such as `WON_audio_cos-kl = --beta 1 --alpha 0.3`."""
    named = weights if all(isinstance(key, str) for key in weights) else weights_by_name(weights)
    return "".join(f"{name}_{loss} = {flags(terms)}\n" for loss, terms in named.items())


def flags(terms: Mapping[str, float]) -> str:
    """Return the options of distill for weights of terms."""
    return " ".join(f"--{FLAGS[term]} {weight:g}" for term, weight in terms.items())


def preset_text(base: str, name: str, chosen: Mapping) -> str:
    """Return the settings of `base` with the best loss of each sense, and how they were chosen.

    Raises:
        InputError: the preset has tables of distill already.
    """
    if "distill" in tomllib.loads(base):
        raise InputError(f"the preset {name} sets [distill] already")
    settings = "\n".join(without_header(base.splitlines()))
    return f"{comment(name, chosen)}\n{settings}\n{''.join(tables(chosen))}"


def without_header(lines: Iterable[str]) -> list[str]:
    """Return the lines from the first that is no comment."""
    lines = list(lines)
    first = next((at for at, line in enumerate(lines) if line and not line.startswith("#")), 0)
    return lines[first:]


def comment(name: str, chosen: Mapping) -> str:
    """Return how the weights were chosen, as comment lines."""
    lines = [
        f"# chimera54: the networks of {name}, and the loss that helped each student most.",
        "#",
        "# Written by `make tune`: each term alone with each weight of the grid, pairs with the",
        "# weights that won alone, two folds inside the 34 training people. The 20 people of the",
        f"# test had no part in it. Mean EER in percent over {chosen['folds']} runs:",
        "#",
    ]
    for sense in SENSES:
        found = " ".join(f"{loss} {eer:.2f}" for loss, eer in chosen["eer_percent"][sense].items())
        lines.append(f"#   {sense}: baseline {chosen['baseline_eer_percent'][sense]:.2f} {found}")
    return "\n".join([*lines, ""])


def tables(chosen: Mapping) -> Iterable[str]:
    """Yield a [distill.SENSE] table each."""
    for sense in SENSES:
        terms = chosen["weights"][f"{sense}_{chosen['best'][sense]}"]
        yield f"\n[distill.{sense}]\n"
        yield "".join(f"{FLAGS[term]} = {float(weight)}\n" for term, weight in terms.items())


if __name__ == "__main__":
    try:
        main()
    except AvkdError as error:
        sys.exit(f"choose.py: error: {error}")
