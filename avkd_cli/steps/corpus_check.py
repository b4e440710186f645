"""What `avkd corpus check` does: look a list or a folder of people over, on one page."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from avkd_cli.corpora.checkup import Checkup, look_over
from avkd_cli.corpora.folder import list_folder
from avkd_cli.corpora.listing import FINDINGS, Finding, Report
from avkd_cli.errors import InputError, MissingInputError, some
from avkd_cli.steps.corpus_trials import possible_trials
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance, read_utterances, resolve_within

_BANDS = ((1, 1), (2, 4), (5, 9), (10, 19), (20, None))  # clips a person
_REASONS = 6  # of one kind of trouble, on the page
_DECODED = ("same_content", "repeated_content")  # warnings of stores: equal once decoded


def check_corpus(
    source: str, stores: tuple[str, ...], *, root: Path | None, as_json: bool, strict: bool
) -> None:
    """Print what a list or folder holds, what is missing, there twice or not read.

    Raises:
        MissingInputError: no such list, folder or store.
        InputError: no list, or a fault with `strict`.
    """
    utterances, base, findings = _read(source, root)
    found = look_over(utterances, lambda path: resolve_within(base, path, root))
    told = [store_told(path) for path in stores]
    faults = found.faults + sum(one.count for one in findings.values())
    if as_json:
        page = _json(source, found, findings) | {"faults": faults, "stores": told}
        print(json.dumps(page, ensure_ascii=False))
    else:
        for line in _page(source, found, findings, utterances, told):
            print(line)
        print(f"{faults:,} to mend" if faults else "nothing to mend")
    sys.stdout.flush()
    if strict and faults:
        raise InputError(f"{source}: {faults:,} faults and --strict; see above")


def _read(source: str, root: Path | None) -> tuple[list[Utterance], Path, dict[str, Finding]]:
    """Return the utterances, the folder of their paths, and what was wrong with list or folder."""
    if source != "-" and Path(source).is_dir():
        listed, report = list_folder(Path(source))
        utterances = list(listed)
        return utterances, Path(source), _of_folder(report)
    listed = read_utterances(source, root)
    if not listed.utterances and not listed.rejects:
        raise MissingInputError(f"{source}: holds nobody; give a list or a folder of people")
    lines = Finding()
    for reject in listed.rejects:
        lines.add(f"line {reject['line']}", f"{reject['code']}: {reject['detail']}")
    return listed.utterances, listed.base, {"lines left out": lines}


def _of_folder(report: Report) -> dict[str, Finding]:
    """Return what a folder's listing found amiss; an absent sense has a table of its own."""
    found = {name.replace("_", " "): getattr(report, name) for name in FINDINGS}
    missing = Finding(
        Counter({r: n for r, n in report.missing.reasons.items() if r not in _NO_SENSE}),
        [one for one in report.missing.examples if one["reason"] not in _NO_SENSE],
    )
    lost = Finding()
    for person in report.lost:
        lost.add(person, "no usable file")
    return found | {"missing": missing, "people lost": lost}


_NO_SENSE = frozenset({"no audio", "no video", "no images", "no boxes"})


def store_told(path: str) -> dict[str, Any]:
    """Return what a store says of the corpus that the files' heads cannot."""
    store = open_store(path)
    counts = store.manifest["counts"]
    warnings = Path(store.path) / "warnings.jsonl"
    lines = warnings.read_text("utf-8").splitlines() if warnings.exists() else []
    equal = [line for line in map(json.loads, lines) if line["code"] in _DECODED]
    return {
        "store": path,
        "utterances": counts["utterances"],
        "rejected": counts.get("rejected", 0),
        "without_face": counts.get("without_face", 0),
        "equal_decoded": [{key: line[key] for key in ("id", "code", "detail")} for line in equal],
    }


def _page(
    source: str,
    found: Checkup,
    findings: dict[str, Finding],
    utterances: list[Utterance],
    told: list[dict[str, Any]],
) -> Iterator[str]:
    people, utterances_there = _of(len(found.clips), "person"), _of(found.utterances, "utterance")
    yield f"{source}: {people}, {utterances_there}"
    yield from _clips(found)
    yield from _senses(found)
    yield from _files(found)
    yield from _splits(found, utterances)
    for name, finding in findings.items():
        yield from _finding(name, finding)
    yield from _finding("not usable", found.unusable)
    yield from _finding("worth a look", found.odd)
    yield from _equal(found)
    for one in told:
        yield from _store(one)


def _of(count: int, what: str) -> str:
    """Return "1 person", "2 people"."""
    many = {"person": "people"}.get(what, f"{what}s")
    return f"{count:,} {what if count == 1 else many}"


def _clips(found: Checkup) -> Iterator[str]:
    for low, high in _BANDS:
        people = sorted(p for p, n in found.clips.items() if low <= n and (not high or n <= high))
        band = "1 clip" if low == high else f"{low} to {high} clips" if high else f"{low} or more"
        if people:
            named = f": {some(people)}" if low == 1 else ""
            yield f"  {band:<14}    {_of(len(people), 'person')}{named}"
    if found.unknown:
        yield f"  {'no person':<18}{_of(len(found.unknown), 'utterance')}: {some(found.unknown)}"


def _senses(found: Checkup) -> Iterator[str]:
    for sense, count in found.senses.most_common():
        people = len(found.people_by_senses[sense] - {""})
        yield f"  {sense:<18}{_of(count, 'utterance')} of {_of(people, 'person')}"


def _files(found: Checkup) -> Iterator[str]:
    for kind, formats in found.formats.items():
        named = ", ".join(f"{name} {count:,}" for name, count in formats.most_common())
        yield f"  {kind + ' files':<18}{formats.total():,}: {named}"


def _splits(found: Checkup, utterances: list[Utterance]) -> Iterator[str]:
    for split, count in found.splits.items():
        inside = [u for u in utterances if u.split == split and u.person]
        targets, nontargets, _ = possible_trials(inside)
        named = f"split {split}" if split else "no split"
        yield (
            f"  {named:<18}{_of(count, 'utterance')} of "
            f"{_of(len({u.person for u in inside}), 'person')}: "
            f"{targets:,} targets, {nontargets:,} nontargets possible"
        )
    if set(found.splits) == {""}:
        yield "  to train on some and test others: avkd corpus split LIST.jsonl -o LIST.jsonl"
    if people := found.in_two_splits:
        who = f"{_of(len(people), 'person')}, trained on and tested on: {some(people)}"
        yield f"  in two splits: {who}"


def _finding(name: str, finding: Finding) -> Iterator[str]:
    for reason, count in finding.reasons.most_common(_REASONS):
        first = next((e["what"] for e in finding.examples if e["reason"] == reason), "")
        yield f"  {name}: {count:,}, {reason}" + f"; first: {first}" * bool(first)
    if len(finding.reasons) > _REASONS:
        yield f"  {name}: and {len(finding.reasons) - _REASONS:,} more reasons (--json)"


def _equal(found: Checkup) -> Iterator[str]:
    of_two = found.of_two_people
    of_one = [one for one in found.twice if one not in of_two]
    for name, groups in (("two people", of_two), ("one person", of_one)):
        if groups:
            pairs = [" = ".join(one.ids[:3]) + " = …" * (len(one.ids) > 3) for one in groups[:3]]
            shown = "; ".join(pairs)
            yield f"  equal files of {name}: {len(groups):,}: {shown}" + "; …" * (len(groups) > 3)


def _store(told: dict[str, Any]) -> Iterator[str]:
    without = f", {told['without_face']:,} without a face" * bool(told["without_face"])
    counted = f"{_of(told['utterances'], 'utterance')}, {told['rejected']:,} rejected"
    yield f"  {told['store']}: {counted}{without}"
    for code, name in zip(_DECODED, ("two people", "one person"), strict=True):
        lines = [one for one in told["equal_decoded"] if one["code"] == code]
        if lines:
            shown = "; ".join(f"{one['id']} {one['detail']}" for one in lines[:3])
            yield f"    equal once decoded, of {name}: {len(lines):,}: {shown}"


def _json(source: str, found: Checkup, findings: dict[str, Finding]) -> dict[str, Any]:
    return {
        "format": "avkd.corpus-check",
        "version": 1,
        "corpus": source,
        "utterances": found.utterances,
        "persons": len(found.clips),
        "clips": dict(sorted(found.clips.items())),
        "one_clip": found.alone,
        "without_person": found.unknown,
        "senses": dict(found.senses),
        "formats": {kind: dict(formats) for kind, formats in found.formats.items()},
        "splits": dict(found.splits),
        "in_two_splits": found.in_two_splits,
        "unusable": found.unusable.to_json(),
        "worth_a_look": found.odd.to_json(),
        "findings": {name: finding.to_json() for name, finding in findings.items()},
        "equal_files": [one._asdict() for one in found.twice],
    }
