"""What a label looks like in a trial list or a score file."""

from collections.abc import Mapping

import numpy as np

from avkd_cli.verification.columns import Block, Columns
from avkd_cli.verification.idcodes import IdCodes
from avkd_cli.verification.words import Words

LABELS = {b"1": 1, b"0": 0, b"target": 1, b"nontarget": 0}


def is_labels(words: Words, labels: Mapping[bytes, int] = LABELS) -> bool:
    """Return whether every word is a label."""
    if words[0] not in labels:
        return False
    codes = IdCodes()
    codes.of(words)
    return set(codes) <= labels.keys()


def decode(
    columns: Columns, block: Block, index: int, labels: Mapping[bytes, int] = LABELS
) -> np.ndarray:
    """Return one column as int8 labels, 1 target, 0 nontarget.

    Raises:
        InputError: naming the first line that has something else.
    """
    codes = IdCodes()
    code = codes.of(block.column(index))
    value = np.array([labels.get(word, -1) for word in codes], np.int8)[code]
    bad = np.flatnonzero(value < 0)
    if len(bad):
        row = int(bad[0])
        wanted = ", ".join(label.decode() for label in labels)
        word = block.row(row)[index].decode()
        found = f"label {word!r} in column {index + 1}, wanted one of {wanted}"
        raise columns.fail(block.line(row), found)
    return value
