"""How many records may be rejected, and what is said about those that are.

Reference: reliability.md 2.2.
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.storage import partitions
from avkd_cli.storage.record import reject_lines
from avkd_cli.storage.utterances import UtteranceList

Marks = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Limit:
    """The most records of a run that may be rejected.

    Args:
        most: so many.
        planned: records in the list.
        strict: a warning stops as well.
        in_list: codes of the lines that are no utterances.
        warned_in_list: the list's warnings.
        out: the store, for messages.
        step: the command, for messages.
        quiet: only errors are said.
    """

    most: int
    planned: int
    strict: bool
    in_list: Counter[str]
    warned_in_list: Counter[str]
    out: Path
    step: str
    quiet: bool

    @classmethod
    def of(
        cls,
        utterances: UtteranceList,
        execution: Execution,
        fraction: float,
        out: Path,
        step: str,
    ) -> "Limit":
        """Return the limit: of fraction and number the stricter, one record always within."""
        planned = len(utterances.utterances) + len(utterances.rejects)
        if execution.max_reject_fraction is not None:
            fraction = execution.max_reject_fraction
        most = max(1, math.floor(fraction * planned)) if fraction else 0
        if execution.max_rejects is not None:
            most = min(most, execution.max_rejects)
        return cls(
            0 if execution.strict else most,
            planned,
            execution.strict,
            Counter(reject["code"] for reject in utterances.rejects),
            Counter(utterances.warnings),
            out,
            step,
            execution.quiet,
        )

    def rejected(self, marks: Marks) -> Counter[str]:
        """Return how often each code occurred, the list's included."""
        return sum((Counter(mark["rejected"]) for mark in marks), Counter(self.in_list))

    def warned(self, marks: Marks) -> Counter[str]:
        """Return how often each warning occurred, the list's included."""
        return sum((Counter(mark["warnings"]) for mark in marks), Counter(self.warned_in_list))

    def check(self, marks: Marks) -> None:
        """Stop as soon as the limit is exceeded, whatever is still to come.

        Raises:
            InputError: too many; MissingInputError if all for want of their files.
        """
        marks = list(marks)
        codes = self.rejected(marks)
        if codes.total() > self.most:
            raise self._too_many(codes, f"at most {self.most} may be")
        if self.strict and (warned := self.warned(marks)):
            told = self._example(partitions.work_of(self.out), "warnings")
            raise InputError(
                f"--strict: warnings ({counted(warned)}){told}; mend them, or run without"
            )

    def check_end(self, marks: Marks) -> None:
        """Refuse a store of nothing, and what `check` refuses."""
        marks = list(marks)
        self.check(marks)
        if not sum(mark["accepted"] for mark in marks):
            raise self._too_many(self.rejected(marks), "a store cannot be empty")

    def _too_many(self, codes: Counter[str], wanted: str) -> InputError | MissingInputError:
        work = partitions.work_of(self.out)
        where = f"{work}/parts/*.rejects.jsonl" if work.is_dir() else "the list"
        found = f"{codes.total()} of {self.planned} records rejected ({counted(codes)})"
        if set(codes) == {"file_not_found"}:
            return MissingInputError(
                f"{found}, {wanted}; are paths relative to the list's folder? Else give --root"
            )
        if codes == {"bad_json": self.planned}:
            return InputError(
                f"{found}: no line is JSON; give a list of utterances, as avkd corpus makes it"
            )
        example = self._example(work)
        return InputError(
            f"{found}, {wanted}{example}; see {where}, repair or remove them, "
            "or raise --max-reject-fraction"
        )

    def _example(self, work: Path, kind: str = "rejects") -> str:
        """Return the first reject or warning in words."""
        for path in sorted(work.glob(f"parts/*.{kind}.jsonl")):
            for line in path.read_text("utf-8").splitlines():
                first = json.loads(line)
                return f"; first {first['id']!r}: {first['code']}: {first['detail']}"
        return ""

    def report(self, marks: Marks, utterances: UtteranceList, counts: Mapping[str, int]) -> None:
        """Say on stderr what was accepted and rejected, and each kind of warning once."""
        marks = list(marks)
        codes = self.rejected(marks)
        line = f"accepted {counts['utterances']}, rejected {codes.total()}"
        self._say(line + (f" ({counted(codes)})" if codes else ""))
        told = first_warnings(self.out)
        for code, count in sorted(self.warned(marks).items()):
            such = f", such as of {told[code]}" if code in told else ""
            self._say(f"warning: {code} ({count} times){such}")
        if told:
            self._say(f"all of these are in {self.out}/warnings.jsonl")
        if codes and (lost := lost_persons(utterances, self.out)):
            shown = ", ".join(lost[:5]) + (", …" if len(lost) > 5 else "")
            self._say(f"warning: {len(lost)} persons lost all records: {shown}")

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(f"avkd {self.step}: {text}", file=sys.stderr)


def counted(codes: Counter[str]) -> str:
    """Return codes with their counts, most frequent first: "truncated 3, silent 1"."""
    ordered = sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{code} {count}" for code, count in ordered)


def first_warnings(store: Path) -> dict[str, str]:
    """Return the first warning of each code that a store tells of, in words."""
    path, found = store / "warnings.jsonl", {}
    for text in path.read_text("utf-8").splitlines() if path.exists() else ():
        line = json.loads(text)
        found.setdefault(line["code"], f"{line['id']!r}: {line['detail']}")
    return found


def lost_persons(utterances: UtteranceList, store: Path) -> list[str]:
    """Return the persons of the list of whom nothing is in the store."""
    lines = (store / "rejects.jsonl").read_text("utf-8").splitlines()
    rejected = {json.loads(line)["row"] for line in lines}
    kept = {
        utterance.person
        for utterance, row in zip(utterances.utterances, utterances.rows, strict=True)
        if row not in rejected
    }
    return sorted({utterance.person for utterance in utterances.utterances} - kept - {""})


def merged(in_list: Iterable[dict], parts: list[bytes]) -> bytes:
    """Return rejects.jsonl: the list's rejects and the partitions', by row of the plan."""
    found = [*in_list, *(json.loads(line) for part in parts for line in part.splitlines())]
    return reject_lines(sorted(found, key=lambda reject: reject["row"]))
