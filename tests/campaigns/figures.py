"""Where campaigns write what they have seen: docs/campaigns.json, and the pages made of it."""

import argparse
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avkd_cli.storage import durable

DOCS = Path(__file__).parents[2] / "docs"
BEGIN, END = "<!-- campaign figures: begin", "<!-- campaign figures: end -->"
TITLES = {  # in the order of the page
    "kill": "kill -9 of coordinator, worker or group at random moments of real commands, "
    "up to three times a store, then the same line again",
    "crash kill": "killed at every file operation of a small job, new or replacing, then run again",
    "crash fail": "every file operation failed once by ENOSPC and once by EIO, then run again",
    "crash power": "power cut at every file operation, in five ways each (unsynced names lost, "
    "kept or some of them; unsynced data lost or torn), then run again",
    "crash kill sequences": "the same job with vectors that are written while they are computed",
    "crash fail sequences": "the same",
    "crash power sequences": "the same",
    "mutants": "the power cut with one promise taken out of the code: each must be caught",
    "full": "a real tmpfs filled to the brim at another point each time; then room is made",
    "rivals": "two to four runs on one output, started together",
    "damage": "one file of a published store flipped, cut, zeroed, deleted or grown",
    "fuzz": "mutated recordings, films, pictures, lists and stores",
    "resume": "training killed before any micro-batch, at any file operation and in validations, "
    "then the same line again: every byte as of a run left alone; parts of a checkpoint left out",
    "resume chimera54": "`train-teacher` on real voices killed ten times on its way",
    "nasty": "every file of the shared nasty media ([what happened to each](nasty.md))",
}


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add --record to a campaign's command line."""
    parser.add_argument(
        "--record", action="store_true", help="write the figures into docs/reliability.md"
    )


def record(name: str, *, cases: int, wrong: int, counts: dict[str, Any]) -> None:
    """Keep the figures of a campaign in docs/campaigns.json and write the page again.

    Args:
        name: of the campaign, a key of `TITLES`.
        cases: how many were tried.
        wrong: how many broke a promise.
        counts: what was seen, in the campaign's own words.
    """
    path = DOCS / "campaigns.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known[name] = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "cases": cases,
        "wrong": wrong,
        "counts": counts,
    }
    durable.write_json(path, {key: known[key] for key in TITLES if key in known})
    path.chmod(0o644)
    page = DOCS / "reliability.md"
    durable.write_text(page, with_block(page.read_text(), known))
    page.chmod(0o644)


def commit() -> str:
    """Return the commit at hand, with a + if what is tested differs from it."""

    def git(*command: str) -> str:
        told = subprocess.run(
            ["git", *command], capture_output=True, text=True, check=False, cwd=DOCS.parent
        )
        return told.stdout.strip()

    changed = git("status", "--porcelain", "--", "avkd_cli", "tests", "schemas")
    return (git("rev-parse", "--short=8", "HEAD") or "unknown") + "+" * bool(changed)


def with_block(page: str, known: dict[str, Any]) -> str:
    """Return the page with the marked block made anew."""
    begin = page.index("\n", page.index(BEGIN)) + 1
    return page[:begin] + block(known) + page[page.index(END) :]


def block(known: dict[str, Any]) -> str:
    """Return the table of all campaigns, and what each has counted."""
    rows = [
        "| campaign | what was done | cases | wrong | when |",
        "| --- | --- | --- | --- | --- |",
    ]
    lists = []
    for name, title in TITLES.items():
        if entry := known.get(name):
            when = f"{entry['date']}, {entry['commit']}"
            rows.append(f"| {name} | {title} | {entry['cases']:,} | {entry['wrong']} | {when} |")
            lists.append(f"- {name}: {said(entry['counts'])}")
    return (
        "\n".join([*rows, "", "Raw counts (also in [campaigns.json](campaigns.json)):", "", *lists])
        + "\n"
    )


def said(counts: dict[str, Any]) -> str:
    """Return counts as text: "found 3, no damage 1"; nested ones by their name."""
    flat = [f"{key} {value}" for key, value in counts.items() if not isinstance(value, dict)]
    nested = [f"{key}: {said(value)}" for key, value in counts.items() if isinstance(value, dict)]
    return "; ".join([*([", ".join(flat)] if flat else []), *nested])
