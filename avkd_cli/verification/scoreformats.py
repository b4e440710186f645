"""What a line of a score file looks like, in every format, and which one a file is in.

Formats: field.md 3.1. Numbers are read strictly: reliability.md 2.4, S02 to S04.
"""

from typing import NamedTuple

import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.verification import labels
from avkd_cli.verification.columns import Columns, TextBlock
from avkd_cli.verification.decimals import plain_decimals
from avkd_cli.verification.idcodes import IdCodes
from avkd_cli.verification.words import Words

LABELS = labels.LABELS | {b"-1": 0}


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
_NUMBER_BYTES = b"0123456789+-.eE\n"
_INFINITE = b"infityINFTY"


def guess_format(columns: Columns, block: TextBlock) -> str:
    """Return the format that fits the lines of a block best; more is said by it than by any other.

    A format that nearly fits is taken as well: reading then names the first line that does not,
    and the word in it.

    Raises:
        InputError: none fits, or more than one.
    """
    columns_of = [block.column(index) for index in range(block.width)]
    fitting = best_fitting([_shares(words) for words in columns_of])
    if len(fitting) == 1:
        _refuse_trial_list(columns, columns_of, fitting[0])
        _refuse_unknown_labels(columns, block, columns_of, fitting[0])
        return fitting[0]
    if fitting:
        raise InputError(
            f"{columns.name}: may be {' or '.join(fitting)}; say which with --in-format"
        )
    shown = b" ".join(block.row(0)).decode()[:80]
    found = f"{shown!r} is no line of a known format, such as 'enrol test score target'"
    raise columns.fail(block.line(0), f"{found}; say which with --in-format")


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


_NUMBER_LIKE = _NUMBER_BYTES + b"infaINFA"


def _shares(words: Words) -> dict[str, float]:
    """Return which share of a column's words can be what, of numbers by its first thousand lines.

    Reading names any later line that is no number, so no more are looked at here.
    """
    first = [_looks_like_number(words[row]) for row in range(min(1000, len(words)))]
    return {"label": labels.share(words, LABELS), "number": sum(first) / len(first)}


def _refuse_unknown_labels(
    columns: Columns, block: TextBlock, columns_of: list[Words], format: str
) -> None:
    """Refuse lines 'enrol test yes 0.9', which could be taken for claim, person, test and score."""
    if format != "bob4" or len(block) < 3:
        return
    codes = IdCodes()
    codes.of(columns_of[2])
    if len(codes) <= 2:
        word = columns_of[2][0].decode()
        found = f"label {word!r} in column 3, wanted one of {', '.join(map(bytes.decode, LABELS))}"
        raise columns.fail(block.line(0), f"{found}; or say --in-format bob4")


def _looks_like_number(token: bytes) -> bool:
    try:
        float(token)
    except ValueError:
        return False
    return not token.translate(None, _NUMBER_LIKE)


def _refuse_trial_list(columns: Columns, columns_of: list[Words], format: str) -> None:
    at = FORMATS[format].columns.index("score")
    if format in ("kaldi", "voxsrc") and labels.is_labels(columns_of[at]):
        raise InputError(
            f"{columns.name}: looks like a trial list, every score is 0 or 1; give a score file"
        )


def numbers(columns: Columns, block: TextBlock, index: int, allow_infinite: bool) -> np.ndarray:
    """Return one column as float64, strictly: what Python's float takes besides is refused.

    Raises:
        InputError: naming the first line whose score is no finite decimal number.
    """
    words = block.column(index)
    values, plain = plain_decimals(words)
    odd = np.flatnonzero(~plain)
    tokens = words.take(odd).tolist()
    found = _floats(tokens, allow_infinite)
    if found is None:
        at = next(n for n, token in enumerate(tokens) if not _is_number(token, allow_infinite))
        seen = f"score {tokens[at].decode()!r}, wanted a finite decimal number such as -0.125"
        raise columns.fail(block.line(int(odd[at])), seen)
    values[odd] = found
    return values + 0.0  # -0.0 becomes 0.0


def _floats(tokens: list[bytes], allow_infinite: bool) -> np.ndarray | None:
    """Return numbers; None if a token is none."""
    allowed = _NUMBER_BYTES + (_INFINITE if allow_infinite else b"")
    if b"\n".join(tokens).translate(None, allowed):
        return None
    try:
        values = np.fromiter(map(float, tokens), np.float64, len(tokens))
    except ValueError:
        return None
    bad = np.isnan(values) if allow_infinite else ~np.isfinite(values)
    return None if bad.any() else values


def _is_number(token: bytes, allow_infinite: bool) -> bool:
    if allow_infinite and token.lstrip(b"+-").lower() in (b"inf", b"infinity"):
        return True
    try:
        return not token.translate(None, _NUMBER_BYTES) and bool(np.isfinite(float(token)))
    except ValueError:
        return False
