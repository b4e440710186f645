"""Several runs on one output at once: one works, the others say why they do not.

Two to four processes of one command are started together. Each ends with 0 (it made the store,
or found it made) or with 75 and one line that names who holds it; the store is that of a run left
alone, and nothing else is left.

    python tests/campaigns/rivals.py --times 20 [--record]
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import figures
import kill


def one(case: kill.Case, out: Path, chance: random.Random) -> tuple[list[str], str]:
    """Start them, wait, and return how each ended and what is wrong."""
    runs = []
    for _ in range(chance.randint(2, 4)):
        runs.append(
            subprocess.Popen(
                case.command(out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
            )
        )
        time.sleep(chance.choice((0, 0, chance.uniform(0, case.seconds))))
    endings = []
    for run in runs:
        said = run.communicate(timeout=600)[1]
        if run.returncode == 0:
            endings.append("found it made" if "already complete" in said else "made it")
        elif run.returncode == 75 and "locked by pid" in said:
            endings.append("75, locked")
        else:
            return endings, f"exit {run.returncode}: {said[-300:]}"
    if endings.count("made it") != 1:
        return endings, f"made by {endings.count('made it')} runs"
    if kill.digest(out) != case.digest:
        return endings, "other bytes"
    left = [path.name for path in out.parent.glob(out.name + "?*")]
    return endings, f"left {left}" if left else ""


def main() -> int:
    """Run the campaign and print its counts as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", help="names of commands")
    figures.add_option(parser)
    given = parser.parse_args()
    chance, seen, faults = random.Random(given.seed), Counter(), []
    with tempfile.TemporaryDirectory() as name:
        cases = kill.cases(Path(name), given.only)
        for number in range(given.times):
            case = cases[number % len(cases)]
            (folder := Path(name) / f"round{number}").mkdir()
            endings, fault = one(case, folder / "x", chance)
            seen.update(endings)
            if fault:
                faults.append(f"{case.name}: {fault}")
                print(faults[-1], flush=True)
    counts = {"runs": seen.total(), **dict(sorted(seen.items()))}
    print(json.dumps({"times": given.times, "faults": len(faults), **counts}))
    if given.record:
        figures.record("rivals", cases=given.times, wrong=len(faults), counts=counts)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
