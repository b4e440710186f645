"""What lies under a working folder: score files, stores, runs and analyses."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from avkd_cli.errors import MissingInputError
from avkd_cli.steps.analyze.table import ENDINGS, named

STANDIN = "standin.json"  # what `avkd corpus standin` leaves in its folder
CLOSED = ("avkd.json", "run.json", STANDIN)  # a folder with one of these is not entered
UNFINISHED = (".wip", ".partial")
SMALL = 64 << 20  # bytes of a JSON file that is looked into


class ScoreFile(NamedTuple):
    """A score file and what its name says."""

    system: str
    list: str
    path: Path


@dataclass
class Findings:
    """Everything of a working folder that a report shows."""

    scores: list[ScoreFile] = field(default_factory=list)
    runs: list[dict] = field(default_factory=list)
    stores: list[dict] = field(default_factory=list)
    correlation: dict | None = None
    corpus: str | None = None


def find(folder: Path) -> Findings:
    """Look through a folder; stores and runs are not entered, hidden names are passed over.

    Raises:
        MissingInputError: there is no such folder.
        InputError: a score file's name is not SYSTEM.LIST.scores.
    """
    if not folder.is_dir():
        raise MissingInputError(f"{folder}: no such folder")
    found = Findings()
    for path in _interesting(folder):
        name = str(path.parent.relative_to(folder))
        if path.name.endswith(ENDINGS):
            found.scores.append(ScoreFile(*named(path)))
        elif path.name == "avkd.json":
            found.stores += _store(name, _read(path))
        elif path.name == STANDIN:
            found.corpus = "stand-in"
        elif path.name == "run.json":
            found.runs += _run(name, path.parent, _read(path))
        else:
            _take_other(found, _read(path))
    return found


def _interesting(folder: Path) -> Iterator[Path]:
    for where, directories, names in os.walk(folder):
        directories.sort()
        own = next((name for name in CLOSED if name in names), None)
        if own:
            directories.clear()  # nothing of interest in a store, a run or a corpus
            yield Path(where, own)
            continue
        directories[:] = [
            d for d in directories if not d.startswith(".") and not d.endswith(UNFINISHED)
        ]
        for name in sorted(names):
            if name.endswith((*ENDINGS, ".json")) and not name.startswith("."):
                yield Path(where, name)


def _read(path: Path) -> dict:
    """Return a JSON object; {} for what is none, since other people's files may lie there."""
    try:
        if path.stat().st_size > SMALL:
            return {}
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _take_other(found: Findings, value: Mapping) -> None:
    if value.get("format") == "avkd.analysis.pcc":
        found.correlation = dict(value)
    if isinstance(value.get("corpus"), str):
        found.corpus = value["corpus"]


def _store(name: str, manifest: Mapping) -> list[dict]:
    counts = manifest.get("counts") or {}
    made = manifest.get("made_by") or {}
    if not str(manifest.get("format", "")).startswith("avkd."):
        return []
    row = {
        "store": name,
        "kind": str(manifest["format"]).removeprefix("avkd."),
        "utterances": counts.get("utterances"),
        "persons": counts.get("persons"),
        "rejected": counts.get("rejected"),
        "fingerprint": short(manifest.get("fingerprint")),
        "made": str(made.get("time", "–"))[:19],
    }
    settings = {key: manifest.get(key) for key in ("config", "inputs") if manifest.get(key)}
    return [{"name": name, "row": row, "settings": settings}]


def _run(name: str, folder: Path, run: Mapping) -> list[dict]:
    settings = run.get("settings") or run.get("config") or {}
    status = _read(folder / "status.json")
    row = {
        "run": name,
        "modality": run.get("modality"),
        "model": settings.get("model"),
        "step": status.get("step", run.get("step")),
        "seed": settings.get("seed", run.get("seed")),
        "fingerprint": short(run.get("fingerprint")),
        "state": status.get("state", status.get("reason")),
    }
    keys = ("settings", "config", "inputs", "versions")
    shown = {key: run[key] for key in keys if run.get(key)}
    return [{"name": name, "row": row, "settings": shown}]


def short(fingerprint: object) -> str | None:
    """Return the first twelve digits of a fingerprint."""
    return None if fingerprint is None else str(fingerprint).removeprefix("sha256:")[:12]
