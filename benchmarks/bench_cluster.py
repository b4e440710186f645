"""Clusters of a million embeddings: seconds, memory and how far they are the people.

Unit vectors of 256: a person's mean plus Gaussian noise, mean cosine 0.6 within a person. Each row
runs in a process of its own and prints one JSON line; --check ends with 1 where one is outside
`LIMITS`. `exact` compares 20,000 utterances both ways. Limits are for two idle cores; `cpu_s` is
the time that all cores computed, which a busy machine hardly changes.

    python benchmarks/bench_cluster.py [--only NAME] [--share 0.2] [--check]
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from avkd_cli.verification.affinity import unit_rows
from avkd_cli.verification.agreement import agreement
from avkd_cli.verification.clustering import Known, cluster, separation

WIDTH, COSINE, LABELLED = 256, 0.6, 300
ROWS = {"few": (1_000_000, 5_994), "many": (1_000_000, 100_000), "exact": (20_000, 1_500)}
# Least F; most seconds, GiB, share by which the number of clusters is off, F between both ways.
LIMITS = {
    "few": {"f": 0.99, "seconds": 300, "gib": 6, "off": 0.1},
    "many": {"f": 0.95, "seconds": 300, "gib": 6, "off": 0.1},
    "exact": {"between": 0.02},
}


def invented(count: int, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors (count, WIDTH) and whose they are."""
    random = np.random.default_rng(0)
    who = np.sort(random.integers(0, people, count))
    found = unit_rows(random.standard_normal((people, WIDTH), dtype=np.float32))[who]
    noise = np.float32(((1 / COSINE - 1) / WIDTH) ** 0.5)
    for start in range(0, count, 50_000):
        part = found[start : start + 50_000]
        part += noise * random.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return found, who


def measure(name: str, share: float) -> dict[str, object]:
    """Return the figures of a row; the threshold is chosen on 300 people, who are labelled."""
    count, people = (max(2 * LABELLED, int(share * size)) for size in ROWS[name])
    vectors, who = invented(count, people)
    persons = [f"p{one}" for one in who.tolist()]
    known = Known(
        [one if i < LABELLED else "" for i, one in zip(who, persons, strict=True)], [""] * count
    )
    wall, cpu = time.perf_counter(), time.process_time()
    told = separation(vectors, known)
    found = cluster(vectors, known, told.threshold, exact_up_to=1000)
    row: dict[str, object] = {
        "row": name,
        "utterances": count,
        "people": people,
        "seconds": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
        "gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
    }
    held = agreement(found, persons)
    clusters = len(set(found.tolist()) - {-1})
    row |= {"f": round(held.f, 4), "purity": round(held.purity, 4), "clusters": clusters}
    row |= {"noise": int((found < 0).sum()), "off": round(abs(clusters / people - 1), 4)}
    if name == "exact":
        other = agreement(cluster(vectors, known, told.threshold), persons)
        row["between"] = round(abs(other.f - held.f), 4)
    return row


def faults(row: dict) -> list[str]:
    """Return what of a row is outside its limits."""
    limits = LIMITS[row["row"]]
    return [
        f"{name} {row[name]}, wanted {limit}"
        for name, limit in limits.items()
        if (row[name] < limit if name == "f" else row[name] > limit)
    ]


def main() -> int:
    """Measure each row in a process of its own; 1 where --check finds a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=ROWS)
    parser.add_argument("--share", type=float, default=1.0, help="of utterances and people")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(measure(asked.only, asked.share)))
        return 0
    bad = 0
    for name in [asked.only] if asked.only else ROWS:
        words = [sys.executable, __file__, "--here", "--only", name, "--share", str(asked.share)]
        line = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        print(line, end="", flush=True)
        for fault in faults(json.loads(line)) if asked.check else []:
            print(f"{name}: {fault}", file=sys.stderr)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main())
