"""People nobody named: a list whose persons are clusters of what stores of embeddings say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from avkd_cli.errors import InputError, some
from avkd_cli.recipes.cluster_report import notes_of, report_of
from avkd_cli.recipes.cluster_rules import (
    PREFIX,
    TEACHER,
    Rules,
    paths,
    persons_of,
    vectors_of,
)
from avkd_cli.recipes.one_sense import Lone, join_lone
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.storage.utterances import Utterance
from avkd_cli.training.training_set import PERSON_OF, TRAIN
from avkd_cli.verification import clustering
from avkd_cli.verification.clustering import Known, Separation


@dataclass(frozen=True)
class Clustered:
    """A list with clusters for persons.

    Attributes:
        utterances: all of the list, in its order.
        report: figures, as JSON.
        notes: what a person should know, line by line.
    """

    utterances: list[Utterance]
    report: dict[str, Any]
    notes: list[str] = field(default_factory=list)


def clustered(
    stores: Sequence[EmbeddingStore], utterances: Sequence[Utterance], where: str, rules: Rules
) -> Clustered:
    """Return a list whose lines without a person have a cluster's name for one.

    An utterance that falls in with a labelled person gets that person's name. One that is noise,
    or of which a store has nothing, stays without. A person that a teacher gave before is none.
    Lines of another split than train are left as they are.

    Args:
        stores: of a fused teacher, or of each sense.
        where: the list, for messages.

    Raises:
        InputError: no one can be clustered, a film has two names, the labelled people do not
            separate or there are none to choose a threshold on, or all came out as one, as many
            as utterances, or noise.
    """
    listed = [without_guess(one) for one in utterances]
    part = [i for i, one in enumerate(listed) if taken(one, stores)]
    names = [listed[i].person for i in part]
    if all(names):
        raise InputError(
            f"{where}: no line without a person is in {paths(stores)}; there is nobody to cluster"
        )
    _check_prefix(names, where)
    there = [one for one in listed if any(taken(one, [store]) for store in stores)]
    _known(there, [one.person for one in there], where, rules)
    named = _named_by_film(listed, part, stores, rules)
    known = _known([listed[i] for i in part], named, where, rules)
    vectors = vectors_of(stores, [listed[i].id for i in part])
    told = _told(vectors, known, stores, rules)
    threshold = told.threshold if rules.threshold is None and told else rules.threshold
    found = clustering.cluster(
        vectors, known, float(threshold), exact_up_to=rules.exact_up_to, least=rules.least
    )
    _check_outcome(found, names, where, float(threshold))
    persons = dict(zip(part, persons_of(found, named), strict=True))
    lone = list(_one_by_one(stores, listed, persons, rules))
    lines = [
        named_by_teacher(one, persons[i]) if i in persons else _passed_over(one)
        for i, one in enumerate(listed)
    ]
    part = sorted(persons)
    report = report_of(
        [listed[i] for i in part], [persons[i] for i in part], rules, float(threshold), told, lone
    )
    return Clustered(lines, report, [*notes_of(report, listed, part, rules)])


def _named_by_film(
    listed: Sequence[Utterance],
    part: Sequence[int],
    stores: Sequence[EmbeddingStore],
    rules: Rules,
) -> list[str]:
    """Return the names of those who have both senses: their own, or of one who has but one."""
    both = set(part)
    lone = [
        one
        for i, one in enumerate(listed)
        if i not in both and one.person and any(taken(one, [store]) for store in stores)
    ]
    films = {film: one.person for one in lone if (film := rules.film_of(one))}
    return [listed[i].person or films.get(rules.film_of(listed[i]), "") for i in part]


def _one_by_one(
    stores: Sequence[EmbeddingStore],
    listed: Sequence[Utterance],
    persons: dict[int, str],
    rules: Rules,
) -> Iterator[Lone]:
    """Put those that one store alone has to whom they belong, store by store, into `persons`."""
    for store in stores if len(stores) > 1 else ():
        lone = [i for i, one in enumerate(listed) if i not in persons and taken(one, [store])]
        if any(not listed[i].person for i in lone):
            joined, said = join_lone(store, listed, lone, persons, rules)
            persons |= joined
            yield said


def without_guess(utterance: Utterance) -> Utterance:
    """Return an utterance without the person that a teacher gave it before."""
    if utterance.extra.get(PERSON_OF) != TEACHER:
        return utterance
    extra = {name: value for name, value in utterance.extra.items() if name != PERSON_OF}
    return msgspec.structs.replace(utterance, person="", extra=extra)


def named_by_teacher(utterance: Utterance, person: str) -> Utterance:
    """Return an utterance with the person of its cluster, if it has none; "": noise."""
    if utterance.person:
        return utterance
    extra = utterance.extra | {PERSON_OF: TEACHER}
    return msgspec.structs.replace(utterance, person=person, extra=extra)


def _passed_over(utterance: Utterance) -> Utterance:
    """Return a line that took no part: in training, one without a person is noise."""
    return utterance if utterance.split not in ("", TRAIN) else named_by_teacher(utterance, "")


def taken(utterance: Utterance, stores: Sequence[EmbeddingStore]) -> bool:
    """Return whether an utterance takes part: to train on, and in all stores."""
    return utterance.split in ("", TRAIN) and all(one.holds(utterance.id) for one in stores)


def _check_prefix(names: Sequence[str], where: str) -> None:
    taken_names = sorted({name for name in names if name.startswith(PREFIX)})
    if taken_names:
        raise InputError(
            f"{where}: {some(taken_names)} is the name of a labelled person, and of a cluster to "
            f"be; rename it, or say {PERSON_OF}: {TEACHER} where a teacher gave it"
        )


def _known(part: Sequence[Utterance], names: list[str], where: str, rules: Rules) -> Known:
    try:
        return rules.known(part, names)
    except clustering.Contradiction as error:
        raise InputError(
            f"{where}: {error}, and one {rules.film} is taken for one person's; name another "
            "column by --film, or --film '' for none"
        ) from None


def _told(
    vectors: np.ndarray, known: Known, stores: Sequence[EmbeddingStore], rules: Rules
) -> Separation | None:
    """Return how well labelled people separate; None where none are and a threshold is given."""
    try:
        told = clustering.separation(vectors, known)
    except ValueError as error:
        if rules.threshold is not None:
            return None
        raise InputError(
            f"{paths(stores)}: {error}: no threshold can be chosen, which takes two people with "
            f"two {rules.items}; label some, or give --threshold"
        ) from None
    if rules.threshold is None and told.f < rules.separation:
        raise InputError(
            f"{paths(stores)}: does not separate the {told.people} labelled people: pairwise F "
            f"is {told.f:.3f} at best, at least {rules.separation:g} is wanted; clusters of it "
            "would harm. Take a better teacher, or both senses"
        )
    return told


def _check_outcome(found: np.ndarray, names: Sequence[str], where: str, threshold: float) -> None:
    """Raise InputError where the clusters tell nobody apart."""
    nameless = found[[not name for name in names]]
    count = len(set(nameless.tolist()) - {-1})
    at = f"at threshold {threshold:.4f}"
    if not count:
        raise InputError(
            f"{where}: all {len(nameless):,} utterances without a person are noise {at}: none is "
            "near another one; give a lower --threshold, or a better teacher"
        )
    if count == len(nameless) > 1:
        raise InputError(
            f"{where}: {count:,} clusters of as many utterances {at}; give a lower --threshold"
        )
    if len(set(found.tolist())) == 1:
        raise InputError(
            f"{where}: one cluster of all {len(found):,} utterances {at}; give a higher --threshold"
        )
