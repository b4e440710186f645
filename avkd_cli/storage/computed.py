"""Build a store that this process computes, partition by partition, such as of embeddings.

What a killed run had finished is kept, as in `build`, whose workers make stores of media.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.storage import dryrun, durable, manifest, partitions
from avkd_cli.storage.plan import Plan
from avkd_cli.storage.progress import progress
from avkd_cli.storage.readers import Store
from avkd_cli.storage.specs import StoreSpec

# Versions that decide bytes: a store is not made half by one, half by another.
_SOFTWARE = ("avkd", "numcodecs", "torch", "zarr")


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


@dataclass(frozen=True)
class Origin:
    """Where a store comes from: what its manifest says beside its content.

    Args:
        step: the command's name.
        config: its settings.
        inputs: what it was made from, name → fingerprint.
        said: what else the manifest says, such as modality and run.
    """

    step: str
    config: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Any] = field(default_factory=dict)


class Content(Protocol):
    """What a computed store holds.

    Attributes:
        rows: whose.
        spec: its kind.
        partition_rows: rows of a partition, unless others are asked for.
    """

    rows: Rows
    spec: StoreSpec
    partition_rows: int

    def layout(self) -> dict[str, Any]:
        """Return what decides where things are stored, beside the size of a partition."""
        ...

    def expected_bytes(self) -> int:
        """Return about how much will be stored, before packing."""
        ...

    def part(self, number: int, part: slice, size: int) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Compute a partition: its files, and what its mark says beside.

        Args:
            number: of the partition.
            part: its rows.
            size: rows of every partition but the last.
        """
        ...

    def whole(
        self, work: Path, marks: partitions.Marks, size: int
    ) -> tuple[dict[str, bytes], dict[str, Any]]:
        """Return the files above the partitions, and what avkd.json says of them."""
        ...


def build_computed(
    out: Path, content: Content, origin: Origin, execution: Execution
) -> dict[str, Any] | None:
    """Make a store of what this process computes.

    Args:
        out: its name.
        content: what it holds, and what computes it.
        origin: what its manifest says of how it was made.
        execution: how to do it; nothing in it changes the result.

    Returns:
        As `build.build_from_utterances`.

    Raises:
        InputError: what was computed is not finite.
        OutputError, WriteError, TemporaryError: as `build.build_from_utterances`.
    """
    count = len(content.rows)
    size = min(execution.partition_size or content.partition_rows, count)
    plan = _plan(content, origin, size)
    if execution.dry_run:
        partitions.check_output(out)
        return dryrun.of_computed(out, plan, count, content.expected_bytes())

    def make(work: Path, numbers: range, marks: partitions.Marks) -> None:
        earlier = size * len(marks)
        with progress(origin.step, count, quiet=execution.quiet, done=earlier) as advance:
            for number in (number for number in numbers if number not in marks):
                part = slice(number * size, min((number + 1) * size, count))
                rows = part.stop - part.start
                files, summary = content.part(number, part, size)
                summary = {"accepted": rows, "rejected": {}, **summary}
                marks[number] = partitions.commit(work, number, files, summary)
                advance(rows)

    def assemble(work: Path, marks: partitions.Marks) -> tuple[dict[str, bytes], dict[str, Any]]:
        files, record = content.whole(work, marks, size)
        return files, {**origin.said, **record}

    return partitions.produce(out, plan, execution, make, assemble)


def _plan(content: Content, origin: Origin, size: int) -> Plan:
    return Plan(
        step=origin.step,
        kind=content.spec.kind,
        version=content.spec.version,
        config=origin.config,
        inputs=origin.inputs,
        partitions=-(-len(content.rows) // size),
        layout={"partition_size": size, **content.layout()},
        software={name: manifest.library_version(name) for name in _SOFTWARE},
    )


def digest_of_rows(*columns: Sequence[str]) -> str:
    """Return what names rows in a plan."""
    return durable.digest_of([text for column in columns for text in column])
