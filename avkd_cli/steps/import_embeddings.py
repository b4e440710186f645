"""Embeddings of somebody else's encoder, brought into a store."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.extract_embeddings import chosen_fingerprint
from avkd_cli.storage import durable
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import AAM, SOFTMAX, StoredHead
from avkd_cli.storage.utterances import read_ids


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
            `classes` (C,) and `classifier` (C, d), `classifier_bias` (C,), `scale` (); or a
            Kaldi .scp of vectors.

    Raises:
        MissingInputError: no such file. InputError: arrays are missing, do not fit each other,
            hold objects, repeat an id, or are not finite.
    """
    arrays = read_scp(source) if source.suffix == ".scp" else read_npz(source)
    ids, embedding = check_arrays(source, arrays)
    persons = [str(person) for person in arrays.get("person", [""] * len(ids))]
    if list_file is not None:
        wanted = set(read_ids(list_file))
        kept = [i for i, one in enumerate(ids) if one in wanted]
        ids, persons = [ids[i] for i in kept], [persons[i] for i in kept]
        embedding = embedding[kept]
    content = Embeddings(
        Rows(ids, persons),
        embedding.shape[1],
        lambda start, stop: embedding[start:stop],
        head_of(source, arrays, embedding.shape[1]),
    )
    origin = Origin(
        "extract-embeddings",
        inputs={"source": "sha256:" + durable.sha256_file(source)}
        | chosen_fingerprint(ids, list_file),
        said={"modality": modality, "imported": source.name},
    )
    return build_store(output, content, origin, execution)


def head_of(source: Path, arrays: dict[str, np.ndarray], dimension: int) -> StoredHead | None:
    """Return the classifier that came along, or None; one with a bias is a plain softmax's.

    Raises:
        InputError: its arrays do not fit each other, or the embeddings.
    """
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
            [str(name) for name in arrays["classes"].reshape(-1)],
            np.asarray(arrays["classifier"], np.float32),
            float(arrays["scale"]) if "scale" in arrays else None,
            None if bias is None else np.asarray(bias, np.float32),
        )
    except (ValueError, TypeError) as error:
        raise InputError(f"{source}: {error}; save arrays that fit each other") from None
    if head.dimension != dimension:
        raise InputError(
            f"{source}: classifier is {head.weight.shape}, embeddings have {dimension} "
            "dimensions; save the classifier of these embeddings"
        )
    return head


def read_npz(source: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz; pickled objects are refused, never run."""
    if not source.exists():
        raise MissingInputError(f"{source}: no such file; give an .npz or a Kaldi .scp")
    try:
        with np.load(source, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise InputError(
            f"{source}: not an .npz of plain arrays ({' '.join(str(error).split())[:120]}); "
            "save ids as text and embeddings as floats"
        ) from None


def read_scp(source: Path) -> dict[str, np.ndarray]:
    """Return ids and vectors of a Kaldi .scp (needs kaldiio)."""
    try:
        import kaldiio
    except ImportError:
        raise UsageError(f"{source}: reading Kaldi archives needs `pip install kaldiio`") from None
    if not source.exists():
        raise MissingInputError(f"{source}: no such file")
    for number, line in enumerate(source.read_text().splitlines(), 1):
        if line.rstrip().endswith("|"):
            raise InputError(f"{source}:{number}: a command pipe is never run; copy to an ark")
    pairs = list(kaldiio.load_scp_sequential(str(source)))
    return {
        "id": np.array([name for name, _ in pairs]),
        "embedding": np.stack([vector for _, vector in pairs]),
    }


def check_arrays(source: Path, arrays: dict[str, np.ndarray]) -> tuple[list[str], np.ndarray]:
    """Return ids and float32 embeddings, checked against each other."""
    for name in ("id", "embedding"):
        if name not in arrays:
            raise InputError(
                f"{source}: no array '{name}' (it has {', '.join(sorted(arrays)) or 'none'}); "
                "save id (n,) and embedding (n, d)"
            )
    ids, embedding = [str(one) for one in arrays["id"].tolist()], arrays["embedding"]
    if embedding.ndim != 2 or embedding.dtype.kind not in "fiu" or not embedding.size:
        raise InputError(
            f"{source}: 'embedding' is {embedding.dtype} {embedding.shape}, wanted floats (n, d)"
        )
    for name in ("id", "person"):
        if name in arrays and arrays[name].shape != (len(embedding),):
            raise InputError(
                f"{source}: '{name}' is {arrays[name].shape}, wanted ({len(embedding)},)"
            )
    if len(set(ids)) != len(ids):
        raise InputError(f"{source}: {len(ids) - len(set(ids))} ids are there twice")
    embedding = embedding.astype(np.float32, copy=False)
    bad = ~np.isfinite(embedding).all(axis=1)
    if bad.any():
        raise InputError(
            f"{source}: {bad.sum()} embeddings are not finite, first of '{ids[bad.argmax()]}'"
        )
    return ids, embedding
