"""One embedding an utterance: from a trained network, or imported from somebody else's."""

import dataclasses
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import Execution, ExtractConfig
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.storage import durable
from avkd_cli.storage.build import build_embeddings
from avkd_cli.storage.utterances import read_ids

Compute = Callable[[int, int], np.ndarray]


def extract(
    run: Path,
    stores: list[str],
    output: Path,
    settings: ExtractConfig,
    execution: Execution,
    *,
    list_file: Path | None = None,
) -> dict[str, Any]:
    """Embed the utterances of stores with a finished run; return the new store's manifest.

    Utterances without a face have no row.

    Raises:
        MissingInputError, InputError: the run or a store is not there, damaged, or of the
            wrong kind or shape.
    """
    from avkd_cli.training import networks  # torch

    trained = networks.load(run)
    modality = trained.description.modality
    opened = open_inputs(modality, stores)
    check_features(run, trained, opened)
    ids = choose_ids(opened, list_file)
    compute = COMPUTE[modality](trained, opened, ids, settings)
    first = opened[0]
    return build_embeddings(
        output,
        ids=ids,
        persons=[first.persons[first.row_of[one]] for one in ids],
        splits=splits_of(first, ids),
        dimension=trained.classifier.shape[1],
        compute=compute,
        config=dataclasses.asdict(settings),
        inputs={"run": trained.record["fingerprint"]}
        | {f"store{i}": store.fingerprint for i, store in enumerate(opened)}
        | chosen_fingerprint(ids, list_file),
        extra={"modality": modality, "run": run.name, "role": trained.record.get("role")},
        classes=trained.classes,
        classifier=trained.classifier.numpy(),
        execution=execution,
    )


def open_inputs(modality: str, stores: list[str]) -> list[Any]:
    """Return the stores that a network of this modality embeds."""
    from avkd_cli.steps.train_teacher import by_sense, open_stores

    opened = open_stores(modality, stores)
    return list(by_sense(opened)) if modality == "fusion" else opened


def check_features(run: Path, trained: Any, opened: list[Any]) -> None:
    """Raise InputError when the network was trained on something else than the stores hold."""
    from avkd_cli.steps.train_teacher import describe_store

    description = trained.description
    wanted = {k: description.model.get(k) for k in ("n_mels", "in_channels", "height", "width_px")}
    wanted["features"] = description.front_end.get("features")
    wanted |= {
        k: description.model[k] for k in ("visual_size", "audio_size") if k in description.model
    }
    held = describe_store(description.modality, opened)
    differ = [
        f"{name} {wanted[name]}, now it is {held[name]}"
        for name in held
        if wanted.get(name) is not None and wanted[name] != held[name]
    ]
    if differ:
        where = ", ".join(str(store.path) for store in opened)
        raise InputError(
            f"{where}: {run} was trained with {'; '.join(differ)}; prepare the data alike"
        )


def choose_ids(opened: list[Any], list_file: Path | None) -> list[str]:
    """Return the utterances to embed, in the first store's order."""
    first = opened[0]
    ids = list(first.ids)
    if hasattr(first, "lengths"):
        ids = [one for one, n in zip(first.ids, first.lengths, strict=True) if n > 0]
    for other in opened[1:]:
        both = [one for one in ids if one in other.row_of]
        lost = len(set(ids) | set(other.ids)) - len(both)
        if lost:
            print(
                f"avkd extract-embeddings: warning: {lost} utterances are in only one of "
                f"{first.path} and {other.path}; they get no embedding",
                file=sys.stderr,
            )
        ids = both
    if list_file is not None:
        wanted = read_ids(list_file)
        unknown = [one for one in wanted if one not in first.row_of]
        if unknown:
            raise InputError(
                f"{list_file}: {len(unknown)} utterances are not in {first.path}, such as "
                f"'{unknown[0]}'; take ids from that store"
            )
        chosen = set(wanted)
        ids = [one for one in ids if one in chosen]
    if not ids:
        raise InputError(f"{first.path}: no utterance to embed (no face, or none of --list)")
    return ids


def splits_of(store: Any, ids: list[str]) -> list[str]:
    """Return the split of utterances, so that a fusion trains on the right ones."""
    splits = store.column("split")
    return [splits[store.row_of[one]] for one in ids]


def chosen_fingerprint(ids: list[str], list_file: Path | None) -> dict[str, str]:
    """Return the fingerprint of a choice by --list."""
    if list_file is None:
        return {}
    return {"list": "sha256:" + durable.sha256_bytes("\n".join(ids).encode())}


def device() -> Any:
    """Return the device that embeds: a GPU where there is one."""
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def compute_sound(trained: Any, opened: list[Any], ids: list[str], settings: Any) -> Compute:
    """Return what embeds rows start:stop of an audio store."""
    from avkd_cli.training.embedding import embed_sound

    store, network = opened[0], trained.network.to(device())
    rows = np.array([store.row_of[one] for one in ids], np.int64)
    return lambda start, stop: embed_sound(
        network,
        store,
        rows[start:stop],
        batch_frames=settings.batch_frames,
        device=device(),
        precision=settings.mixed_precision,
    )


def compute_faces(trained: Any, opened: list[Any], ids: list[str], settings: Any) -> Compute:
    """Return what embeds rows start:stop of a face store."""
    from avkd_cli.training.embedding import embed_faces

    store, network = opened[0], trained.network.to(device())
    rows = np.array([store.row_of[one] for one in ids], np.int64)
    return lambda start, stop: embed_faces(
        network,
        store,
        rows[start:stop],
        batch_faces=settings.batch_faces,
        device=device(),
        precision=settings.mixed_precision,
    )


def compute_pairs(trained: Any, opened: list[Any], ids: list[str], settings: Any) -> Compute:
    """Return what fuses rows start:stop of two embedding stores."""
    from avkd_cli.training.embedding import embed_pairs

    network = trained.network.to(device())
    visual, audio = (s.embedding[[s.row_of[one] for one in ids]] for s in opened)
    return lambda start, stop: embed_pairs(network, visual[start:stop], audio[start:stop], device())


COMPUTE = {"audio": compute_sound, "visual": compute_faces, "fusion": compute_pairs}


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
            `classes` (C,), `classifier` (C, d); or a Kaldi .scp of vectors.

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
    classes = [str(name) for name in arrays["classes"]] if "classes" in arrays else None
    return build_embeddings(
        output,
        ids=ids,
        persons=persons,
        dimension=embedding.shape[1],
        compute=lambda start, stop: embedding[start:stop],
        config={},
        inputs={"source": "sha256:" + durable.sha256_file(source)}
        | chosen_fingerprint(ids, list_file),
        extra={"modality": modality, "imported": source.name},
        classes=classes,
        classifier=np.asarray(arrays["classifier"], np.float32) if classes else None,
        execution=execution,
    )


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
    if "classifier" in arrays or "classes" in arrays:
        rows = {name: np.shape(arrays.get(name, ())) for name in ("classes", "classifier")}
        if rows["classifier"] != (*rows["classes"], embedding.shape[1]):
            raise InputError(f"{source}: classes {rows['classes']} do not fit {rows['classifier']}")
    return ids, embedding
