"""What a label looks like in a trial list or a score file."""

import numpy as np

from avkd_cli.verification.columns import Block, Columns

LABELS = {b"1": 1, b"0": 0, b"target": 1, b"nontarget": 0}
WORDS = np.array(["nontarget", "target"])


def is_labels(tokens: list[bytes]) -> bool:
    """Return whether every token is a label."""
    return tokens[0] in LABELS and set(tokens) <= LABELS.keys()


def decode(columns: Columns, block: Block, index: int, labels: dict[bytes, int]) -> np.ndarray:
    """Return one column as int8 labels, 1 target, 0 nontarget.

    Raises:
        InputError: naming the first line that has something else.
    """
    tokens = block.column(index)
    try:
        return np.fromiter(map(labels.__getitem__, tokens), np.int8, len(tokens))
    except KeyError:
        row = next(row for row, token in enumerate(tokens) if token not in labels)
        wanted = ", ".join(label.decode() for label in labels)
        found = f"label {tokens[row].decode()!r} in column {index + 1}, wanted one of {wanted}"
        raise columns.fail(block.line(row), found) from None
