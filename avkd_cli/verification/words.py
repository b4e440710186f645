"""Words within a text, as places: a million of them are handled without a million objects."""

from dataclasses import dataclass

import numpy as np

_SPARE = bytes(8)
# Odd numbers without a pattern: the golden ratio, and a prime of xxHash.
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_SHIFT = np.uint64(29)
_KEEP = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the first n bytes of eight


@dataclass(frozen=True)
class Words:
    """Some words of a text.

    Args:
        text: with eight spare bytes behind the last word, so that eight can be read anywhere.
        start: where each word begins, shape (n,).
        end: where each has ended, shape (n,).
    """

    text: bytes
    start: np.ndarray
    end: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def __getitem__(self, row: int) -> bytes:
        return self.text[self.start[row] : self.end[row]]

    def take(self, rows: np.ndarray) -> "Words":
        """Return some of the words."""
        return Words(self.text, self.start[rows], self.end[rows])

    def tolist(self) -> list[bytes]:
        """Return the words themselves."""
        text, places = self.text, zip(self.start.tolist(), self.end.tolist(), strict=True)
        return [text[start:end] for start, end in places]


def with_spare(text: bytes) -> bytes:
    """Return a text with spare bytes behind it."""
    return text + _SPARE


def joined(words: list[bytes]) -> Words:
    """Return words given one by one as words of a text; none may hold a line end."""
    text = b"\n".join(words) + b"\n"
    end = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))[: len(words)]
    return Words(with_spare(text), np.concatenate([[0], end[:-1] + 1])[: len(words)], end)


def eights(words: Words) -> np.ndarray:
    """Return the eight bytes from any byte of the text on, uint64, without copying."""
    return np.ndarray((len(words.text) - 7,), "<u8", words.text, strides=(1,))


def fingerprints(words: Words) -> tuple[np.ndarray, np.ndarray]:
    """Return two independent 64-bit hashes of each word, uint64, shape (n,) each.

    Args:
        words: at least one.
    """
    start, length = words.start, words.end - words.start
    text = eights(words)
    first, second = np.full(len(words), _MIX[1]), length.astype(np.uint64)
    for at in range(0, int(length.max()), 8):
        if at + 8 <= length.min():
            first, second = _mixed(first, second, text[start + at])
            continue
        rows = np.flatnonzero(length > at)  # the others have ended
        eight = text[start[rows] + at] & _KEEP[np.minimum(length[rows] - at, 8)]
        first[rows], second[rows] = _mixed(first[rows], second[rows], eight)
    return first, second


def _mixed(
    first: np.ndarray, second: np.ndarray, eight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return both hashes with eight more bytes of each word in them."""
    first = (first ^ eight) * _MIX[0]
    second = (second + eight) * _MIX[1]
    return first ^ (first >> _SHIFT), second ^ (second >> _SHIFT)
