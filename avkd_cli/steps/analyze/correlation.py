"""`avkd analyze pcc`: how alike embedding stores are, segment by segment."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from avkd_cli.analysis import correlation
from avkd_cli.errors import InputError
from avkd_cli.steps.analyze.inputs import display_names
from avkd_cli.storage import durable
from avkd_cli.storage.store import EmbeddingStore, open_store, resolve_input
from avkd_cli.storage.utterances import read_ids

KIND = "avkd.embeddings"


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
    stores = dict(zip(display_names(paths), (open_store(p, KIND) for p in paths), strict=True))
    wanted = None if list_file is None else set(read_ids(list_file))
    result = {
        "format": "avkd.analysis.pcc",
        "version": 1,
        "definitions": {
            "pcc_per_segment": "mean over segments of the correlation of their two embeddings",
            "pcc_pooled": "correlation over all entries of all segments",
            "pcc_per_dimension": "mean over dimensions of their correlation over segments",
        },
        "note": correlation.BASIS_NOTE,
        "stores": [geometry(name, store, wanted) for name, store in stores.items()],
        "pairs": [likeness(a, b, stores, wanted) for a, b in combinations(stores, 2)],
    }
    if output is not None:
        durable.write_json(output, result)
    return result


def geometry(name: str, store: EmbeddingStore, wanted: set[str] | None) -> dict:
    """Return how a store's embeddings lie: alignment, uniformity, spread within and between."""
    rows = [row for row, id in enumerate(store.ids) if wanted is None or id in wanted]
    if not rows:
        raise InputError(f"{store.path}: none of its utterances is in the list")
    x, persons = np.asarray(store.embedding)[rows], [store.persons[row] for row in rows]
    described = {
        "name": name,
        "fingerprint": store.fingerprint,
        "segments": len(rows),
        "persons": len(set(persons)),
        "dimensions": x.shape[1],
    }
    return described | _checked(store.path, lambda: _geometry(x, persons))


def _geometry(x: np.ndarray, persons: Sequence[str]) -> dict:
    within, between = correlation.spread(x, persons)
    return {
        "alignment": _number(correlation.alignment(x, persons)),
        "uniformity": _number(correlation.uniformity(x)),
        "within_person_variance": within,
        "between_person_variance": between,
    }


def likeness(a: str, b: str, stores: Mapping[str, EmbeddingStore], wanted: set[str] | None) -> dict:
    """Return how alike two stores are on the utterances that both hold."""
    left, right = stores[a], stores[b]
    shared = [i for i in left.ids if i in right.row_of and (wanted is None or i in wanted)]
    if not shared:
        raise InputError(f"{left.path} and {right.path} share no utterance")
    x = np.asarray(left.embedding)[[left.row_of[i] for i in shared]]
    y = np.asarray(right.embedding)[[right.row_of[i] for i in shared]]
    return {"a": a, "b": b, "segments": len(shared)} | _checked(right.path, lambda: _likeness(x, y))


def _likeness(x: np.ndarray, y: np.ndarray) -> dict:
    result = {"linear_cka": _number(correlation.linear_cka(x, y))}
    if x.shape != y.shape:
        return result | dict.fromkeys(ONE_WIDTH) | {"constant_dimensions": None}
    segment = correlation.pearson_per_segment(x, y)
    dimension = correlation.pearson_per_dimension(x, y)
    return result | {
        "pcc_per_segment": _mean(segment),
        "pcc_pooled": _number(correlation.pearson_pooled(x, y)),
        "pcc_per_dimension": _mean(dimension),
        "mean_cosine_distance": correlation.mean_cosine_distance(x, y),
        "constant_dimensions": int(np.isnan(dimension).sum()),
    }


ONE_WIDTH = ("pcc_per_segment", "pcc_pooled", "pcc_per_dimension", "mean_cosine_distance")


def _checked(path: Path, compute):
    try:
        return compute()
    except ValueError as error:
        raise InputError(f"{path}: {error}; extract the embeddings again") from error


def _mean(values: np.ndarray) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
