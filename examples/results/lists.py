"""Lists of the experiment of record: folds inside the training people, fewer recordings a person.

Every list goes beside the one it is drawn from, since paths in a list are relative to it. People
whose split is not `train` are never in a fold: whoever tunes cannot see the people of the test.

    python examples/results/lists.py folds people.jsonl
    python examples/results/lists.py few people.jsonl --recordings 5
    python examples/results/lists.py epochs people.jsonl few-5.jsonl --config small --modality audio
"""

import random
import sys
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations
from pathlib import Path

import click
from msgspec.structs import replace

from avkd_cli import config
from avkd_cli.errors import AvkdError
from avkd_cli.storage import durable
from avkd_cli.storage.utterances import Utterance, read_utterances, write_utterances

LIST = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def main() -> None:
    """Make the lists of the experiment of record."""


@main.command("folds")
@click.argument("people", type=LIST)
@click.option("--folds", default=2, show_default=True)
@click.option("--within", default="block,sex", show_default=True, help="Columns of equal value.")
@click.option("--seed", default=0, show_default=True)
def folds_command(people: Path, folds: int, within: str, seed: int) -> None:
    """Write fold-K.jsonl and fold-K.txt (trials) beside PEOPLE, of its training people only."""
    train = training_people(read_utterances(people).utterances)
    same = group_by(within.split(","))
    for number, held_out in enumerate(folds_of(train, folds, same, seed)):
        listed = fold(train, held_out)
        validation = [one for one in listed if one.split == "validation"]
        write_utterances(people.with_name(f"fold-{number}.jsonl"), listed)
        lines = trial_lines(validation, same, seed)
        durable.write_text(people.with_name(f"fold-{number}.txt"), "".join(lines))


@main.command("few")
@click.argument("people", type=LIST)
@click.option("--recordings", required=True, type=click.IntRange(min=1))
@click.option("--seed", default=0, show_default=True)
def few_command(people: Path, recordings: int, seed: int) -> None:
    """Write few-N.jsonl beside PEOPLE: N recordings of each training person, all of the others."""
    kept = few(read_utterances(people).utterances, recordings, seed)
    write_utterances(people.with_name(f"few-{recordings}.jsonl"), kept)


@main.command("epochs")
@click.argument("people", type=LIST)
@click.argument("fewer", type=LIST)
@click.option("--config", "preset", required=True)
@click.option("--modality", type=click.Choice(["audio", "visual"]), required=True)
def epochs_command(people: Path, fewer: Path, preset: str, modality: str) -> None:
    """Print the epochs on FEWER that are as many steps as the preset's on PEOPLE."""
    settings = {"audio": config.AudioConfig, "visual": config.VisualConfig}[modality]
    sections = ("train-teacher", f"train-teacher.{modality}")
    epochs = config.load(settings, sections, preset, {}).epochs
    counts = [len(training_people(read_utterances(path).utterances)) for path in (people, fewer)]
    click.echo(f"{epochs * counts[0] / counts[1]:g}")


def training_people(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Return the utterances whose split is train."""
    return [one for one in utterances if one.split == "train"]


def group_by(columns: Sequence[str]) -> Callable[[Utterance], Hashable]:
    """Return the function from an utterance to its values in `columns`, None where unknown."""

    def key(one: Utterance) -> Hashable:
        return tuple(getattr(one, name, None) or one.extra.get(name) for name in columns)

    return key


def folds_of(
    utterances: Sequence[Utterance], folds: int, same: Callable, seed: int
) -> list[set[str]]:
    """Return the persons held out in each fold: every person once, groups of `same` shared out."""
    groups = defaultdict(set)
    for one in utterances:
        groups[same(one)].add(one.person)
    rng = random.Random(seed)
    held_out: list[set[str]] = [set() for _ in range(folds)]
    for _, persons in sorted(groups.items(), key=lambda item: str(item[0])):
        drawn = rng.sample(sorted(persons), len(persons))
        for person in drawn:
            min(held_out, key=len).add(person)
    return held_out


def fold(utterances: Iterable[Utterance], held_out: set[str]) -> list[Utterance]:
    """Return the utterances with split validation for the persons held out, else train."""
    return [
        replace(one, split="validation" if one.person in held_out else "train")
        for one in utterances
    ]


def trial_lines(
    utterances: Sequence[Utterance],
    same: Callable,
    seed: int,
    targets: int = 50,
    ratio: int = 3,
) -> list[str]:
    """Return trials as the test list has them: hard ones, drawn by a seed.

    Targets have two recordings and two pictures; nontargets are of two people of one group, so
    that neither corpus nor sex tells them apart.

    Args:
        utterances: of the persons held out.
        same: group of an utterance.
        seed: of the draw.
        targets: most target trials a person.
        ratio: nontargets a target.
    """
    rng = random.Random(seed)
    of_person = defaultdict(list)
    of_group = defaultdict(list)
    for one in utterances:
        of_person[one.person].append(one)
        of_group[same(one)].append(one)
    lines = []
    for person in sorted(of_person):
        pairs = [pair for pair in combinations(of_person[person], 2) if differ(*pair)]
        lines += [(1, *pair) for pair in drawn(rng, pairs, targets)]
    wanted = ratio * len(lines)
    pairs = [
        pair
        for _, group in sorted(of_group.items(), key=lambda item: str(item[0]))
        for pair in combinations(group, 2)
        if pair[0].person != pair[1].person
    ]
    lines += [(0, *pair) for pair in drawn(rng, pairs, wanted)]
    return [f"{label} {enrol.id} {test.id}\n" for label, enrol, test in lines]


def differ(first: Utterance, second: Utterance) -> bool:
    """Return whether two utterances share neither their sound nor their picture."""
    return first.audio != second.audio and first.images != second.images


def drawn(rng: random.Random, pairs: list, wanted: int) -> list:
    """Return `wanted` of the pairs, or all where there are fewer."""
    return rng.sample(pairs, min(wanted, len(pairs)))


def few(utterances: Iterable[Utterance], recordings: int, seed: int) -> list[Utterance]:
    """Return so many recordings of each training person, in the list's order, and all others'.

    The five of a person are among the ten: one order a person, cut off.
    """
    utterances = list(utterances)
    of_person = defaultdict(list)
    for one in training_people(utterances):
        of_person[one.person].append(one.id)
    kept: set[str] = set()
    for person, ids in of_person.items():
        order = random.Random(f"{seed}/{person}").sample(sorted(ids), len(ids))
        kept.update(order[:recordings])
    return [one for one in utterances if one.split != "train" or one.id in kept]


if __name__ == "__main__":
    try:
        main()
    except AvkdError as error:
        sys.exit(f"lists.py: error: {error}")
