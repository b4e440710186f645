"""What stores that this process computes have in common, such as those of embeddings."""

import shutil
from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from avkd_cli.errors import InputError
from avkd_cli.storage.builder import Build, Content, Said
from avkd_cli.storage.partitions import Marks
from avkd_cli.storage.plan import Plan
from avkd_cli.storage.progress import progress, say, size_in_words
from avkd_cli.storage.readers import Store


@dataclass(frozen=True)
class Rows:
    """Which utterances a store has, in its order, and whose they are.

    Args:
        ids: their names, none twice.
        persons: of each, "" where unknown.
        splits: of each, such as train; none: "" for all.
        sessions: of each; none: "" for all.

    Raises:
        InputError: there is none, or an id stands twice.
        ValueError: columns are not of one length.
    """

    ids: Sequence[str]
    persons: Sequence[str]
    splits: Sequence[str] = ()
    sessions: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.ids:
            raise InputError("there is no utterance to embed; a store cannot be empty")
        if len(set(self.ids)) != len(self.ids):
            twice = next(id for id, count in Counter(self.ids).items() if count > 1)
            raise InputError(f"id {twice!r} stands twice; give each utterance its own")
        for name in ("splits", "sessions"):
            if not getattr(self, name):
                object.__setattr__(self, name, [""] * len(self.ids))
        for name in ("persons", "splits", "sessions"):
            if len(getattr(self, name)) != len(self.ids):
                raise ValueError(f"{len(getattr(self, name))} {name} for {len(self.ids)} ids")

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, store: Store, ids: Sequence[str]) -> "Rows":
        """Return some utterances of a store, as it names them."""
        rows = [store.row_of[one] for one in ids]
        columns = [store.persons, store.column("split")]
        if store.has("session"):
            columns.append(store.column("session"))
        return cls(ids, *([column[row] for row in rows] for column in columns))

    def counts(self) -> dict[str, int]:
        """Return what a manifest counts of them."""
        persons = len(set(self.persons) - {""})
        return {"utterances": len(self.ids), "persons": persons, "rejected": 0}


class Computed(Content):
    """The content of a store that this process computes, partition by partition."""

    rows: Rows
    dimension: int
    software: ClassVar[tuple[str, ...]] = ("avkd", "numcodecs", "torch", "zarr")

    def __len__(self) -> int:
        return len(self.rows)

    def foretell(self, out: Path, plan: Plan) -> Said:
        """Say how large the store would be."""
        # Of one piece each where there are several: how many is known by computing them.
        size, free = 4 * len(self) * self.dimension, shutil.disk_usage(out.parent).free
        say(
            plan.step,
            f"{out}: would hold {plan.kind.removeprefix('avkd.')} of {len(self)} utterances, about "
            f"{size_in_words(size)} before packing; {size_in_words(free)} are free",
        )
        return {
            "dry_run": True,
            "format": plan.kind,
            "path": str(out),
            "utterances": len(self),
            "partitions": plan.partitions,
            "expected_bytes": size,
            "free_bytes": free,
            "fingerprint": plan.fingerprint,
        }

    def make(self, build: Build, numbers: range, marks: Marks) -> None:
        """Commit each of these partitions that has no mark, and add its mark."""
        earlier = build.size * len(marks)
        with progress(build.step, len(self), quiet=build.execution.quiet, done=earlier) as advance:
            for number in (number for number in numbers if number not in marks):
                marks[number] = self.commit(build, number)
                advance(marks[number]["accepted"])

    @abstractmethod
    def commit(self, build: Build, number: int) -> dict[str, Any]:
        """Compute a partition, write it and return its mark."""
