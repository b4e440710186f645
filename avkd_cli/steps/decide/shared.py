"""A system as one folder or tar: networks without names, how to prepare, calibrations, digests.

`system.json` comes last and lists every other file with its bytes and SHA-256, and has a digest of
itself, as a store's manifest has.
"""

import contextlib
import json
import stat
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.storage import durable, manifest

NAME = "system.json"
FORMAT, VERSION = "avkd.system", 1
FUSION = "fusion"
MOST_BYTES = 8 << 30
"""Of a tar, unpacked: networks are megabytes."""


def read(folder: Path, path: Path) -> dict[str, Any]:
    """Return the record of a shared system, every file of it held against its digest.

    Args:
        folder: where it lies. path: as it was given, for messages.

    Raises:
        MissingInputError, InputError: it is none, of another version, or damaged.
    """
    try:
        text = (folder / NAME).read_text("utf-8")
        record = json.loads(text)
        whole = manifest.sealed(record) == text
    except FileNotFoundError:
        raise MissingInputError(f"{path}: has no {NAME}; give what avkd share made") from None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise InputError(f"{path}: {NAME} is damaged or edited; share the system again")
    if record.get("format") != FORMAT or record.get("version") != VERSION:
        found = f"{record.get('format')} {record.get('version')}"
        raise InputError(f"{path}: wanted {FORMAT} version {VERSION}, this is {found}")
    for fault in faults_of(folder, record):
        raise InputError(f"{path}: {fault}; get it again, or share it again")
    return record


def faults_of(folder: Path, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each file that is absent, foreign, of another size or of other content."""
    files = record["files"]
    bad = list(manifest.faults_of_files(folder, files))
    yield from bad
    for name, (_, digest) in files.items():
        if not bad and durable.sha256_file(folder / name) != digest:
            yield f"{name} is not what was shared (SHA-256 differs)"
    there = {str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir()}
    for name in sorted(there - files.keys() - {NAME}):
        yield f"{name} is no part of it"


def faults_of_system(path: Path) -> Iterator[str]:
    """Yield a line for each fault of a shared system, for `avkd check`."""
    try:
        with unpacked(path) as folder:
            read(folder, path)
    except InputError as error:
        yield str(error).removeprefix(f"{path}: ")


def is_system(path: Path) -> bool:
    """Return whether a path looks like what `avkd share` made: a folder, or a tar."""
    return (path / NAME).exists() or (path.is_file() and tarfile.is_tarfile(path))


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder of a system; of a tar a temporary one, gone afterwards.

    Raises:
        InputError: it is no tar, or holds what none of ours does: links, devices, other places.
    """
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="avkd-system-") as work:
        try:
            with tarfile.open(path, "r:") as tar:
                for member in tar:
                    check_member(member, path)
                    tar.extract(member, work, filter="data")
        except (tarfile.TarError, EOFError) as error:
            first = " ".join(str(error).split())[:100]
            raise InputError(
                f"{path}: is neither a run's folder nor a tar of avkd share ({first})"
            ) from None
        yield Path(work)


def check_member(member: tarfile.TarInfo, path: Path) -> None:
    """Raise InputError for what is no plain file of a system, before it is unpacked."""
    parts = PurePosixPath(member.name).parts
    plain = member.isfile() and ".." not in parts and not member.name.startswith("/")
    if not plain or len(parts) > 2 or member.size > MOST_BYTES:
        raise InputError(f"{path}: holds {member.name!r}, which no shared system has; get it again")


def write(folder: Path, record: dict[str, Any], mode: int) -> None:
    """Write the record of a folder that is otherwise complete, and set the modes of all.

    Args:
        mode: of the files; folders may be searched by whoever may read.
    """
    files = {
        str(one.relative_to(folder)): [one.stat().st_size, durable.sha256_file(one)]
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }
    made = {"avkd": manifest.library_version("avkd"), "torch": manifest.library_version("torch")}
    whole = {"format": FORMAT, "version": VERSION, **record, "files": files, "made_by": made}
    durable.write_text(folder / NAME, manifest.sealed(whole))
    for one in [*folder.rglob("*"), folder]:
        one.chmod(mode | (mode & 0o444) >> 2 if one.is_dir() else mode)


def pack(folder: Path, output: Path, mode: int) -> None:
    """Write a folder as a tar: the same bytes for the same files."""
    with durable.binary_output(output) as file, tarfile.open(fileobj=file, mode="w") as tar:
        for one in sorted(folder.rglob("*")):
            if one.is_file():
                entry = tar.gettarinfo(one, str(one.relative_to(folder)))
                entry.uid = entry.gid = entry.mtime = 0
                entry.uname = entry.gname = ""
                entry.mode = stat.S_IMODE(mode)
                with one.open("rb") as content:
                    tar.addfile(entry, content)
    output.chmod(mode)
