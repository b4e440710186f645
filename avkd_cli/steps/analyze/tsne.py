"""`avkd analyze tsne`: recordings of some persons in a plane, and which lie far from their own."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from avkd_cli.analysis.outliers import RULE, distances_to_own_mean, outliers
from avkd_cli.errors import InputError, blame
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.inputs import is_target, named_paths, read_labelled
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.spaces import AGAIN, ids_of, listed, opened, persons_of, rows
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.verification.extensions import rows_of
from avkd_cli.verification.metrics import eer_threshold, error_rates


def tsne(
    sources: Sequence[str],
    *,
    list_file: Path | None = None,
    hard: str | None = None,
    samples: int = 20,
    persons: int = 20,
    recordings: int = 30,
    perplexity: float = 30,
    seed: int = 0,
    plot: Picture | None = None,
) -> dict:
    """Return each store's outliers among the same recordings, and their places if drawn.

    Raises:
        UsageError: a picture is wanted and scikit-learn is not installed.
        MissingInputError, InputError: a store or the list cannot be read; stores share no
            person with two recordings; an embedding is not finite or all zeros.
    """
    stores, wanted = opened(named_paths(sources)), listed(list_file)
    wrong = {} if hard is None else hardest(hard, stores, wanted, samples)
    ids, who = chosen(stores, wanted, persons, recordings, wrong)
    found = {name: far(name, store, ids, who) for name, store in stores.items()}
    for one in found.values() if wrong else ():
        one["hard_outliers"] = sum(id in wrong for id in one["outlying"])
    if plot is not None:
        draw_plane(plot, stores, found, ids, who, perplexity, seed, set(wrong))
    return {
        "format": "avkd.analysis.tsne",
        "version": 1,
        "rule": RULE,
        "hard": [{"id": id, "wrong": number} for id, number in wrong.items()],
        "persons": len(set(who)),
        "recordings": len(ids),
        "ids": ids,
        "perplexity": perplexity,
        "seed": seed,
        "stores": list(found.values()),
    }


def hardest(
    scores: str, stores: Mapping[str, EmbeddingStore], wanted: set[str] | None, samples: int
) -> dict[str, int]:
    """Return the recordings of most wrong trials at the EER's threshold, and in how many they are.

    Both sides of a trial count; of equals first whose worst trial is the nearest to the wrong
    side, or the furthest on it. Recordings are hard only where all stores hold them, and another
    one of their person.

    Raises:
        MissingInputError, InputError: the scores cannot be read, have no labels, or none of a
            recording that all stores hold.
    """
    (one,) = read_labelled([scores])
    at = eer_threshold(error_rates(one.target, one.nontarget))
    beyond = np.where(is_target(one), at - one.score, one.score - at)  # wrong above 0
    wrong, worst = np.zeros(len(one.ids), int), np.full(len(one.ids), -np.inf)
    for side in (one.enrol, one.test):
        np.add.at(wrong, side, beyond > 0)
        np.maximum.at(worst, side, beyond)
    held = [id for ids in with_several(stores, wanted).values() for id in ids]
    places, _ = rows_of(held, {id: row for row, id in enumerate(one.ids)})
    place = {id: int(row) for id, row in zip(held, places, strict=True) if row >= 0}
    if not place:
        raise InputError(
            f"{scores}: no trial of a recording that all stores hold, with another of its person; "
            "give scores of these recordings"
        )
    found = sorted(place, key=lambda id: (-wrong[place[id]], -worst[place[id]], id))
    return {id: int(wrong[place[id]]) for id in found[:samples]}


def with_several(
    stores: Mapping[str, EmbeddingStore], wanted: set[str] | None
) -> dict[str, list[str]]:
    """Return by person the utterances that all stores hold, of persons with two or more."""
    first, *others = stores.values()
    shared = set(first.ids).intersection(*(one.ids for one in others))
    by_person: dict[str, list[str]] = defaultdict(list)
    ids = ids_of(first, wanted)
    for id, person in zip(ids, persons_of(first, ids), strict=True):
        if person and id in shared:
            by_person[person].append(id)
    return {person: ids for person, ids in by_person.items() if len(ids) > 1}


def chosen(
    stores: Mapping[str, EmbeddingStore],
    wanted: set[str] | None,
    persons: int,
    recordings: int,
    hard: Collection[str] = (),
) -> tuple[list[str], list[str]]:
    """Return utterances that all stores hold, of the persons with most of them; and who is who.

    With hard ones it is their persons, and these are taken whatever the number.

    Raises:
        InputError: nobody has two.
    """
    several, hard = with_several(stores, wanted), set(hard)
    if not several:
        raise InputError(
            f"{next(iter(stores.values())).path}: no person has two recordings in all stores"
            f"{'' if wanted is None else ' and the list'}; outliers need some"
        )
    if hard:
        several = {person: ids for person, ids in several.items() if hard & {*ids}}
        persons = len(several)
    kept = sorted(several, key=lambda person: (-len(several[person]), person))[:persons]
    pairs = [(id, person) for person in kept for id in some_of(several[person], recordings, hard)]
    return [id for id, _ in pairs], [person for _, person in pairs]


def some_of(ids: Sequence[str], most: int, hard: Collection[str]) -> list[str]:
    """Return at most so many, evenly taken, and those that are hard."""
    taken = {*evenly(ids, most), *(id for id in ids if id in hard)}
    return [id for id in ids if id in taken]


def evenly(ids: Sequence[str], most: int) -> list[str]:
    """Return at most so many, evenly taken."""
    if len(ids) <= most:
        return list(ids)
    return [ids[at] for at in np.linspace(0, len(ids) - 1, most).round().astype(int).tolist()]


def far(name: str, store: EmbeddingStore, ids: Sequence[str], who: Sequence[str]) -> dict:
    """Return one store's outliers by the stated rule.

    Raises:
        InputError: an embedding is not finite or all zeros.
    """
    embeddings = rows(store, ids)
    with blame(store.path, AGAIN):
        distance = distances_to_own_mean(embeddings, who)
    outlying = outliers(distance)
    return {
        "name": name,
        "fingerprint": store.fingerprint,
        "outliers": int(outlying.sum()),
        "share": float(outlying.mean()),
        "mean_distance": float(distance.mean()),
        "standard_deviation": float(distance.std()),
        "outlying": [id for id, one in zip(ids, outlying.tolist(), strict=True) if one],
    }


def draw_plane(
    picture: Picture,
    stores: Mapping[str, EmbeddingStore],
    found: Mapping[str, dict],
    ids: Sequence[str],
    who: Sequence[str],
    perplexity: float,
    seed: int,
    hard: Collection[str] = (),
) -> None:
    """Draw a panel a store, and add the places of all recordings to what was found."""
    from avkd_cli.analysis.tsne import plane

    panels = {}
    for name, store in stores.items():
        with blame(store.path):
            places = plane(rows(store, ids), perplexity, seed)
        outlying = set(found[name]["outlying"])
        panels[name] = places, [id in outlying for id in ids]
        found[name]["places"] = places.round(4).tolist()
    crossed = [id in hard for id in ids]
    draw(picture, lambda figures: figures.plane_figure(panels, who, crossed))
