"""A student of labelled people and of people nobody named, whom its teacher puts into clusters.

What was found is kept in the run, so that going on never looks for clusters again.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError, UsageError, some
from avkd_cli.recipes.cluster_rules import Rules
from avkd_cli.recipes.clusters import clustered
from avkd_cli.recipes.gate import TERMS
from avkd_cli.recipes.request import Request
from avkd_cli.said import tell
from avkd_cli.storage import durable
from avkd_cli.storage.store import EmbeddingStore, Store, open_store
from avkd_cli.storage.utterances import (
    Utterance,
    UtteranceList,
    read_utterances,
    read_whole,
    value_of,
)
from avkd_cli.training.training_set import NOBODY, Choice, Register, choose

LIST, RECORD = "clusters.jsonl", "clusters.json"


@dataclass(frozen=True)
class Unlabelled:
    """People nobody named.

    Attributes:
        list_file: of their utterances.
        run: the folder of the run, where what was found may lie already.
        beside: paths of stores that say who is who beside the teacher, such as of a student.
    """

    list_file: Path
    run: Path
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Named:
    """What clusters make of a request.

    Attributes:
        request: that trains on them too.
        files: of the run, by name, in the order of being written.
        key: digest of all that the clusters depend on.
    """

    request: Request
    files: Mapping[str, str]
    key: str


def named_by(
    teachers: Sequence[EmbeddingStore],
    request: Request,
    unlabelled: Unlabelled,
    settings: DistillTerms,
) -> Named:
    """Return a request that trains on the clusters of a list too.

    Names in the list are ignored, which is said. Whoever is in the store, or in --list, and not
    in this list is labelled.

    Args:
        teachers: stores of embeddings, one, or one of each sense; none of a teacher of sequences.

    Raises:
        UsageError: another label than the person is learnt, or the teacher is of sequences.
        InputError: the list holds labelled utterances, or as `recipes.clusters.clustered`.
    """
    if request.choice.label != "person":
        raise UsageError("--unlabelled finds persons; it does not go with another --label")
    if not teachers:
        raise UsageError("--unlabelled needs a teacher of one embedding an utterance")
    teachers = [*teachers, *(open_store(one, "avkd.embeddings") for one in unlabelled.beside)]
    listed = read_whole(unlabelled.list_file)
    _refuse_labelled(listed, request.choice)
    _say_names(listed)
    bare = [nameless(one) for one in listed.utterances]
    if settings.unlabelled_by == TERMS:
        return without_labels(request, bare)
    everyone = [*labelled(request, bare, settings.cluster_film), *bare]
    rules = rules_of(settings)
    key = key_of(teachers, everyone, rules)
    files = kept(unlabelled.run, key) or found_now(teachers, everyone, listed.name, rules, key)
    guesses = persons_in(files[LIST], {one.id for one in bare})
    choice = dataclasses.replace(request.choice, guesses=guesses)
    return Named(dataclasses.replace(request, choice=choice), files, key)


def without_labels(request: Request, bare: Sequence[Utterance]) -> Named:
    """Return a request that trains on a list of whom nothing is found: terms alone see them.

    They stand under the first labelled person, which a gate lets nobody learn (`recipes.gate`).
    """
    person = labelled(request, bare, "")[0].person
    guesses = {one.id: person for one in bare}
    choice = dataclasses.replace(request.choice, guesses=guesses)
    key = durable.digest_of([TERMS, *sorted(guesses)])
    return Named(dataclasses.replace(request, choice=choice), {}, key)


def rules_of(settings: DistillTerms) -> Rules:
    """Return how people are looked for."""
    return Rules(
        threshold=settings.cluster_threshold or None,
        film=settings.cluster_film,
        least=settings.cluster_least,
        separation=settings.cluster_separation,
    )


def nameless(utterance: Utterance) -> Utterance:
    """Return what clustering may know of an utterance that nobody named: no person, no split."""
    extra = {name: value for name, value in utterance.extra.items() if name != "person_of"}
    return msgspec.structs.replace(utterance, person="", split="", extra=extra)


def labelled(request: Request, bare: Sequence[Utterance], film: str) -> list[Utterance]:
    """Return the labelled training utterances, with what has one person."""
    store: Store = open_store(request.stores[0])
    choice = dataclasses.replace(request.choice, guesses={one.id: NOBODY for one in bare})
    chosen = choose([store], choice)
    films = films_of(chosen.ids, store, choice, film)
    return [
        Utterance(id=one, person=chosen.classes[label], extra={film: said} if said else {})
        if film != "session"
        else Utterance(id=one, person=chosen.classes[label], session=said)
        for one, label, said in zip(chosen.ids, chosen.labels, films, strict=True)
    ]


def films_of(ids: list[str], store: Store, choice: Choice, film: str) -> list[str]:
    """Return what has one person alone, of each utterance; "" where nothing says so."""
    register = Register(store, choice)
    said = any(value_of(one, film) for one in (register.listed or {}).values())
    if not film or not (said or store.has(film)):
        return [""] * len(ids)
    return register.column(film, ids)


def key_of(teachers: Sequence[EmbeddingStore], everyone: Sequence[Utterance], rules: Rules) -> str:
    """Return the digest of all that decides the clusters."""
    lines = [json.dumps([one.id, one.person, rules.film_of(one)]) for one in everyone]
    asked = json.dumps(dataclasses.asdict(rules), sort_keys=True)
    return durable.digest_of([*(one.fingerprint for one in teachers), asked, *lines])


def kept(run: Path, key: str) -> dict[str, str] | None:
    """Return the files of a run that hold these clusters already, or None."""
    try:
        record = (run / RECORD).read_text("utf-8")
        lines = (run / LIST).read_text("utf-8")
        said = json.loads(record)
        whole = durable.sha256_bytes(lines.encode()) == said["list"] and said["key"] == key
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {LIST: lines, RECORD: record} if whole else None


def found_now(
    teachers: Sequence[EmbeddingStore],
    everyone: Sequence[Utterance],
    where: str,
    rules: Rules,
    key: str,
) -> dict[str, str]:
    """Look for clusters; return the files that keep them, and say what was found."""
    found = clustered(teachers, everyone, where, rules)
    for note in found.notes:
        tell("distill", note)
    lines = "".join(json.dumps(one.to_json()) + "\n" for one in found.utterances)
    digest = durable.sha256_bytes(lines.encode())
    record = {**found.report, "key": key, "list": digest}
    return {LIST: lines, RECORD: json.dumps(record, indent=1) + "\n"}


def persons_in(lines: str, unnamed: set[str]) -> dict[str, str]:
    """Return the persons of those whom nobody named, "" for noise."""
    rows = [json.loads(line) for line in lines.splitlines()]
    return {row["id"]: row.get("person", NOBODY) for row in rows if row["id"] in unnamed}


def _refuse_labelled(listed: UtteranceList, choice: Choice) -> None:
    if choice.list_file is None:
        return
    own = {one.id for one in read_utterances(choice.list_file).utterances if one.person}
    both = [one.id for one in listed.utterances if one.id in own]
    if both:
        raise InputError(
            f"{listed.name}: {len(both)} of {len(listed.utterances)} utterances are labelled in "
            f"{choice.list_file}: {some(both)}; take them out of one of the lists"
        )


def _say_names(listed: UtteranceList) -> None:
    named = sum(1 for one in listed.utterances if one.person)
    if named:
        tell(
            "distill",
            f"{listed.name}: names of {named} utterances are ignored: nobody of --unlabelled is "
            "taken to be known",
        )
