"""What is said of clusters: figures as JSON, and what a person should know, line by line."""

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from avkd_cli.recipes.cluster_rules import PREFIX, Rules
from avkd_cli.recipes.one_sense import Lone
from avkd_cli.storage.utterances import Utterance, value_of
from avkd_cli.training.training_set import TRAIN
from avkd_cli.verification.agreement import agreement
from avkd_cli.verification.clustering import Separation


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


def report_of(
    part: Sequence[Utterance],
    persons: Sequence[str],
    rules: Rules,
    threshold: float,
    told: Separation | None,
    lone: Sequence[Lone] = (),
) -> dict[str, Any]:
    """Return the figures of clusters.

    Args:
        part: utterances that took part, as they were. persons: of each, "" for noise.
        told: how well labelled people separate. lone: of each sense alone.
    """
    nameless = np.array([not one.person for one in part])
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
    if lone:
        report["one_sense"] = [dataclasses.asdict(one) for one in lone]
    truth = judged_by(part, rules.truth)
    judged = np.array([bool(who) for who in truth])
    if (judged & nameless).any():
        codes = np.unique(["", *persons], return_inverse=True)[1][1:] - 1
        held = agreement(codes[judged], [truth[i] for i in np.flatnonzero(judged)])
        report["truth"] = held.to_json()
    return report


def notes_of(
    report: Mapping[str, Any], listed: Sequence[Utterance], part: Sequence[int], rules: Rules
) -> Iterator[str]:
    """Yield what is said of a report and of lines that took no part."""
    told, truth, sizes = report["labelled"], report["truth"], report["sizes"]
    chosen = "given" if rules.threshold is not None else "chosen on the labelled people"
    if told:
        yield (
            f"{told['people']} labelled people, {told['items']} {rules.items}: pairwise F "
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
    yield from map(said_of_lone, report.get("one_sense", ()))
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
        yield f"{lacking:,} lines are in no store and took no part"


def said_of_lone(one: Mapping[str, Any]) -> str:
    """Return what is said of the utterances of one sense alone."""
    told = one["labelled"]
    told = f"pairwise F of the labelled {told['f']:.3f} by it" if told else "nobody labelled"
    how = "" if one["trusted"] else f": not enough to trust, so only their {one['items']} count"
    return (
        f"{one['utterances']:,} utterances without a person are in {one['store']} alone, "
        f"{one['found']:,} of them with somebody; {told}{how}"
    )
