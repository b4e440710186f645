"""Write docs/results.md, its pictures and docs/results.json from the folder of the record.

    python examples/results/write_results.py work/results -o docs

Reads only what `avkd` commands made there, the weights in use, and three small files beside this
script: tuning.json, which `make tune` writes, ideas.json, which `make ideas` writes, and
openings.json.
"""

import json
import re
import sys
from pathlib import Path

import click
from choose import FLAGS
from gather import SENSES, gather
from page import page
from pictures import pictures

from avkd_cli.analysis.figures import save
from avkd_cli.errors import AvkdError, InputError
from avkd_cli.storage import durable

HERE = Path(__file__).parent
LINE = re.compile(r"^(WEIGHTS|BEST)_(\S+)\s*=\s*(.*?)\s*$", re.MULTILINE)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="docs/")
@click.option("--weights", type=click.Path(path_type=Path), default=HERE / "weights.mk")
@click.option("--tuning", type=click.Path(path_type=Path), default=HERE / "tuning.json")
@click.option("--ideas", type=click.Path(path_type=Path), default=HERE / "ideas.json")
@click.option("--openings", type=click.Path(path_type=Path), default=HERE / "openings.json")
def main(
    folder: Path, output: Path, weights: Path, tuning: Path, ideas: Path, openings: Path
) -> None:
    """Write the page of the record in FOLDER."""
    weights_of, best = read_weights(weights)
    tuned = json.loads(tuning.read_bytes()) if tuning.exists() else {}
    if tuned and tuned["weights"] != weights_of:
        raise InputError(f"{weights}: not the weights of {tuning}; run make tune again")
    tried = json.loads(ideas.read_bytes()) if ideas.exists() else {}
    for sense, one in tried.get("senses", {}).items():
        best[sense] = one["chosen"] or best[sense]
    results = gather(folder, tuned, json.loads(openings.read_bytes()), best)
    results["weights"] = weights_of
    results["ideas"] = tried
    write(results, output)


def write(results: dict, output: Path) -> None:
    """Write page, pictures and numbers into a folder."""
    pictured = pictures(results)
    durable.make_directory(output / "results")
    for name, figure in pictured.items():
        durable.write_bytes(output / "results" / f"{name}.svg", save(figure, ".svg"))
    durable.write_json(output / "results.json", results)
    durable.write_text(output / "results.md", page(results, pictured))


def read_weights(path: Path) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Return the weights by `audio_cos-kl`, and the best loss of each sense.

    Raises:
        InputError: a sense has no best loss, or a line has an option that is no term's.
    """
    term_of = {f"--{flag}": term for term, flag in FLAGS.items()}
    weights, best = {}, {}
    for kind, name, value in LINE.findall(path.read_text("utf-8")):
        words = value.split()
        if kind == "BEST":
            best[name] = value
        elif set(words[::2]) <= set(term_of):
            pairs = zip(words[::2], words[1::2], strict=True)
            weights[name] = {term_of[flag]: float(weight) for flag, weight in pairs}
        else:
            raise InputError(f"{path}: WEIGHTS_{name} = {value}: wanted {', '.join(term_of)}")
    if set(best) != set(SENSES):
        raise InputError(f"{path}: wanted BEST_audio and BEST_visual, found {sorted(best)}")
    return weights, best


if __name__ == "__main__":
    try:
        main()
    except AvkdError as error:
        sys.exit(f"write_results.py: error: {error}")
