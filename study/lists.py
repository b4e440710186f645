"""Who is labelled, who is held out, and how many recordings of each: lists, drawn by a seed.

The draws are `deal` and `folds` of avkd's own divisions: whatever columns are named have the same
shares in every part, and a draw depends on the seed and the people alone, so that all systems of
a seed have the same labelled people.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from avkd_cli import keyed
from avkd_cli.corpora.divide import TEST, TRAIN, deal, folds
from avkd_cli.corpora.trials import Candidate, Rule, Trial, count_trials, draw_trials
from avkd_cli.errors import InputError
from avkd_cli.steps.corpus import prefix, relocate
from avkd_cli.storage import durable
from avkd_cli.storage.utterances import (
    Utterance,
    UtteranceList,
    read_whole,
    value_of,
    write_utterances,
)

TRUTH = "x-who"  # column that says who somebody without a name is, for figures alone
NONTARGETS = 8  # of a fold, times as many as targets


def strata_of(utterances: Iterable[Utterance], by: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return by person the values of some columns.

    Raises:
        InputError: a person has two values of one.
    """
    found: dict[str, tuple[str, ...]] = {}
    for one in utterances:
        values = tuple(value_of(one, column) for column in by)
        if found.setdefault(one.person, values) != values:
            raise InputError(
                f"{one.id}: {one.person} has {values} and {found[one.person]} in {', '.join(by)}; "
                "draws keep the shares of columns that are the person's: name others by --by"
            )
    return found


def draw(strata: Mapping[str, tuple[str, ...]], share: float, seed: int) -> set[str]:
    """Return the people who are labelled: so large a share of everybody, and of every stratum."""
    parts = deal(strata, (share, 1 - share), seed)
    return {person for person, part in parts.items() if part == 0}


def write_lists(
    people: Path, output: Path, *, labelled: float, by: Sequence[str], seed: int, few: int = 0
) -> None:
    """Write known, others, both, train and test into a folder.

    Args:
        people: a list whose split says who is trained on.
        output: folder to make.
        labelled: share of the training people whose names are used.
        by: columns whose shares the draw keeps.
        seed: of the draw.
        few: recordings kept of each labelled person; 0: all.

    Raises:
        InputError: nobody to train on or to test; a person with two strata; a share that
            leaves fewer than two people labelled.
    """
    found = read_whole(str(people))
    train, test = parted(found)
    names = draw(strata_of(train, by), labelled, seed)
    if len(names) < 2:
        raise InputError(
            f"{people}: a share of {labelled:g} labels {len(names)} of "
            f"{len({one.person for one in train})} people; two at least are wanted"
        )
    known = fewer([one for one in train if one.person in names], few, seed)
    others = [nameless(one) for one in train if one.person not in names]
    lists = {"known": known, "others": others, "both": [*known, *others], "train": train}
    for name, part in (lists | {"test": test}).items():
        _write(part, found.base, output / f"{name}.jsonl")


def parted(found: UtteranceList) -> tuple[list[Utterance], list[Utterance]]:
    """Return who is trained on, and who is tested.

    Raises:
        InputError: one of them is nobody.
    """
    train = [one for one in found.utterances if one.split == TRAIN and one.person]
    test = [one for one in found.utterances if one.split not in ("", TRAIN)]
    if not train or not test:
        raise InputError(
            f"{found.name}: {len(train)} recordings to train on and {len(test)} to test; split "
            "must say train, and something else of the test people"
        )
    return train, test


def nameless(one: Utterance) -> Utterance:
    """Return an utterance without its person, who is kept where no training looks."""
    return replace(one, person="", extra=one.extra | {TRUTH: one.person})


def fewer(utterances: Sequence[Utterance], count: int, seed: int) -> list[Utterance]:
    """Return so many recordings of each person, drawn by the seed; 0: all."""
    if not count:
        return list(utterances)
    of_person: dict[str, list[str]] = {}
    for one in utterances:
        of_person.setdefault(one.person, []).append(one.id)
    kept = {
        ids[place]
        for person, ids in of_person.items()
        for place in keyed.permutation(seed, f"few/{person}", len(ids))[:count].tolist()
    }
    return [one for one in utterances if one.id in kept]


def write_fold(
    people: Path, output: Path, *, fold: int, count: int, by: Sequence[str], block: str
) -> None:
    """Write a list of the training people in which a fold of them is the test, and its trials.

    Trials are inside a block; nontargets of one sex where the list says it of everybody.

    Raises:
        InputError: no such fold, or too few people.
    """
    found = read_whole(str(people))
    train, _ = parted(found)
    strata = strata_of(train, by)
    try:
        parts = folds(strata, count, seed=0)[fold]
    except (ValueError, IndexError):
        raise InputError(f"{people}: fold {fold} of {count}, of {len(strata)} people") from None
    listed = [replace(one, split=TEST if parts[one.person] == TEST else TRAIN) for one in train]
    _write(listed, found.base, output / "people.jsonl")
    held = [one for one in listed if one.split == TEST]
    lines = [f"{label} {enrol} {test}\n" for label, enrol, test in _trials(held, block)]
    durable.write_text(output / "trials.txt", "".join(lines))


def _trials(held: Sequence[Utterance], block: str) -> list[Trial]:
    """Return all targets of each block, and some nontargets of each."""
    blocks: dict[str, list[Candidate]] = {}
    for one in held:
        side = Candidate(one.id, one.person, one.session, one.sex)
        blocks.setdefault(value_of(one, block) if block else "", []).append(side)
    found = []
    for sides in blocks.values():
        rule = Rule(
            same_sex=all(one.sex for one in sides), cross_session=all(one.session for one in sides)
        )
        targets, nontargets = count_trials(sides, rule)
        found += draw_trials(sides, rule, targets, min(nontargets, NONTARGETS * targets), seed=0)
    return found


def relist(source: Path, output: Path) -> None:
    """Write a list again, its paths relative to where it goes.

    Raises:
        MissingInputError, InputError: it cannot be read.
    """
    found = read_whole(str(source))
    _write(found.utterances, found.base, output)


def _write(utterances: Iterable[Utterance], base: Path, output: Path) -> None:
    durable.make_directory(output.parent)
    write_utterances(output, relocate(utterances, prefix(base, output)))
