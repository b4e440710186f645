"""Open a store, sure that it is whole, and read from it.

Opening checks kind, version, presence and size of every file; every read checks the crc of its
chunks (see `readers`). The bytes are plain Zarr v3 (see `tables` and `shards`).
"""

import json
import sys
from pathlib import Path
from typing import Any, Literal, overload

from avkd_cli.errors import InputError
from avkd_cli.storage import manifest
from avkd_cli.storage.readers import RaggedStore, Store
from avkd_cli.storage.specs import AUDIO, EMBEDDINGS, SEQUENCES, SPECS, StoreSpec
from avkd_cli.storage.vectors import EmbeddingStore, SequenceStore

__all__ = [
    "AUDIO",
    "EMBEDDINGS",
    "EmbeddingStore",
    "RaggedStore",
    "SequenceStore",
    "Store",
    "StoreSpec",
    "open_store",
    "resolve_input",
]

StorePath = str | Path | dict[str, Any]
"""A store's directory, "-" for a manifest line on stdin, or that line as a dict."""

READERS: dict[str, type[Store]] = {EMBEDDINGS.kind: EmbeddingStore, SEQUENCES.kind: SequenceStore}
"""What reads a kind of store, where that is more than a RaggedStore."""


def resolve_input(argument: str | Path) -> Path:
    """Return the path of a store: `argument`, or for "-" that of the manifest line on stdin.

    Raises:
        InputError: standard input is empty or holds no manifest line.
    """
    if str(argument) != "-":
        return Path(argument)
    text = sys.stdin.readline(1 << 20)
    if not text.strip():
        raise InputError("<stdin>: is empty; did the command before the pipe fail?")
    try:
        return Path(json.loads(text)["path"])
    except (ValueError, KeyError, TypeError):
        raise InputError("<stdin>: is not the line that a store-making command prints") from None


@overload
def open_store(path: StorePath, kind: Literal["avkd.embeddings"], /) -> EmbeddingStore: ...
@overload
def open_store(path: StorePath, kind: Literal["avkd.sequences"], /) -> SequenceStore: ...
@overload
def open_store(path: StorePath, kind: Literal["avkd.audio", "avkd.faces"], /) -> RaggedStore: ...
@overload
def open_store(path: StorePath, *kinds: str) -> Store: ...
def open_store(path: StorePath, *kinds: str) -> Store:
    """Open a finished store.

    Args:
        path: where it is.
        kinds: which kinds will do, such as "avkd.audio"; none: any.

    Raises:
        MissingInputError: there is nothing there.
        InputError: unfinished, another kind or version, a file missing or of another size.
    """
    where = Path(path["path"]) if isinstance(path, dict) else resolve_input(path)
    whole = manifest.read(where)
    kind = whole.get("format")
    if kinds and kind not in kinds:
        wanted = " or ".join(kinds)
        raise InputError(f"{where}: expected a store of {wanted}, this one holds {kind}")
    if kind not in SPECS:
        raise InputError(f"{where}: holds {kind}, which this version of avkd does not know")
    readable = (*SPECS[kind].reads, SPECS[kind].version)
    if whole.get("version") not in readable:
        raise InputError(
            f"{where}: is version {whole.get('version')} of {kind}, this avkd reads "
            f"{' and '.join(map(str, readable))}; make the store again or use another avkd"
        )
    for fault in manifest.faults_of_files(where, whole["files"]):
        raise InputError(f"{where}: {fault}; make the store again")
    return READERS.get(kind, RaggedStore)(where, whole)
