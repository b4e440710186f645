"""What a label looks like in a trial list or a score file."""

from collections.abc import Mapping

import numpy as np

from avkd_cli.verification.columns import Columns, TextBlock
from avkd_cli.verification.idcodes import IdCodes
from avkd_cli.verification.words import Words

LABELS = {b"1": 1, b"0": 0, b"target": 1, b"nontarget": 0}
_SYNONYMS = {
    1: "1.0 target tgt tar genuine true same",
    0: "0.0 nontarget NonTarget non-target non_target nontgt non impostor imposter imp false "
    "different",
}
_SPELLED = {
    spelling.encode(): value
    for value, words in _SYNONYMS.items()
    for word in words.split()
    for spelling in (word, word.capitalize(), word.upper())
}


def with_synonyms(labels: Mapping[bytes, int]) -> dict[bytes, int]:
    """Return labels with the words that other toolkits have for target and nontarget."""
    return dict(labels) | _SPELLED


def is_labels(words: Words) -> bool:
    """Return whether every word is a label."""
    known = with_synonyms(LABELS)
    if words[0] not in known:
        return False
    codes = IdCodes()
    codes.of(words)
    return set(codes) <= known.keys()


def share(words: Words, labels: Mapping[bytes, int] = LABELS) -> float:
    """Return the share of words that are labels, 0 to 1."""
    codes, known = IdCodes(), with_synonyms(labels)
    code = codes.of(words)
    return float(np.array([word in known for word in codes])[code].mean())


def decode(
    columns: Columns, block: TextBlock, index: int, labels: Mapping[bytes, int] = LABELS
) -> np.ndarray:
    """Return one column as int8 labels, 1 target, 0 nontarget.

    Raises:
        InputError: naming the first line that has something else.
    """
    codes, known = IdCodes(), with_synonyms(labels)
    code = codes.of(block.column(index))
    value = np.array([known.get(word, -1) for word in codes], np.int8)[code]
    bad = np.flatnonzero(value < 0)
    if len(bad):
        row = int(bad[0])
        wanted = ", ".join(label.decode() for label in labels)
        word = block.row(row)[index].decode()
        found = f"label {word!r} in column {index + 1}, wanted one of {wanted}"
        raise columns.fail(block.line(row), found)
    return value
