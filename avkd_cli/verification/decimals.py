"""Decimal numbers read eight digits at a time, without an object a number.

A plain number, such as -0.123456789, is a sign or none, up to eight digits, a point and up to
fifteen more. With at most fifteen digits in all it is a whole number below 2^53 divided by a power
of ten that a double holds: one division, rounded once, is what Python's `float` gives too
(W. Clinger, "How to read floating point numbers accurately", PLDI 1990).
"""

import numpy as np

from avkd_cli.verification.words import Words, eights

_DIGITS = 15  # 10^15 < 2^53
_TENS = 10 ** np.arange(_DIGITS + 1, dtype=np.int64)
_ZEROS = np.uint64(0x3030303030303030)
_HIGH = np.uint64(0x8080808080808080)  # of each byte its highest bit
_TO_HIGH = np.uint64(0x7676767676767676)  # lifts a byte above nine to that bit
_PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_SIGN, _POINT = ord("-"), ord(".")


def plain_decimals(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers, float64, and which of the words are plain ones, bool; shape (n,) each.

    Words that are not have any number. What is returned for plain ones is exactly `float(word)`.
    """
    text = np.frombuffer(words.text, np.uint8)
    negative = text[words.start] == _SIGN
    start = words.start + negative
    point = _points(text, start, words.end)
    decimals = words.end - point - 1
    plain = (point > start) & (decimals > 0) & (point - start + decimals <= _DIGITS)
    decimals = np.where(plain, decimals, 0)
    value = np.zeros(len(words), np.int64)
    first = np.minimum(decimals, 8)
    rest = decimals - first
    for at, digits_there in (
        (start, point - start),
        (point + 1, first),
        (point + 1 + first, rest),
    ):
        length = np.where(plain, digits_there, 0)
        if length.any():
            digits, all_digits = _eight_digits(words, np.where(plain, at, 0), length)
            value = value * _TENS[length] + digits
            plain &= all_digits
    value = np.where(negative, -value, value)
    return value / _TENS[decimals], plain


def _points(text: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return where the first point is, looked for after one to eight bytes; `start`: nowhere."""
    point = start + 1
    missing = np.flatnonzero(text[np.minimum(point, len(text) - 1)] != _POINT)
    for _ in range(7):
        if not len(missing):
            break
        point[missing] += 1
        missing = missing[text[np.minimum(point[missing], len(text) - 1)] != _POINT]
    point[missing] = start[missing]
    return np.where(point < end, point, start)


def _eight_digits(
    words: Words, start: np.ndarray, length: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the whole numbers of up to eight bytes, and which bytes are digits alone.

    Digits are moved to the end of their eight bytes, zeros before them; then each pair becomes a
    number below 100, each four one below 10,000, and all one.
    """
    spare = np.uint64(8) * (8 - length).astype(np.uint64)
    none = length == 0  # a shift by 64 bits is no shift
    eight = eights(words)[start] - _ZEROS
    eight = np.where(none, 0, eight << np.where(none, 0, spare))
    good = ((eight + _TO_HIGH) | eight) & _HIGH == 0
    eight = (eight * np.uint64(10) + (eight >> np.uint64(8))) & _PAIRS
    eight = (eight * np.uint64(100) + (eight >> np.uint64(16))) & _FOURS
    eight = (eight * np.uint64(10_000) + (eight >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
    return eight.astype(np.int64), good
