"""What is random in one copy: a function of the seed and words, never of a worker or an order."""

import hashlib

import numpy as np


def generator(seed: int, *words: str) -> np.random.Generator:
    """Return the source of all that is random for these words; other words, other numbers."""
    digest = hashlib.sha256("\x1f".join((str(seed), *words)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))
