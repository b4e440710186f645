"""Randomness as a function of what it is for, never of what was drawn before.

A run that is interrupted, or read by other threads or processes, draws the same numbers.
"""

import hashlib

import numpy as np


def key(*parts: int | str) -> int:
    """Return a 63-bit number made of all parts; other parts, other number."""
    return int.from_bytes(_digest(_joined(parts))[:8], "little") >> 1


def generator(*parts: int | str) -> np.random.Generator:
    """Return the source of all that is random for these parts; other parts, other numbers."""
    return generator_of(_joined(parts))


def generator_of(text: str) -> np.random.Generator:
    """Return the source of all that is random for a text."""
    return np.random.default_rng(np.frombuffer(_digest(text), np.uint32))


def uniform(seed: int, purpose: str, numbers: np.ndarray) -> np.ndarray:
    """Return one number in [0, 1) for each draw number, float64, of the same shape.

    SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) of the draw number under a key.
    """
    with np.errstate(over="ignore"):
        mixed = (np.asarray(numbers, np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        mixed += np.uint64(key(seed, purpose))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def whole(seed: int, purpose: str, numbers: np.ndarray, bound: np.ndarray | int) -> np.ndarray:
    """Return one whole number in [0, bound) for each draw number, int64."""
    return (uniform(seed, purpose, numbers) * bound).astype(np.int64)


def permutation(seed: int, purpose: str, n: int) -> np.ndarray:
    """Return a permutation of range(n), int64."""
    return np.random.Generator(np.random.Philox(key(seed, purpose))).permutation(n)


def reseed_torch(*parts: int | str) -> None:
    """Seed torch's generators (dropout, augmentation) for this step and rank."""
    import torch  # heavy: workers that spoil copies draw without it

    torch.manual_seed(key(*parts))


def _joined(parts: tuple[int | str, ...]) -> str:
    return "\x1f".join(map(str, parts))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
