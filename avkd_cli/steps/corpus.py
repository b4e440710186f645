"""What `avkd corpus` does: list the utterances of a tree, make a stand-in corpus, draw trials."""

import sys
from collections.abc import Callable
from pathlib import Path


def standin(
    output: Path,
    *,
    persons: int,
    sessions: int,
    utterances: int,
    seed: int,
    workers: int | None,
    overwrite: bool,
    quiet: bool,
) -> dict:
    """Make the stand-in corpus and return its manifest line."""
    from avkd_cli.corpora.standin import StandinPlan, make_standin

    plan = StandinPlan(persons=persons, sessions=sessions, utterances=utterances, seed=seed)
    manifest, complete = make_standin(
        output, plan, workers=workers, overwrite=overwrite, progress=_progress(quiet)
    )
    if complete:
        _say(f"{output}: already complete")
    elif not quiet:
        counts = manifest["counts"]
        _say(
            f"{counts['utterances']} utterances of {counts['persons']} invented people in "
            f"{output}; it stands in for real data and shows nothing about real people"
        )
    return manifest


def _say(text: str) -> None:
    print(f"avkd corpus: {text}", file=sys.stderr)


def _progress(quiet: bool) -> Callable[[int, int], None]:
    """Return what tells how many sessions are made: a line that is rewritten on a terminal."""
    if quiet or not sys.stderr.isatty():
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\ravkd corpus: {done}/{total} sessions", end=end, file=sys.stderr, flush=True)

    return show
