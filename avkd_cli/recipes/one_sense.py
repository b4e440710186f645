"""Utterances that have but a face, or but a voice, where people are looked for by both senses.

Whoever has both is put into clusters first. Then each sense alone says who joins them: affinities
of one sense are of another scale than those of both, so its threshold is chosen on the labelled
people anew, and where they do not separate by it, nobody is put anywhere but by the film.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from avkd_cli.recipes.cluster_rules import PREFIX, Rules, persons_of, vectors_of
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.storage.utterances import Utterance
from avkd_cli.verification import clustering
from avkd_cli.verification.clustering import Separation


@dataclass(frozen=True)
class Lone:
    """What came of the utterances without a person that one store alone has.

    Attributes:
        store: its path. utterances: how many. found: those that got a person.
        labelled: how well the labelled people separate by it, None where nobody can say.
        trusted: whether that is enough. items: what has one person alone.
    """

    store: str
    utterances: int
    found: int
    labelled: Separation | None
    trusted: bool
    items: str


def join_lone(
    store: EmbeddingStore,
    listed: Sequence[Utterance],
    lone: Sequence[int],
    persons: Mapping[int, str],
    rules: Rules,
) -> tuple[dict[int, str], Lone]:
    """Return the persons of utterances that one store alone has, and what came of them.

    Args:
        listed: the list. lone: the places of those utterances in it.
        persons: by place, of those that have been decided; "": noise, which nobody joins.
    """
    decided = [i for i, who in persons.items() if who and store.holds(listed[i].id)]
    part = [*decided, *lone]
    vectors = vectors_of([store], [listed[i].id for i in part])
    told = _told(vectors, [listed[i] for i in part], rules)
    trusted = told is not None and told.f >= rules.separation
    known = rules.known([listed[i] for i in part], _names(listed, part, persons, rules))
    found = clustering.cluster(
        vectors,
        known,
        told.threshold if told and trusted else math.inf,
        exact_up_to=rules.exact_up_to,
        least=rules.least,
    )
    taken = sum(1 for who in set(persons.values()) if who.startswith(PREFIX))
    who = persons_of(found, known.names, taken)
    joined = dict(zip(lone, who[len(decided) :], strict=True))
    bare = [i for i in lone if not listed[i].person]
    return joined, Lone(
        store=str(store.path),
        utterances=len(bare),
        found=sum(1 for i in bare if joined[i]),
        labelled=told,
        trusted=trusted,
        items=rules.items,
    )


def _told(vectors: np.ndarray, part: Sequence[Utterance], rules: Rules) -> Separation | None:
    """Return how well labelled people separate by one sense, None where there are too few."""
    try:
        return clustering.separation(vectors, rules.known(part, [one.person for one in part]))
    except ValueError:
        return None


def _names(
    listed: Sequence[Utterance], part: Sequence[int], persons: Mapping[int, str], rules: Rules
) -> list[str]:
    """Return who utterances are known to be: as decided, as labelled, or as their film's."""
    films = {film: who for i, who in persons.items() if who and (film := rules.film_of(listed[i]))}
    return [
        persons.get(i) or listed[i].person or films.get(rules.film_of(listed[i]), "") for i in part
    ]
