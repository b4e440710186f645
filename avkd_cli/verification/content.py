"""What a trial list says, whatever it looks like: one digest for one list."""

import hashlib
from collections.abc import Sequence

import numpy as np

_LINES = 1 << 12  # hashed at a time: strings take more memory than all numbers of a trial
_LABELS = (" nontarget\n", " target\n")


def content_digest(
    ids: Sequence[str], enrol: np.ndarray, test: np.ndarray, label: np.ndarray | None
) -> str:
    """Return "sha256:…" of the sorted lines `enrol test target|nontarget` of trials.

    Neither the order of the trials nor the format, scores or line ends of a file are in it, so
    that a list and all score files on it have one. By hand, of a score file of avkd's:
    `cut -d' ' -f1,2,4 FILE | LC_ALL=C sort | sha256sum`.

    Args:
        ids: ids by number, each once.
        enrol: index into `ids` of the enrolment side, shape (n,).
        test: index into `ids` of the test side, shape (n,).
        label: 1 target, 0 nontarget, shape (n,); None: lines have none.
    """
    place = np.empty(len(ids), np.int32)
    place[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids), dtype=np.int32)
    same = np.zeros(len(enrol), np.int8) if label is None else np.asarray(label)
    # A blank is less than any sign of an id, so that sorting by parts sorts whole lines.
    order = np.lexsort((same, place[test], place[enrol]))
    ends = ("\n", "\n") if label is None else _LABELS
    found = hashlib.sha256()
    for at in range(0, len(order), _LINES):
        rows = order[at : at + _LINES]
        columns = zip(enrol[rows].tolist(), test[rows].tolist(), same[rows].tolist(), strict=True)
        found.update("".join(f"{ids[a]} {ids[b]}{ends[s]}" for a, b, s in columns).encode())
    return f"sha256:{found.hexdigest()}"
