"""What a label looks like in a trial list or a score file."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avkd_cli.verification.columns import TextBlock

LABELS = {"1": 1, "0": 0, "target": 1, "nontarget": 0}
_SYNONYMS = {
    1: "1.0 target tgt tar genuine true same",
    0: "0.0 nontarget NonTarget non-target non_target nontgt non impostor imposter imp false "
    "different",
}
_SPELLED = {
    spelling: value
    for value, words in _SYNONYMS.items()
    for word in words.split()
    for spelling in (word, word.capitalize(), word.upper())
}


def with_synonyms(labels: Mapping[str, int]) -> dict[str, int]:
    """Return labels with the words that other toolkits have for target and nontarget."""
    return dict(labels) | _SPELLED


def share(words: pa.StringArray, labels: Mapping[str, int] = LABELS) -> float:
    """Return the share of words that are labels, 0 to 1."""
    return pc.mean(pc.is_in(words, pa.array(list(with_synonyms(labels))))).as_py()


def decode(block: TextBlock, index: int, labels: Mapping[str, int] = LABELS) -> np.ndarray:
    """Return one column as int8 labels, 1 target, 0 nontarget.

    Raises:
        InputError: naming the first line that has something else.
    """
    words, known = block.columns[index].dictionary_encode(), with_synonyms(labels)
    meanings = [known.get(word, -1) for word in words.dictionary.to_pylist()]
    value = np.array(meanings, np.int8)[words.indices.to_numpy()]
    if (value < 0).any():
        row = int(value.argmin())
        found = f"label {block.row(row)[index]!r} in column {index + 1}"
        raise block.fail(row, f"{found}, wanted one of {', '.join(labels)}")
    return value
