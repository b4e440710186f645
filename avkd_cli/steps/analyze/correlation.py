"""`avkd analyze pcc`: how alike embedding stores are, segment by segment."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from avkd_cli.analysis import correlation
from avkd_cli.errors import InputError, blame
from avkd_cli.steps.analyze.inputs import finite, named_paths
from avkd_cli.steps.analyze.spaces import AGAIN, ids_of, listed, opened, persons_of, rows
from avkd_cli.storage import durable
from avkd_cli.storage.choosing import refuse_other_persons
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store

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

    Raises:
        MissingInputError, InputError: a store is missing, damaged or of another kind; two
            stores share no utterance; an embedding is not finite or all zeros.
    """
    stores, wanted = opened(named_paths(sources)), listed(list_file)
    geometries = []
    for name, store in stores.items():
        if not (ids := ids_of(store, wanted)):
            raise InputError(f"{store.path}: none of its utterances is in the list")
        geometries.append(geometry(name, store, ids))
    result = described(
        geometries,
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


def shared(a: EmbeddingStore, b: EmbeddingStore, wanted: set[str] | None) -> list[str]:
    """Return the utterances that two stores and the list hold.

    Raises:
        InputError: there is none, or one is of another person in each.
    """
    ids = [id for id in ids_of(a, wanted) if id in b.row_of]
    if not ids:
        raise InputError(f"{a.path} and {b.path} share no utterance")
    refuse_other_persons(ids, a, b)
    return ids


def geometry(name: str, store: EmbeddingStore, ids: Sequence[str]) -> dict:
    """Return how a store's embeddings lie: alignment, uniformity, spread within and between."""
    x, persons = rows(store, ids), persons_of(store, ids)
    with blame(store.path, AGAIN):
        within, between = correlation.spread(x, persons)
        return {
            "name": name,
            "fingerprint": store.fingerprint,
            "segments": len(ids),
            "persons": len(set(persons)),
            "dimensions": x.shape[1],
            "alignment": finite(correlation.alignment(x, persons)),
            "uniformity": finite(correlation.uniformity(x)),
            "within_person_variance": within,
            "between_person_variance": between,
        }


def likeness(a: str, b: str, stores: Mapping[str, EmbeddingStore], ids: Sequence[str]) -> dict:
    """Return how alike two stores are on some utterances."""
    x, y = rows(stores[a], ids), rows(stores[b], ids)
    with blame(stores[b].path, AGAIN):
        cka = finite(correlation.linear_cka(x, y))
        found = {"a": a, "b": b, "segments": len(ids), "linear_cka": cka}
        if x.shape != y.shape:
            return found | dict.fromkeys((*ONE_WIDTH, "constant_dimensions"))
        dimension = correlation.pearson_per_dimension(x, y)
        return found | {
            "pcc_per_segment": _mean(correlation.pearson_per_segment(x, y)),
            "pcc_pooled": finite(correlation.pearson_pooled(x, y)),
            "pcc_per_dimension": _mean(dimension),
            "mean_cosine_distance": correlation.mean_cosine_distance(x, y),
            "constant_dimensions": int(np.isnan(dimension).sum()),
        }


def _mean(values: np.ndarray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None
