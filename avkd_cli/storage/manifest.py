"""avkd.json, the file that makes a store a store: what it is, from what, and each of its files.

The fingerprint names the work: step, version, settings and inputs; never time, host, workers or
paths.
"""

import functools
import hashlib
import json
import os
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from avkd_cli.errors import InputError, MissingInputError

NAME = "avkd.json"


def canonical(value: object) -> str:
    """Return JSON that depends on the value only."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def fingerprint(
    step: str, version: int, config: Mapping[str, Any], inputs: Mapping[str, str]
) -> str:
    """Return "sha256:…" of a piece of work: equal for equal work, wherever and whenever done."""
    work = {"step": step, "version": version, "config": dict(config), "inputs": dict(inputs)}
    return "sha256:" + hashlib.sha256(canonical(work).encode()).hexdigest()


def made_by() -> dict[str, Any]:
    """Return who made something: the only part of a manifest that differs between equal runs."""
    return {
        "argv": ["avkd", *sys.argv[1:]],
        "avkd": library_version("avkd"),
        "torch": library_version("torch"),
        "host": socket.gethostname(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@functools.cache
def library_version(name: str) -> str | None:
    """Return the version of an installed distribution without importing it."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def sealed(manifest: dict[str, Any]) -> str:
    """Return the text of avkd.json: canonical JSON with the digest of itself among `made_by`."""
    made = {key: value for key, value in manifest["made_by"].items() if key != "digest"}
    unsealed = manifest | {"made_by": made}
    digest = hashlib.sha256(canonical(unsealed).encode()).hexdigest()
    return canonical(unsealed | {"made_by": made | {"digest": f"sha256:{digest}"}})


def read(store: Path) -> dict[str, Any]:
    """Return the manifest of a store, checked against its own digest.

    Raises:
        MissingInputError: there is no such directory.
        InputError: it is not a store, not finished, or its manifest is damaged.
    """
    path = store / NAME
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        raise _not_a_store(store) from None
    except PermissionError:
        raise MissingInputError(f"{path}: permission denied; make it readable") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is damaged (not UTF-8); make the store again") from None
    try:
        manifest = json.loads(text)
        whole = sealed(manifest) == text
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise InputError(f"{path}: is damaged or edited; make the store again")
    return manifest


def _not_a_store(store: Path) -> InputError | MissingInputError:
    if not os.path.lexists(store):
        if store.with_name(store.name + ".wip").is_dir():
            return MissingInputError(
                f"{store}: is unfinished; run the command that makes it again, it goes on"
            )
        return MissingInputError(f"{store}: no such store; make it first")
    if not store.is_dir():
        return MissingInputError(f"{store}: is not a directory; give a store")
    if store.name.endswith(".wip") or (store / "plan.json").is_file():
        return InputError(f"{store}: is unfinished; run the command that makes it again")
    return InputError(f"{store}: is not a store of avkd (no {NAME}); give one")


def line(manifest: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return what a command prints of a store: its manifest without the list of files."""
    bulky = {"files", "arrays"}
    shown = {key: value for key, value in manifest.items() if key not in bulky}
    return shown | {"path": str(path)}


def faults_of_files(where: Path, files: dict[str, list]) -> Iterator[str]:
    """Yield a line for each listed file that is absent, no regular file or of another size."""
    for name, (size, _) in files.items():
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            yield f"listed file {name!r} is outside"
            continue
        try:
            found = os.lstat(f"{where}/{name}")
        except OSError:
            yield f"missing file {name}"
            continue
        if not stat.S_ISREG(found.st_mode):
            yield f"{name} is not a regular file"
        elif found.st_size != size:
            yield f"{name} has {found.st_size} bytes, not {size}"
