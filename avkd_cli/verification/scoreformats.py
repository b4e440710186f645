"""What a line of a score file looks like, in every format, and which one a file is in.

Numbers are read strictly.
"""

import math
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from avkd_cli.errors import InputError
from avkd_cli.verification import labels
from avkd_cli.verification.columns import TextBlock

LABELS = labels.LABELS | {"-1": 0}


class ScoreLayout(NamedTuple):
    """How a line of a score file looks.

    Args:
        columns: what stands where; "claimed" and "real" are persons, equal in a target trial.
        labels: how nontarget and target are written.
        header: names in the first line; empty: there is none.
        separator: between columns when writing; reading takes blanks or tabs.
    """

    columns: tuple[str, ...]
    labels: tuple[str, str] = ("nontarget", "target")
    header: tuple[str, ...] = ()
    separator: str = " "


_DIGITS = ("0", "1")
FORMATS: dict[str, ScoreLayout] = {
    "avkd": ScoreLayout(("enrol", "test", "score", "label")),
    "wespeaker": ScoreLayout(("enrol", "test", "score", "label")),
    "kaldi": ScoreLayout(("enrol", "test", "score")),
    "bosaris": ScoreLayout(("enrol", "test", "score")),
    "3dspeaker": ScoreLayout(("enrol", "test", "label", "score"), _DIGITS),
    "speechbrain": ScoreLayout(("enrol", "test", "label", "score"), _DIGITS),
    "voxsrc": ScoreLayout(("score", "enrol", "test")),
    "fame": ScoreLayout(("key", "distance")),
    "bob2": ScoreLayout(("label", "score"), ("-1", "1")),
    "bob4": ScoreLayout(("claimed", "real", "test", "score")),
    "bob5": ScoreLayout(("claimed", "enrol", "real", "test", "score")),
    "nist18": ScoreLayout(
        ("enrol", "test", "side", "score"),
        header=("modelid", "segmentid", "side", "LLR"),
        separator="\t",
    ),
    "nist21": ScoreLayout(
        ("enrol", "image", "test", "score"),
        header=("modelid", "imageid", "segmentid", "LLR"),
        separator="\t",
    ),
    "csv": ScoreLayout(
        ("enrol", "test", "score", "label"),
        _DIGITS,
        header=("enrol", "test", "score", "label"),
        separator=",",
    ),
}
# What a guess may say. Formats with equal lines are named by the first; FAME's is never guessed,
# since nothing in it says that lower is closer.
_GUESSED = ("avkd", "3dspeaker", "kaldi", "voxsrc", "bob2", "bob4", "bob5")
_NUMBER_SIGNS = frozenset("0123456789+-.eE")


def guess_format(block: TextBlock) -> str:
    """Return the format that fits the lines of a block best; more is said by it than by any other.

    A format that nearly fits is taken as well: reading then names the first line that does not,
    and the word in it.

    Raises:
        InputError: none fits, or more than one.
    """
    fitting = best_fitting([_shares(words) for words in block.columns])
    if len(fitting) == 1:
        _refuse_trial_list(block, fitting[0])
        _refuse_unknown_labels(block, fitting[0])
        return fitting[0]
    if fitting:
        raise InputError(f"{block.name}: may be {' or '.join(fitting)}; say which with --in-format")
    shown = " ".join(block.row(0))[:80]
    found = f"{shown!r} is no line of a known format, such as 'enrol test score target'"
    raise block.fail(0, f"{found}; say which with --in-format")


FEWEST = 0.1  # share of a column's words below which what they are is chance


def best_fitting(shares: list[dict[str, float]]) -> list[str]:
    """Return the formats whose columns of numbers and labels are most nearly that.

    Args:
        shares: of each column, which share of its words can be an id, a label, a number.
    """
    fitting = {name: _weight(FORMATS[name], shares) for name in _GUESSED}
    most = max(fitting.values())
    return [name for name, weight in fitting.items() if weight == most > 0]


def _weight(layout: ScoreLayout, shares: list[dict[str, float]]) -> float:
    """Return how many columns a layout says something right of; 0 if it does not fit."""
    wanted = [{"score": "number", "label": "label"}.get(name, "id") for name in layout.columns]
    if len(wanted) != len(shares):
        return 0
    said = [share[want] for want, share in zip(wanted, shares, strict=True) if want != "id"]
    return sum(said) if min(said) >= FEWEST else 0


def _shares(words: pa.StringArray) -> dict[str, float]:
    """Return which share of a column's words can be what, of numbers by its first thousand lines.

    Reading names any later line that is no number, so no more are looked at here.
    """
    first = [_looks_like_number(word) for word in words[:1000].to_pylist()]
    return {"label": labels.share(words, LABELS), "number": sum(first) / len(first)}


def _looks_like_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return set(word) <= _NUMBER_SIGNS.union("infaINFA")


def _refuse_unknown_labels(block: TextBlock, format: str) -> None:
    """Refuse lines 'enrol test yes 0.9', which could be taken for claim, person, test and score."""
    if format == "bob4" and len(block) >= 3 and len(block.columns[2].unique()) <= 2:
        found = f"label {block.row(0)[2]!r} in column 3, wanted one of {', '.join(LABELS)}"
        raise block.fail(0, f"{found}; or say --in-format bob4")


def _refuse_trial_list(block: TextBlock, format: str) -> None:
    at = FORMATS[format].columns.index("score")
    if format in ("kaldi", "voxsrc") and labels.share(block.columns[at]) == 1:
        raise InputError(
            f"{block.name}: looks like a trial list, every score is 0 or 1; give a score file"
        )


def numbers(block: TextBlock, index: int, allow_infinite: bool) -> np.ndarray:
    """Return one column as float64, strictly: what Python's float takes besides is refused.

    Raises:
        InputError: naming the first line whose score is no finite decimal number.
    """
    words = block.columns[index]
    try:
        values = words.cast(pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        values = None
    if values is None or not np.isfinite(values).all():
        numbers = enumerate(words.to_pylist())
        values = np.array([_number(block, *one, allow_infinite) for one in numbers])
    return values + 0.0  # -0.0 becomes 0.0


def _number(block: TextBlock, row: int, word: str, infinite: bool) -> float:
    if infinite and word.lstrip("+-").lower() in ("inf", "infinity"):
        return float(word)
    try:
        if set(word) <= _NUMBER_SIGNS and math.isfinite(float(word)):
            return float(word)
    except ValueError:
        pass
    seen = f"score {word!r}, wanted a finite decimal number such as -0.125"
    raise block.fail(row, seen)
