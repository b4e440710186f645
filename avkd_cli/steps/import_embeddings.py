"""Embeddings of somebody else's encoder, brought into a store."""

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError, Rejected, some
from avkd_cli.said import warn
from avkd_cli.storage import arks, durable, lines
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.choosing import chosen_fingerprint, chosen_rows
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import AAM, SOFTMAX, StoredHead
from avkd_cli.storage.utterances import read_whole
from avkd_cli.verification.scoring import norms


def import_embeddings(
    source: Path,
    output: Path,
    execution: Execution,
    *,
    modality: str | None = None,
    list_file: Path | None = None,
) -> dict[str, Any]:
    """Make an embedding store of somebody else's embeddings.

    Args:
        source: an .npz with arrays `id` (n,), `embedding` (n, d) and, if there, `person` (n,),
            `classes` (C,) and `classifier` (C, d), `classifier_bias` (C,), `scale` (); an .npz
            of one vector an utterance, named by its id; or a Kaldi .ark or .scp of vectors.

    Raises:
        MissingInputError: no such file. InputError: arrays are missing, do not fit each other,
            hold objects, repeat an id, or are not finite.
    """
    arrays = _READERS.get(source.suffix, read_npz)(source)
    ids, embedding = check_arrays(source, arrays)
    if (unread := sorted(arrays.keys() - _ARRAYS)) and not execution.quiet:
        text = f"{source}: arrays that are not read: {some(unread)}"
        warn("extract-embeddings", text)
    persons = names_of(source, "person", arrays) if "person" in arrays else [""] * len(ids)
    if list_file is not None:
        person_of = {u.id: u.person for u in read_whole(list_file).utterances}
        kept = chosen_rows(source, ids, person_of, list_file, quiet=execution.quiet)
        ids, persons = [ids[i] for i in kept], [persons[i] for i in kept]
        if "person" not in arrays:
            persons = [person_of[one] for one in ids]
        embedding = embedding[kept]
    head = head_of(source, arrays, embedding.shape[1])
    content = Embeddings.of(Rows(ids, persons), embedding, head)
    origin = Origin(
        "extract-embeddings",
        inputs={"source": _digest(source, arrays)} | chosen_fingerprint(ids, list_file),
        said={"modality": modality, "imported": source.name},
    )
    return build_store(output, content, origin, execution)


def _digest(source: Path, arrays: dict[str, np.ndarray]) -> str:
    """Return what the embeddings come from; an .scp names places, so there it is the vectors."""
    if source.suffix != ".scp":
        return "sha256:" + durable.sha256_file(source)
    vectors = np.ascontiguousarray(arrays["embedding"]).tobytes()
    return "sha256:" + durable.sha256_bytes(source.read_bytes() + vectors)


_ARRAYS = {"id", "embedding", "person", "classes", "classifier", "classifier_bias", "scale"}
_READERS = {".scp": arks.read_scp, ".ark": arks.read_ark}


def head_of(source: Path, arrays: dict[str, np.ndarray], dimension: int) -> StoredHead | None:
    """Return the classifier that came along, or None; one with a bias is a plain softmax's."""
    given = {"classes", "classifier", "classifier_bias", "scale"} & arrays.keys()
    if not given:
        return None
    if missing := {"classes", "classifier"} - given:
        raise InputError(
            f"{source}: has '{min(given)}' but no '{min(missing)}'; save classes (C,) and "
            "classifier (C, d) together, or none of them"
        )
    try:
        bias = arrays.get("classifier_bias")
        head = StoredHead(
            AAM if bias is None else SOFTMAX,
            names_of(source, "classes", arrays),
            np.asarray(arrays["classifier"], np.float32),
            float(arrays["scale"]) if "scale" in arrays else None,
            None if bias is None else np.asarray(bias, np.float32),
        )
    except (ValueError, TypeError) as error:
        raise InputError(f"{source}: {error}; save arrays that fit each other") from None
    if head.bias is None:
        refuse_without_direction(source, "classifier row", head.classes, head.weight)
    if head.dimension != dimension:
        raise InputError(
            f"{source}: classifier is {head.weight.shape}, embeddings have {dimension} "
            "dimensions; save the classifier of these embeddings"
        )
    return head


def read_npz(source: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz; pickled objects are refused, never run."""
    if not source.exists():
        raise MissingInputError(f"{source}: no such file; give an .npz, or a Kaldi .ark or .scp")
    try:
        with np.load(source, allow_pickle=False) as archive:
            return by_utterance({name: archive[name] for name in archive.files})
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise InputError(
            f"{source}: not an .npz of plain arrays ({' '.join(str(error).split())[:120]}); "
            "save ids as text and embeddings as floats"
        ) from None


def by_utterance(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return `id` and `embedding` of arrays that are one vector an utterance, named by its id.

    Anything else comes back as it is.
    """
    are_vectors = all(
        one.dtype.kind in "fiu" and (one.ndim < 2 or (one.ndim == 2 and len(one) == 1))
        for one in arrays.values()
    )
    of_one_size = len({one.size for one in arrays.values()}) == 1
    if {"id", "embedding"} & arrays.keys() or not (are_vectors and of_one_size):
        return arrays
    vectors = [one.reshape(-1) for one in arrays.values()]
    return {"id": np.array(list(arrays)), "embedding": np.stack(vectors)}


def check_arrays(source: Path, arrays: dict[str, np.ndarray]) -> tuple[list[str], np.ndarray]:
    """Return ids and float32 embeddings, checked against each other."""
    for name in ("id", "embedding"):
        if name not in arrays:
            raise InputError(
                f"{source}: no array '{name}' (it has {some(sorted(arrays)) or 'none'}); "
                "save id (n,) and embedding (n, d)"
            )
    embedding = arrays["embedding"]
    if embedding.ndim != 2 or embedding.dtype.kind not in "fiu" or not embedding.size:
        raise InputError(
            f"{source}: 'embedding' is {embedding.dtype} {embedding.shape}, wanted floats (n, d)"
        )
    for name in ("id", "person"):
        if name in arrays and arrays[name].shape != (len(embedding),):
            raise InputError(
                f"{source}: '{name}' is {arrays[name].shape}, wanted ({len(embedding)},)"
            )
    ids = names_of(source, "id", arrays)
    if len(set(ids)) != len(ids):
        raise InputError(f"{source}: {len(ids) - len(set(ids))} ids are there twice")
    with np.errstate(over="ignore"):  # infinite is what a number too large is then
        embedding = embedding.astype(np.float32, copy=False)
    bad = ~np.isfinite(embedding).all(axis=1)
    if bad.any():
        raise InputError(
            f"{source}: {bad.sum()} embeddings are not finite, first of {ids[bad.argmax()]!r}; "
            "wanted are numbers that 32-bit floats can hold"
        )
    refuse_without_direction(source, "embedding", ids, embedding)
    return ids, embedding


def names_of(source: Path, name: str, arrays: dict[str, np.ndarray]) -> list[str]:
    """Return an array of names as text: bytes, as HDF5 and Kaldi readers give, are UTF-8."""
    array = arrays[name].reshape(-1)
    if array.dtype.kind not in "USiu":
        raise InputError(f"{source}: '{name}' is {array.dtype}, wanted text")
    try:
        names = [one.decode() if isinstance(one, bytes) else str(one) for one in array.tolist()]
    except UnicodeDecodeError as error:
        raise InputError(f"{source}: '{name}' holds bytes that are not UTF-8 ({error})") from None
    for row, one in enumerate(names):
        try:
            if name == "id":
                lines.check_id(one)
            elif not one.isascii() or " " in one:
                lines.check_text(one, name)
        except Rejected as error:
            raise InputError(
                f"{source}: {name} {one!r} in row {row}: {error.code}, {error.detail}; rename it"
            ) from None
    if names and all(re.fullmatch(r"b(['\"]).*\1", one) for one in names):
        raise InputError(
            f"{source}: '{name}' holds bytes printed as text, such as {names[0]!r}; decode them"
        )
    return names


def refuse_without_direction(
    source: Path, what: str, names: Sequence[str], vectors: np.ndarray
) -> None:
    """Raise InputError where a vector has no cosine: it is zero, or its square overflows."""
    with np.errstate(over="ignore"):
        norm = norms(vectors)
    bad = ~(np.isfinite(norm) & (norm > 0))
    if bad.any():
        row = int(np.argmax(bad))
        how = "zero" if not vectors[row].any() else "too large or small for a cosine"
        raise InputError(
            f"{source}: {bad.sum()} of {len(bad)} {what}s have no direction, first that of "
            f"{names[row]!r}, which is {how}; mend or leave them out"
        )
