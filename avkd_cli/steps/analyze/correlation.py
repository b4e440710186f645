"""`avkd analyze pcc`: how alike embedding stores are, segment by segment."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from avkd_cli.analysis import correlation
from avkd_cli.errors import InputError
from avkd_cli.steps.analyze.inputs import display_names
from avkd_cli.storage import durable
from avkd_cli.storage.choosing import refuse_other_persons
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store, resolve_input
from avkd_cli.storage.utterances import read_ids

DEFINITIONS = {
    "pcc_per_segment": "mean over segments of the correlation of their two embeddings",
    "pcc_pooled": "correlation over all entries of all segments",
    "pcc_per_dimension": "mean over dimensions of their correlation over segments",
}
ONE_WIDTH = (*DEFINITIONS, "mean_cosine_distance")
MOST_SEGMENTS = 20_000  # of the report's comparison, evenly over the shared ones


def correlations(
    sources: Sequence[str], list_file: Path | None = None, output: Path | None = None
) -> dict:
    """Return each store's geometry and each pair's likeness, joined by utterance id.

    Args:
        sources: embedding stores.
        list_file: take only the utterances of this list.
        output: JSON file to write the result to.

    Raises:
        MissingInputError, InputError: a store is missing, damaged or of another kind; two
            stores share no utterance; an embedding is not finite or all zeros.
    """
    paths = [resolve_input(one) for one in sources]
    stores = opened(dict(zip(display_names(paths, sources), paths, strict=True)))
    wanted = None if list_file is None else set(read_ids(list_file))
    result = described(
        [geometry(name, store, _chosen(store, wanted)) for name, store in stores.items()],
        [
            likeness(a, b, stores, shared(stores[a], stores[b], wanted))
            for a, b in combinations(stores, 2)
        ],
    )
    if output is not None:
        durable.write_json(output, result)
    return result


def against(teacher: str, paths: Mapping[str, Path]) -> dict:
    """Return how alike each store is to the teacher's, all on the same segments.

    The segments are those that all stores hold, at most `MOST_SEGMENTS` of them, evenly taken;
    two stores' embeddings are in memory at a time.

    Raises:
        InputError: no segment is in all stores, or a store is damaged.
    """
    stores = opened(paths)
    common = set.intersection(*(set(store.ids) for store in stores.values()))
    ids = [id for id in stores[teacher].ids if id in common]
    if not ids:
        raise InputError(f"{stores[teacher].path}: shares no utterance with all other stores")
    ids = ids[:: -(-len(ids) // MOST_SEGMENTS)]
    geometries, pairs = [], []
    for name in stores:
        geometries.append(geometry(name, stores[name], ids))
        if name != teacher:
            pairs.append(likeness(name, teacher, stores, ids))
            stores[name] = open_store(paths[name], EMBEDDINGS.kind)  # lets go of its embeddings
    return described(geometries, pairs)


def described(stores: list[dict], pairs: list[dict]) -> dict:
    """Return a result with its definitions and the note on the basis."""
    return {
        "format": "avkd.analysis.pcc",
        "version": 1,
        "definitions": DEFINITIONS,
        "note": correlation.BASIS_NOTE,
        "stores": stores,
        "pairs": pairs,
    }


def opened(paths: Mapping[str, Path]) -> dict[str, EmbeddingStore]:
    """Open embedding stores by name."""
    return {name: open_store(path, EMBEDDINGS.kind) for name, path in paths.items()}


def _chosen(store: EmbeddingStore, wanted: set[str] | None) -> list[str]:
    ids = [id for id in store.ids if wanted is None or id in wanted]
    if not ids:
        raise InputError(f"{store.path}: none of its utterances is in the list")
    return ids


def shared(a: EmbeddingStore, b: EmbeddingStore, wanted: set[str] | None) -> list[str]:
    """Return the utterances that two stores and the list hold.

    Raises:
        InputError: there is none, or one is of another person in each.
    """
    ids = [id for id in a.ids if id in b.row_of and (wanted is None or id in wanted)]
    if not ids:
        raise InputError(f"{a.path} and {b.path} share no utterance")
    refuse_other_persons(ids, a, b)
    return ids


def rows(store: EmbeddingStore, ids: Sequence[str]) -> np.ndarray:
    """Return the embeddings of some utterances, shape (len(ids), d)."""
    return store.embedding[[store.row_of[id] for id in ids]]


def geometry(name: str, store: EmbeddingStore, ids: Sequence[str]) -> dict:
    """Return how a store's embeddings lie: alignment, uniformity, spread within and between."""
    x, persons = rows(store, ids), [store.persons[store.row_of[id]] for id in ids]
    return {
        "name": name,
        "fingerprint": store.fingerprint,
        "segments": len(ids),
        "persons": len(set(persons)),
        "dimensions": x.shape[1],
    } | _checked(store, lambda: _geometry(x, persons))


def _geometry(x: np.ndarray, persons: Sequence[str]) -> dict:
    within, between = correlation.spread(x, persons)
    return {
        "alignment": _number(correlation.alignment(x, persons)),
        "uniformity": _number(correlation.uniformity(x)),
        "within_person_variance": within,
        "between_person_variance": between,
    }


def likeness(a: str, b: str, stores: Mapping[str, EmbeddingStore], ids: Sequence[str]) -> dict:
    """Return how alike two stores are on some utterances."""
    x, y = rows(stores[a], ids), rows(stores[b], ids)
    return {"a": a, "b": b, "segments": len(ids)} | _checked(stores[b], lambda: _likeness(x, y))


def _likeness(x: np.ndarray, y: np.ndarray) -> dict:
    result = {"linear_cka": _number(correlation.linear_cka(x, y))}
    if x.shape != y.shape:
        return result | dict.fromkeys((*ONE_WIDTH, "constant_dimensions"))
    dimension = correlation.pearson_per_dimension(x, y)
    return result | {
        "pcc_per_segment": _mean(correlation.pearson_per_segment(x, y)),
        "pcc_pooled": _number(correlation.pearson_pooled(x, y)),
        "pcc_per_dimension": _mean(dimension),
        "mean_cosine_distance": correlation.mean_cosine_distance(x, y),
        "constant_dimensions": int(np.isnan(dimension).sum()),
    }


def _checked(store: EmbeddingStore, compute: Callable[[], dict]) -> dict:
    try:
        return compute()
    except ValueError as error:
        raise InputError(f"{store.path}: {error}; extract the embeddings again") from error


def _mean(values: np.ndarray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
