"""Cosines and distances of trials, in blocks; enrolment by several utterances.

Embeddings are rows, float32, of any length: none of this needs them normalised.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from avkd_cli.errors import InputError

_ROWS = 512  # pairs multiplied at a time: both sides of 512 x 512 floats stay in the cache
_THREADS = 2  # rows come from memory in no order; more threads than this only wait for it


def cosine_scores(
    embedding: np.ndarray, enrol: np.ndarray, test: np.ndarray, norm: np.ndarray | None = None
) -> np.ndarray:
    """Return the cosine of each trial, float64, shape (n_trials,), right to 1e-5.

    Args:
        embedding: shape (n, d), float32, no row of norm zero among those used.
        enrol: row of the enrolment side, shape (n_trials,).
        test: row of the test side, shape (n_trials,).
        norm: `norms(embedding)`, where that is known.

    Raises:
        ValueError: a row that is used is zero or not finite.
    """
    embedding = np.ascontiguousarray(embedding, dtype=np.float32)
    norm = norms(embedding) if norm is None else norm
    used = norm[enrol], norm[test]
    if not all(np.all((side > 0) & np.isfinite(side)) for side in used):
        raise ValueError("an embedding is zero or not finite: it has no direction")
    product = np.empty(len(enrol), dtype=np.float32)
    # By enrolment row: each is read from memory once, then it is still there.
    order = np.argsort(enrol, kind="stable")
    with ThreadPoolExecutor(_THREADS) as pool:
        for part in np.array_split(order, _THREADS):
            pool.submit(_multiply, embedding, enrol, test, part, product)
    return np.clip(product / (used[0] * used[1]), -1.0, 1.0)


def _multiply(
    embedding: np.ndarray, enrol: np.ndarray, test: np.ndarray, part: np.ndarray, out: np.ndarray
) -> None:
    """Write the inner products of some trials, a block at a time, into `out`."""
    left = np.empty((_ROWS, embedding.shape[1]), dtype=np.float32)
    right = np.empty_like(left)
    for start in range(0, len(part), _ROWS):
        rows = part[start : start + _ROWS]
        n = len(rows)
        # mode="clip" because the default would copy through a buffer; rows are in range.
        np.take(embedding, enrol[rows], axis=0, out=left[:n], mode="clip")
        np.take(embedding, test[rows], axis=0, out=right[:n], mode="clip")
        out[rows] = np.einsum("ij,ij->i", left[:n], right[:n])


def tanh_distances(embedding: np.ndarray, enrol: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the squared distance of the tanh of both sides, float64, 0 to 4, lower is closer.

    Rows are scaled to length one first, as the branches of FOP do.

    Args:
        embedding: shape (n, d), float32, no row of norm zero among those used.
        enrol: row of the enrolment side, shape (n_trials,).
        test: row of the test side, shape (n_trials,).

    Reference:
        M. S. Saeed et al., ICASSP 2022: released code, which evaluates side outputs of its gate.
    """
    squashed = np.tanh(unit_rows(embedding))
    found = np.empty(len(enrol))
    for start in range(0, len(enrol), _ROWS):
        rows = slice(start, start + _ROWS)
        difference = squashed[enrol[rows]] - squashed[test[rows]]
        found[rows] = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
    return found


def norms(embedding: np.ndarray) -> np.ndarray:
    """Return the Euclidean length of every row, float64, shape (n,)."""
    return np.sqrt(np.einsum("ij,ij->i", embedding, embedding), dtype=np.float64)


def unit_rows(embedding: np.ndarray) -> np.ndarray:
    """Return rows scaled to length one; a zero row stays zero."""
    norm = norms(embedding)[:, None]
    return (embedding / np.where(norm > 0, norm, 1)).astype(np.float32)


def enrolment_means(embedding: np.ndarray, members: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean embedding of each model, shape (n_models, d).

    Args:
        embedding: shape (n, d).
        members: the rows that each model is enrolled with.
    """
    means = [embedding[rows].mean(axis=0, dtype=np.float64) for rows in members]
    return np.array(means, dtype=np.float32).reshape(-1, embedding.shape[1])


def person_means(embedding: np.ndarray, persons: Sequence[str]) -> np.ndarray:
    """Return one mean embedding a person, in the order of first appearance.

    Rows whose person is not known ("") stand for themselves.
    """
    number: dict[str, int] = {}
    code = np.array(
        [number.setdefault(person or f"\0{row}", len(number)) for row, person in enumerate(persons)]
    )
    total = np.zeros((len(number), embedding.shape[1]))
    np.add.at(total, code, embedding)
    return (total / np.bincount(code)[:, None]).astype(np.float32)


def refuse_missing(ids: Sequence[str], where: str, n_trials: int, list_name: str) -> None:
    """Raise InputError naming ids without embedding, if there are any.

    Args:
        ids: those that have none.
        where: the store.
        n_trials: how many trials they are in.
        list_name: the trial list.
    """
    if ids:
        others = ", ".join(repr(id) for id in ids[1:5])
        raise InputError(
            f"{list_name}: no embedding of {ids[0]!r} in {where} ({len(ids)} ids of {n_trials} "
            f"trials have none{': also ' + others if others else ''}); extract them, or pass "
            "--skip-missing to leave these trials out"
        )
