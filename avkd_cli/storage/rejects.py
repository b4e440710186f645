"""How many records may be rejected, and what is said about those that are.

Rules: docs/reliability.md, "Records that cannot be used".
"""

import functools
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.storage.builder import Build
from avkd_cli.storage.partitions import Marks
from avkd_cli.storage.progress import say
from avkd_cli.storage.record import reject_lines
from avkd_cli.storage.utterances import UtteranceList

NEVER_THERE = frozenset({"no_audio_stream", "no_video_stream"})
"""Rejects of what lacks the sense that is wanted: nothing is broken, so no limit counts them."""
WARNINGS = "warnings.jsonl"


@dataclass(frozen=True)
class Limit:
    """The most records of a run that may be rejected.

    Args:
        utterances: the list.
        fraction: of the records, unless the user says otherwise.
        build: of the store; how it is done says what is allowed.
    """

    utterances: UtteranceList
    fraction: float
    build: Build

    @property
    def planned(self) -> int:
        """Records in the list."""
        return len(self.utterances.utterances) + len(self.utterances.rejects)

    @property
    def most(self) -> int:
        """So many: of fraction and number the stricter, one record always within."""
        said, number = self.build.execution.max_reject_fraction, self.build.execution.max_rejects
        fraction = self.fraction if said is None else said
        most = max(1, math.floor(fraction * self.planned)) if fraction else 0
        return 0 if self.build.execution.strict else min(most, most if number is None else number)

    @functools.cached_property
    def in_list(self) -> Counter[str]:
        """Codes of the lines that are no utterances."""
        return Counter(reject["code"] for reject in self.utterances.rejects)

    def rejected(self, marks: Marks) -> Counter[str]:
        """Return how often each code occurred, the list's included."""
        return sum((Counter(mark["rejected"]) for mark in marks.values()), Counter(self.in_list))

    def warned(self, marks: Marks) -> Counter[str]:
        """Return how often each warning occurred, the list's included."""
        return sum(
            (Counter(mark["warnings"]) for mark in marks.values()),
            Counter(self.utterances.warnings),
        )

    def check(self, marks: Marks) -> None:
        """Stop as soon as the limit is exceeded, whatever is still to come.

        Raises:
            InputError: too many; MissingInputError if all for want of their files.
        """
        codes = self.rejected(marks)
        # All count, if none is allowed; else those that are broken.
        if codes.total() - sum(codes[code] for code in NEVER_THERE if self.most) > self.most:
            raise self._too_many(codes, f"at most {self.most} may be")
        if self.build.execution.strict and (warned := self.warned(marks)):
            told = self._example(self.build.work, "warnings")
            raise InputError(
                f"--strict: warnings ({counted(warned)}){told}; mend them, or run without"
            )

    def check_warnings(self, lines: bytes) -> None:
        """Stop a strict run for what only all records together show.

        Args:
            lines: of warnings.jsonl.

        Raises:
            InputError: there are such lines.
        """
        if self.build.execution.strict and lines:
            first, *more = lines.splitlines()
            raise InputError(
                f"--strict: {len(more) + 1} warnings{_in_words(json.loads(first))}; "
                "mend them, or run without"
            )

    def check_end(self, marks: Marks) -> None:
        """Refuse a store of nothing, and what `check` refuses."""
        self.check(marks)
        if not sum(mark["accepted"] for mark in marks.values()):
            raise self._too_many(self.rejected(marks), "a store cannot be empty")

    def _too_many(self, codes: Counter[str], wanted: str) -> InputError | MissingInputError:
        work = self.build.work
        in_parts = codes.total() > self.in_list.total()
        where = f"{work}/parts/*.rejects.jsonl" if in_parts else "the list"
        found = f"{codes.total()} of {self.planned} records rejected ({counted(codes)})"
        if set(codes) == {"file_not_found"}:
            return MissingInputError(
                f"{found}, {wanted}; are paths relative to the list's folder? Else give --root"
            )
        if codes == {"bad_json": self.planned}:
            return InputError(
                f"{found}: no line is JSON; give a list of utterances, as avkd corpus makes it"
            )
        example = (
            self._example(work) if in_parts else next(map(_in_words, self.utterances.rejects), "")
        )
        return InputError(
            f"{found}, {wanted}{example}; see {where}, repair or remove them, "
            "or raise --max-reject-fraction"
        )

    def _example(self, work: Path, kind: str = "rejects") -> str:
        """Return the first reject or warning in words."""
        for path in sorted(work.glob(f"parts/*.{kind}.jsonl")):
            for line in path.read_text("utf-8").splitlines():
                return _in_words(json.loads(line))
        return ""

    def tell(self, marks: Marks, counts: Mapping[str, int]) -> None:
        """Say on stderr what was accepted and rejected, and each kind of warning once."""
        codes = self.rejected(marks)
        line = f"accepted {counts['utterances']}, rejected {codes.total()}"
        self._say(line + (f" ({counted(codes)})" if codes else ""))
        for why, count in self.utterances.passed_over.items():
            whole = self.planned + self.utterances.passed_over.total()
            self._say(f"{count} of {whole} lines have {why} and are passed over")
        total, told = warnings_told(self.build.out)
        for code, count in sorted((total | self.warned(marks)).items()):
            such = f", such as of {told[code]}" if code in told else ""
            self._say(f"warning: {code} ({count} times){such}")
        if told:
            self._say(f"all of these are in {self.build.out}/{WARNINGS}")
        if lost := lost_persons(self.utterances, self.build.out):
            shown = ", ".join(lost[:5]) + (", …" if len(lost) > 5 else "")
            self._say(f"warning: {len(lost)} persons lost all records: {shown}")

    def _say(self, text: str) -> None:
        say(self.build.step, text, quiet=self.build.execution.quiet)


def _in_words(line: Mapping[str, Any]) -> str:
    """Return a reject or warning for a message."""
    where = f" (line {line['line']})" if line["stage"] == "list" else ""
    return f"; first {line['id']!r}{where}: {line['code']}: {line['detail']}"


def counted(codes: Counter[str]) -> str:
    """Return codes with their counts, most frequent first: "truncated 3, silent 1"."""
    ordered = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{code} {count}" for code, count in ordered)


def warnings_told(store: Path) -> tuple[Counter[str], dict[str, str]]:
    """Return how often each code is in a store's warnings.jsonl, and the first of each in words."""
    path = store / WARNINGS
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for text in path.read_text("utf-8").splitlines() if path.exists() else ():
        line = json.loads(text)
        counts[line["code"]] += 1
        first.setdefault(line["code"], f"{line['id']!r}: {line['detail']}")
    return counts, first


def lost_persons(utterances: UtteranceList, store: Path) -> list[str]:
    """Return the persons of the list of whom nothing is in the store."""
    lines = (store / "rejects.jsonl").read_text("utf-8").splitlines()
    rejected = {json.loads(line)["row"] for line in lines}
    kept = {
        utterance.person
        for utterance, row in zip(utterances.utterances, utterances.rows, strict=True)
        if row not in rejected
    }
    return sorted(utterances.persons - kept - {""})


def merged(in_list: Iterable[dict], parts: list[bytes]) -> bytes:
    """Return rejects.jsonl: the list's rejects and the partitions', by row of the plan."""
    found = [*in_list, *(json.loads(line) for part in parts for line in part.splitlines())]
    return reject_lines(sorted(found, key=lambda reject: reject["row"]))
