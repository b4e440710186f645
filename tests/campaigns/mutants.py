"""Promises taken away from the code, one at a time: the power cut must catch each."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from power import Disk

from avkd_cli.storage import durable, partitions, places


def without_file_sync(disk: Disk) -> None:
    """Files are renamed without having been synced."""
    real = disk.sync

    def sync(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            real(descriptor)

    disk.sync = sync  # type: ignore[method-assign]


def without_directory_sync(disk: Disk) -> None:
    """Names are not synced."""
    real = disk.sync

    def sync(descriptor: int) -> None:
        if not Path(f"/proc/self/fd/{descriptor}").is_dir():
            real(descriptor)

    disk.sync = sync  # type: ignore[method-assign]


def sync_after_rename(_: Disk) -> None:
    """Files get their names first and are synced then."""

    def finish(written: Sequence) -> None:
        for path, temporary, file in written:
            file.flush()
            with durable.operation("rename", path):
                temporary.rename(path)
        durable._sync(written)

    durable._finish = finish  # type: ignore[assignment]


def write_in_place(_: Disk) -> None:
    """Files are written under their own names, and synced."""

    @contextmanager
    def beside(path: Path) -> Iterator:
        with durable.operation("create", path):
            file = path.open("wb")
        with file:
            yield durable._Beside(path, path, file)

    def finish(written: Sequence) -> None:
        for path, _, file in written:
            with durable.operation("write", path):
                file.flush()
        durable._sync(written)

    durable._beside, durable._finish = beside, finish  # type: ignore[assignment]


def mark_before_data(disk: Disk) -> None:
    """A partition's mark is written before its files, and believed."""
    real = durable.write_all
    later: list[dict] = []

    def write_all(files: dict) -> dict:
        files = {path: b"".join([d] if isinstance(d, bytes) else d) for path, d in files.items()}
        if any(str(path).endswith(".index") for path in files):
            later.append(files)
            return {path: [len(d), durable.sha256_bytes(d)] for path, d in files.items()}
        measured = real(files)
        if later and any(str(path).endswith(".done") for path in files):
            real(later.pop())
        return measured

    durable.write_all = write_all  # type: ignore[assignment]
    believe_marks(disk)


def believe_marks(_: Disk) -> None:
    """Marks are taken at their word: digests are not compared."""

    def valid_mark(work: Path, partition: int) -> dict | None:
        try:
            return json.loads(partitions.mark_path(work, partition).read_bytes())
        except (OSError, ValueError):
            return None

    partitions.valid_mark = valid_mark  # type: ignore[assignment]


def name_before_record(_: Disk) -> None:
    """The store gets its name before avkd.json is written."""
    real_publish, real_text = places.publish, durable.write_text
    held: list[tuple[Path, str]] = []

    def write_text(path: Path, text: str) -> None:
        held.append((path, text)) if path.name == "avkd.json" else real_text(path, text)

    def publish(work: Path, final: Path, overwrite: bool) -> None:
        real_publish(work, final, overwrite)
        for path, text in held:
            real_text(final / path.name, text)

    durable.write_text, places.publish = write_text, publish  # type: ignore[assignment]


MUTANTS: dict[str, Callable[[Disk], None]] = {
    "no-file-sync": without_file_sync,
    "no-directory-sync": without_directory_sync,
    "sync-after-rename": sync_after_rename,
    "write-in-place": write_in_place,
    "mark-before-data": mark_before_data,
    "name-before-record": name_before_record,
}
