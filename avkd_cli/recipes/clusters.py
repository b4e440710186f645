"""People nobody named: a list whose persons are clusters of what stores of embeddings say."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from avkd_cli.errors import InputError, some
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.storage.utterances import Utterance, value_of
from avkd_cli.training.training_set import PERSON_OF, TRAIN
from avkd_cli.verification import clustering
from avkd_cli.verification.affinity import affine
from avkd_cli.verification.agreement import agreement
from avkd_cli.verification.clustering import Known, Separation
from avkd_cli.verification.neighbours import EXACT

TEACHER = "teacher"
PREFIX = "cluster-"


@dataclass(frozen=True)
class Rules:
    """How people are looked for.

    Args:
        threshold: the affinity from which on clusters are one person; None: as the labelled say.
        film: column of what has one person alone; "": nothing has.
        least: utterances of the smallest cluster.
        separation: the least pairwise F of the labelled people, their names hidden.
        truth: column of who they are, for figures alone; "": not known.
        exact_up_to: so many utterances are compared each with each.
    """

    threshold: float | None = None
    film: str = "session"
    least: int = 2
    separation: float = 0.5
    truth: str = ""
    exact_up_to: int = EXACT


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
            f"{where}: no line without a person is in {_paths(stores)}; there is nobody to cluster"
        )
    _check_prefix(names, where)
    known = _known([listed[i] for i in part], names, where, rules)
    vectors = _vectors(stores, [listed[i].id for i in part])
    told = _told(vectors, known, stores, rules)
    threshold = told.threshold if rules.threshold is None and told else rules.threshold
    found = clustering.cluster(
        vectors, known, float(threshold), exact_up_to=rules.exact_up_to, least=rules.least
    )
    _check_outcome(found, names, where, float(threshold))
    persons = persons_of(found, names)
    lines = list(listed)
    for place, person in zip(part, persons, strict=True):
        lines[place] = named_by_teacher(lines[place], person)
    for place in sorted(set(range(len(lines))) - set(part)):
        lines[place] = _passed_over(lines[place])
    truth = judged_by([listed[i] for i in part], rules.truth)
    report = _report(found, names, persons, truth, float(threshold), told)
    return Clustered(lines, report, [*_notes(report, listed, part, rules)])


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


def persons_of(found: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return the person of each utterance: a name of its cluster, or `cluster-00017`; "": noise."""
    named: dict[int, str] = {}
    for one, name in zip(found.tolist(), names, strict=True):
        if name:
            named[one] = name
    fresh = (one for one in range(found.max(initial=-1) + 1) if one not in named)
    made = {one: f"{PREFIX}{number:05d}" for number, one in enumerate(fresh, 1)}
    return [(named | made).get(one, "") for one in found.tolist()]


def judged_by(part: Sequence[Utterance], truth: str) -> list[str]:
    """Return who each utterance truly is, "" for those that are not held against anything.

    One utterance stands for each labelled person, so that whoever falls in with the wrong one is
    seen, and pairs that the labels give are not counted.
    """
    if not truth:
        return [""] * len(part)
    seen = {""}
    found = []
    for one in part:
        first = one.person not in seen
        seen.add(one.person)
        said = value_of(one, truth) or one.person
        found.append(said if first or not one.person else "")
    return found


def _check_prefix(names: Sequence[str], where: str) -> None:
    taken_names = sorted({name for name in names if name.startswith(PREFIX)})
    if taken_names:
        raise InputError(
            f"{where}: {some(taken_names)} is the name of a labelled person, and of a cluster to "
            f"be; rename it, or say {PERSON_OF}: {TEACHER} where a teacher gave it"
        )


def _known(part: Sequence[Utterance], names: list[str], where: str, rules: Rules) -> Known:
    films = [value_of(one, rules.film) if rules.film else "" for one in part]
    try:
        return Known(names, films)
    except clustering.Contradiction as error:
        raise InputError(
            f"{where}: {error}, and one {rules.film} is taken for one person's; name another "
            "column by --film, or --film '' for none"
        ) from None


def _vectors(stores: Sequence[EmbeddingStore], ids: Sequence[str]) -> np.ndarray:
    """Return the vectors whose inner products are the affinities of utterances."""
    rows = [[store.row_of[one] for one in ids] for store in stores]
    try:
        return affine([s.embedding[row] for s, row in zip(stores, rows, strict=True)])
    except ValueError as error:
        raise InputError(f"{_paths(stores)}: {error}; they tell nobody apart") from None


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
            f"{_paths(stores)}: {error}: no threshold can be chosen, which takes two people with "
            f"two {plural(rules)}; label some, or give --threshold"
        ) from None
    if rules.threshold is None and told.f < rules.separation:
        raise InputError(
            f"{_paths(stores)}: does not separate the {told.people} labelled people: pairwise F "
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


def _report(
    found: np.ndarray,
    names: Sequence[str],
    persons: Sequence[str],
    truth: Sequence[str],
    threshold: float,
    told: Separation | None,
) -> dict[str, Any]:
    nameless = np.array([not name for name in names])
    made = Counter(p for p, bare in zip(persons, nameless, strict=True) if bare and p)
    fresh = {name: count for name, count in made.items() if name.startswith(PREFIX)}
    sizes = sorted(fresh.values())
    report = {
        "format": "avkd.clusters",
        "version": 1,
        "threshold": threshold,
        "labelled": told and dataclasses.asdict(told),
        "utterances": int(nameless.sum()),
        "clusters": len(fresh),
        "sizes": {"least": sizes[0], "median": float(np.median(sizes)), "most": sizes[-1]}
        if sizes
        else None,
        "fell_in_with_labelled": sum(made.values()) - sum(sizes),
        "noise": int(nameless.sum()) - sum(made.values()),
        "truth": None,
    }
    judged = np.array([bool(who) for who in truth])
    if (judged & nameless).any():
        report["truth"] = agreement(found[judged], [truth[i] for i in np.flatnonzero(judged)])
        report["truth"] = report["truth"].to_json()
    return report


def _notes(
    report: Mapping[str, Any], listed: Sequence[Utterance], part: Sequence[int], rules: Rules
) -> Iterator[str]:
    """Yield what is said of a report and of lines that took no part."""
    told, truth, sizes = report["labelled"], report["truth"], report["sizes"]
    chosen = "given" if rules.threshold is not None else "chosen on the labelled people"
    if told:
        yield (
            f"{told['people']} labelled people, {told['items']} {plural(rules)}: pairwise F "
            f"{told['f']:.3f} (precision {told['precision']:.3f}, recall {told['recall']:.3f})"
        )
    yield f"threshold {report['threshold']:.4f}, {chosen}"
    spread = (
        f" of {sizes['least']} to {sizes['most']} (median {sizes['median']:g})" if sizes else ""
    )
    yield (
        f"{report['utterances']:,} utterances without a person: {report['clusters']:,} clusters"
        f"{spread}, {report['fell_in_with_labelled']:,} with a labelled person, "
        f"{report['noise']:,} noise"
    )
    if truth:
        yield (
            f"held against {rules.truth}: pairwise F {truth['f']:.3f} (precision "
            f"{truth['precision']:.3f}, recall {truth['recall']:.3f}), purity "
            f"{truth['purity']:.3f}, NMI {truth['nmi']:.3f}"
        )
    others = sum(1 for one in listed if one.split not in ("", TRAIN))
    if others:
        yield f"{others:,} lines of another split than {TRAIN} are as they were"
    lacking = len(listed) - len(part) - others
    if lacking:
        yield f"{lacking:,} lines are in no store, or not in each, and took no part"


def plural(rules: Rules) -> str:
    """Return what items are called: what has one person alone."""
    return f"{rules.film}s" if rules.film else "utterances"


def _paths(stores: Sequence[EmbeddingStore]) -> str:
    return " and ".join(str(store.path) for store in stores)
