"""Make embeddings of people who do not exist, and trials: what the example report is made of.

    python examples/report/simulate.py FOLDER

Every person has a voice and a face that know a part of one common secret each. Systems differ in
how much noise hides it; students see a little of the other sense. Nothing here is a result.
"""

import sys
from pathlib import Path

import numpy as np

PERSONS, RECORDINGS, SIZE = 80, 10, 32
SENSES = {"audio": (slice(0, 22), 1.25), "visual": (slice(10, 32), 0.95)}  # what it knows, noise
LOSSES = {"cos": 0.16, "kl": 0.06, "cos-kl": 0.2}  # how much a student learns of the other sense
TRIALS = 6000


def main(folder: Path) -> None:
    """Write one .npz a system and the lists dev.txt and test.txt."""
    rng = np.random.default_rng(2021)
    folder.mkdir(parents=True, exist_ok=True)
    secret = np.repeat(rng.normal(size=(PERSONS, SIZE)), RECORDINGS, axis=0)
    persons = np.repeat([f"sim{n:03d}" for n in range(PERSONS)], RECORDINGS)
    ids = np.array([f"{who}/session{n % RECORDINGS}" for n, who in enumerate(persons)])
    known = {name: heard(rng, secret, *of) for name, of in SENSES.items()}
    systems = dict(known) | {"fusion-gate": known["audio"] + known["visual"]}
    for name, other in (("audio", "visual"), ("visual", "audio")):
        for losses, share in LOSSES.items():
            own = known[name] + 0.25 * rng.normal(size=secret.shape)
            systems[f"{name}-kd-{losses}"] = own + share * known[other]
    for name, embedding in systems.items():
        np.savez(folder / name, id=ids, person=persons, embedding=embedding.astype(np.float32))
    half = PERSONS // 2
    write_trials(rng, folder / "dev.txt", ids, persons, range(half))
    write_trials(rng, folder / "test.txt", ids, persons, range(half, PERSONS))


def heard(rng: np.random.Generator, secret: np.ndarray, part: slice, noise: float) -> np.ndarray:
    """Return what one sense makes of every recording."""
    found = noise * rng.normal(size=secret.shape)
    found[:, part] += secret[:, part]
    return found


def write_trials(
    rng: np.random.Generator, path: Path, ids: np.ndarray, persons: np.ndarray, who: range
) -> None:
    """Write as many trials of one person as of two, each pair once."""
    rows = np.concatenate([np.arange(RECORDINGS) + n * RECORDINGS for n in who])
    first, second = (rows[side] for side in np.triu_indices(len(rows), 1))
    same = persons[first] == persons[second]
    targets = np.flatnonzero(same)[: TRIALS // 2]
    nontargets = rng.choice(np.flatnonzero(~same), TRIALS - len(targets), replace=False)
    lines = [
        f"{int(same[one])} {ids[first[one]]} {ids[second[one]]}\n"
        for one in np.sort(np.concatenate([targets, nontargets]))
    ]
    path.write_text("".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
