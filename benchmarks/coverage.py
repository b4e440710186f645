"""How often the 95 % intervals over persons hold the true EER, in simulated sets.

Each set has persons with effects of their own, on target trials and on both sides of nontarget
ones, 30 trials of each kind a person; the true EER is known. Prints one JSON line a setting: what
docs/methods.md states. Five minutes of one core.

    python benchmarks/coverage.py [--sets 1000] [--resamples 400]
"""

import argparse
import json

import numpy as np
from scipy.stats import norm

from avkd_cli.verification.statistics import interval, resample_persons

PER_PERSON, SHIFT = 30, 2.0
PERSONS = (100, 20)
SPREADS = (0.0, 0.3, 0.6)  # deviation of the persons' effects; that of a trial is 1


def people(seed: int, n_persons: int, spread: float) -> tuple[np.ndarray, ...]:
    """Return scores, labels and the persons of both sides of a simulated set."""
    rng = np.random.default_rng(seed)
    enrol = np.repeat(np.arange(n_persons), PER_PERSON)
    other = (enrol + rng.integers(1, n_persons, len(enrol))) % n_persons
    own, low, high = rng.normal(0, spread, (3, n_persons))
    target = SHIFT + own[enrol] + rng.normal(size=len(enrol))
    nontarget = low[enrol] + high[other] + rng.normal(size=len(enrol))
    label = np.repeat([1, 0], len(enrol))
    return np.r_[target, nontarget], label, np.tile(enrol, 2), np.r_[enrol, other]


def true_eer(spread: float) -> float:
    """Return the EER of all people there could be: two normal distributions."""
    return float(norm.cdf(-SHIFT / (np.sqrt(1 + spread**2) + np.sqrt(1 + 2 * spread**2))))


def covers(seed: int, n_persons: int, spread: float, resamples: int) -> bool:
    """Return whether the interval of one set holds the truth."""
    scores, label, enrol, test = people(seed, n_persons, spread)
    found = resample_persons([scores], label, enrol, test, n_resamples=resamples, seed=seed)
    one = interval(found, "eer")
    return one.low <= true_eer(spread) <= one.high


def main() -> None:
    """Print one line for each number of persons and size of their effects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--resamples", type=int, default=400)
    chosen = parser.parse_args()
    for n_persons in PERSONS:
        for spread in SPREADS:
            held = [covers(k, n_persons, spread, chosen.resamples) for k in range(chosen.sets)]
            row = {"persons": n_persons, "effects": spread, "sets": chosen.sets}
            print(json.dumps({**row, "covered": float(np.mean(held))}), flush=True)


if __name__ == "__main__":
    main()
