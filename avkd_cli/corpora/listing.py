"""What a listing found, and what it missed, could not read or met twice."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from avkd_cli.errors import InputError, some
from avkd_cli.storage.utterances import Utterance

SENSES = ("audio", "video", "images", "boxes")
FINDINGS = ("missing", "unreadable", "duplicated", "passed_over")
_SHOWN = 20  # persons on stderr
_KEPT = 100  # examples of a finding; VoxCeleb2 could lack a million files


@dataclass
class Finding:
    """One kind of trouble: how often, why, and the first places."""

    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[dict[str, str]] = field(default_factory=list)

    def add(self, what: str, reason: str) -> None:
        """Count `what` (an id or a path) under `reason`."""
        self.reasons[reason] += 1
        if len(self.examples) < _KEPT:
            self.examples.append({"what": what, "reason": reason})

    @property
    def count(self) -> int:
        """How often it happened."""
        return self.reasons.total()

    def to_json(self) -> dict:
        """Return count, reasons and the first hundred places."""
        return {"count": self.count, "reasons": dict(self.reasons), "examples": self.examples}


@dataclass
class Report:
    """What a listing found.

    Args:
        corpus: which kind of tree was looked for.
        folder: where.
        expected: whoever has a file or a line, so that nobody vanishes untold.
    """

    corpus: str
    folder: str
    utterances: int = 0
    persons: set[str] = field(default_factory=set)
    senses: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    missing: Finding = field(default_factory=Finding)
    unreadable: Finding = field(default_factory=Finding)
    duplicated: Finding = field(default_factory=Finding)
    passed_over: Finding = field(default_factory=Finding)  # files by suffix
    expected: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    changed: Counter[str] = field(default_factory=Counter)  # what was read otherwise than written
    _lacking: dict[str, Finding] = field(default_factory=lambda: {s: Finding() for s in SENSES})
    _named: dict[tuple[str, str], str] = field(default_factory=dict)

    def name(self, kind: str, *parts: str) -> str:
        """Return `make_id` of the parts: a name as a list can hold it.

        Args:
            kind: of name, such as "person"; names of two kinds may be equal.
            parts: of the name.

        Raises:
            InputError: another name of this kind became the same.
        """
        made, own = make_id(*parts), unicodedata.normalize("NFC", "/".join(parts))
        first = self._named.setdefault((kind, made), own)
        if first != own:
            raise InputError(
                f"{self.folder}: {kind} {first!r} and {kind} {own!r} would both be {made!r}; "
                "rename one"
            )
        return made

    def count(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        """Pass utterances on, counting them; say at the end which lack a sense others have."""
        for utterance in utterances:
            self.utterances += 1
            self.persons.add(utterance.person)
            self.splits[utterance.split] += 1
            for sense in SENSES:
                if getattr(utterance, sense):
                    self.senses[sense] += 1
                else:
                    self._lacking[sense].add(utterance.id, f"no {sense}")
            yield utterance
        for sense in SENSES:
            if self.senses[sense]:
                lacking, into = self._lacking[sense], self.missing
                into.reasons.update(lacking.reasons)
                into.examples += lacking.examples[: _KEPT - len(into.examples)]

    @property
    def lost(self) -> list[str]:
        """Who has no usable file, sorted."""
        return sorted(self.expected - self.persons - {""})

    @property
    def faults(self) -> int:
        """How many files were missing, unreadable, there twice or passed over, and persons lost."""
        findings = (getattr(self, name) for name in FINDINGS)
        return sum(finding.count for finding in findings) + len(self.lost)

    def to_json(self) -> dict:
        """Return the report as the JSON of `--report`."""
        return {
            "format": "avkd.corpus-report",
            "version": 1,
            "corpus": self.corpus,
            "folder": self.folder,
            "found": {
                "utterances": self.utterances,
                "persons": len(self.persons),
                **{sense: self.senses[sense] for sense in SENSES},
                "splits": dict(self.splits),
            },
            **{name: getattr(self, name).to_json() for name in FINDINGS},
            "lost_persons": {"count": len(self.lost), "examples": self.lost[:_KEPT]},
            "notes": [f"{count} {change}" for change, count in self.changed.items()] + self.notes,
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person should read: the counts, then each kind of trouble."""
        with_senses = ", ".join(f"{self.senses[s]} with {s}" for s in SENSES if self.senses[s])
        people = "1 person" if len(self.persons) == 1 else f"{len(self.persons)} people"
        yield f"found {self.utterances} utterances of {people}" + f" ({with_senses})" * bool(
            with_senses
        )
        if set(self.splits) - {""}:
            yield "splits: " + some(f"{n} {s or 'none'}" for s, n in self.splits.items())
        for name in FINDINGS:
            finding: Finding = getattr(self, name)
            for reason, count in finding.reasons.items():
                first = next((e["what"] for e in finding.examples if e["reason"] == reason), "")
                shown = name.replace("_", " ")
                yield f"{shown}: {count}, {reason}" + f"; first: {first}" * bool(first)
        if self.lost:
            who = some(self.lost, _SHOWN)
            people = "1 person has" if len(self.lost) == 1 else f"{len(self.lost)} people have"
            yield f"lost: {people} no usable file: {who}"
        for change, count in self.changed.items():
            yield f"{count} {change}"
        yield from self.notes


def make_id(*parts: str) -> str:
    """Return an utterance id: parts joined by "/", what an id may not hold replaced by "_".

    A line of a trial list is split at blanks, so ids hold no blank, control or format character.
    """
    joined = "/".join(parts)
    if joined.isascii() and joined.isprintable() and " " not in joined:
        return joined
    joined = unicodedata.normalize("NFC", joined)
    return "".join("_" if unicodedata.category(c)[0] in "ZC" else c for c in joined)
