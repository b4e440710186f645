"""Build a store, whatever it holds: plan, make what is missing, publish.

Any command may be killed at any time and run again; the bytes are those of a run left alone.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from avkd_cli.config import Execution
from avkd_cli.storage import manifest, partitions
from avkd_cli.storage.partitions import Marks
from avkd_cli.storage.plan import Plan, begin, check_output, complete, making_of
from avkd_cli.storage.progress import say
from avkd_cli.storage.specs import StoreSpec

Files = dict[str, bytes]
Said = dict[str, Any]


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


@dataclass(frozen=True)
class Build:
    """A store in the making.

    Args:
        out: its name.
        step: the command's name, for messages.
        execution: how to do it; nothing in it changes the result.
        size: rows of every partition but the last.
        count: rows of all.
    """

    out: Path
    step: str
    execution: Execution
    size: int
    count: int

    @property
    def work(self) -> Path:
        """Where it is made."""
        return making_of(self.out).work

    def part(self, number: int) -> slice:
        """Return the rows of a partition."""
        return slice(number * self.size, min((number + 1) * self.size, self.count))


class Content(ABC):
    """What a store holds, and how it comes about.

    Attributes:
        spec: the kind of store.
        software: libraries that decide bytes: a store is not made half by one version of them.
    """

    spec: StoreSpec
    software: ClassVar[tuple[str, ...]]

    @abstractmethod
    def __len__(self) -> int:
        """Return how many rows are to be made."""

    @abstractmethod
    def partition_rows(self, asked: int | None) -> int:
        """Return how many rows make a partition; `asked`: what the user says."""

    def settings(self) -> Said:
        """Return what belongs to the settings, beside those of the step."""
        return {}

    @abstractmethod
    def layout(self) -> Said:
        """Return what decides where things are stored, beside the size of a partition."""

    @abstractmethod
    def foretell(self, out: Path, plan: Plan) -> Said:
        """Say what would be done, and return it; touch nothing."""

    @abstractmethod
    def make(self, build: Build, numbers: range, marks: Marks) -> None:
        """Commit each of these partitions that has no mark, and add its mark."""

    @abstractmethod
    def whole(self, build: Build, marks: Marks) -> tuple[Files, Said]:
        """Return the files above the partitions, and what avkd.json says beside."""

    def tell(self, build: Build, marks: Marks, whole: Said) -> None:  # noqa: B027
        """Tell the user of a store that is done; `whole` is its manifest. Here: nothing."""


def build_store(
    out: Path, content: Content, origin: Origin, execution: Execution
) -> dict[str, Any] | None:
    """Make a store, from wherever an earlier run has got to.

    Args:
        out: its name.
        content: what it holds, and what makes it.
        origin: what its manifest says of how it was made.
        execution: how to do it; nothing in it changes the result.

    Returns:
        The manifest with the store's path, as it is to be printed; what a dry run found; None
        if only some partitions were asked for.

    Raises:
        InputError: what is there cannot be stored, or too many records are rejected; what was
            done is kept. MissingInputError, if their files were not found.
        OutputError: `out` is something else, or was made or begun otherwise.
        WriteError, TemporaryError: the machine's fault; run again.
    """
    size = content.partition_rows(execution.partition_size)
    build = Build(out, origin.step, execution, size, len(content))
    plan = _plan(content, origin, build)
    check_output(out)
    if execution.dry_run:
        return content.foretell(out, plan)
    store = making_of(out)
    with store.locked(shared=execution.partitions is not None):
        if whole := complete(out, plan, execution.overwrite):
            store.is_complete(plan.step, touched=manifest.NAME, quiet=execution.quiet)
            return manifest.line(whole, out)
        begin(store, plan, execution.overwrite)
        numbers = partitions.chosen(execution.partitions, plan.partitions)
        marks = partitions.valid_marks(store.work, numbers)
        if not execution.finalise:
            content.make(build, numbers, marks)
        if execution.partitions is not None:
            done = f"partitions {numbers.start}:{numbers.stop} of {plan.partitions} are done"
            say(plan.step, f"{done}; when all are, run with --finalise", quiet=execution.quiet)
            return None
        partitions.refuse_missing(marks, plan.partitions)
        files, said = content.whole(build, marks)
        partitions.finish(store.work, plan, marks, files, {**origin.said, **said})
        store.publish(overwrite=execution.overwrite)
        whole = manifest.read(out)  # as any later run will find it, its keys in the same order
    content.tell(build, marks, whole)
    return manifest.line(whole, out)


def _plan(content: Content, origin: Origin, build: Build) -> Plan:
    return Plan(
        step=origin.step,
        kind=content.spec.kind,
        version=content.spec.version,
        config={**origin.config, **content.settings()},
        inputs=origin.inputs,
        partitions=-(-build.count // build.size),
        layout={"partition_size": build.size, **content.layout()},
        software={name: manifest.library_version(name) for name in content.software},
    )
