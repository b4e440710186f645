"""What lies under a working folder: score files, stores, runs, and whose people they are."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.papers import PAPERS, USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze.curves import progress
from avkd_cli.steps.analyze.inputs import read_object
from avkd_cli.steps.analyze.results import FIGURES, SCORES, ScoreFile, sorted_out
from avkd_cli.storage.clutter import is_clutter

STANDIN = "standin.json"  # what `avkd corpus standin` leaves in its folder
CLOSED = ("avkd.json", "run.json", STANDIN)  # a folder with one of these is not entered
UNFINISHED = (".wip", ".partial")
OWN = "avkd.work"  # a work folder of its own; its one word is the paper that it is of
EMBEDDINGS = "avkd.embeddings"
ROBUSTNESS = ".robustness.json"  # what `analyze robustness --json` prints, to be drawn


class Described(NamedTuple):
    """A store or a run: its name, a row of a table, and its settings in full."""

    name: str
    row: dict
    settings: dict


@dataclass
class Findings:
    """Everything of a working folder that a report shows."""

    scores: list[ScoreFile] = field(default_factory=list)
    figures: list[Path] = field(default_factory=list)
    runs: list[Described] = field(default_factory=list)
    stores: list[Described] = field(default_factory=list)
    embeddings: dict[str, Path] = field(default_factory=dict)
    robustness: list[Path] = field(default_factory=list)
    corpus: str | None = None


def find(folder: Path, leave_out: Path | None = None) -> Findings:
    """Look through a folder; stores, runs and corpora are not entered, nor hidden names.

    Neither are folders below it that are work folders of their own.

    Args:
        leave_out: a folder below it that is not looked into, such as the report's own.

    Raises:
        MissingInputError: there is no such folder.
        InputError: a score file's name is not SYSTEM.LIST.scores.
    """
    if not folder.is_dir():
        raise MissingInputError(f"{folder}: no such folder")
    found, results = Findings(), []
    for path in _interesting(folder, leave_out):
        name = str(path.parent.relative_to(folder))
        if path.name == STANDIN:
            found.corpus = "stand-in"
        elif path.name == "avkd.json":
            _add_store(found, name, path.parent, read_object(path))
        elif path.name == "run.json":
            found.runs.append(_of_run(name, path.parent, read_object(path)))
        elif path.name.endswith(ROBUSTNESS):
            found.robustness.append(path)
        else:
            results.append(path)
    found.scores, found.figures = sorted_out(results)
    return found


def paper_of_folder(folder: Path) -> Paper:
    """Return the paper that a work folder says it is of, the usual one where it says nothing.

    Raises:
        InputError: it names a paper that is not known.
    """
    path = folder / OWN
    if not path.is_file():
        return USUAL
    name = path.read_text(encoding="utf-8", errors="replace").strip()
    if name not in PAPERS:
        raise InputError(f"{path}: {name!r} is no paper; wanted one of {', '.join(PAPERS)}")
    return PAPERS[name]


def _interesting(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    for where, directories, names in os.walk(folder):
        own = next((name for name in CLOSED if name in names), None)
        if own:
            directories.clear()
            yield Path(where, own)
            continue
        directories[:] = sorted(
            name
            for name in directories
            if not is_clutter(name)
            and not name.endswith(UNFINISHED)
            and not Path(where, name, OWN).exists()
            and (leave_out is None or Path(where, name).resolve() != leave_out.resolve())
        )
        for name in sorted(names):
            if name.endswith((*SCORES, *FIGURES, ROBUSTNESS)) and not name.startswith("."):
                yield Path(where, name)


def _add_store(found: Findings, name: str, path: Path, manifest: Mapping) -> None:
    kind = str(manifest.get("format", "")).removeprefix("avkd.")
    counts, made = _object(manifest, "counts"), _object(manifest, "made_by")
    row = {
        "store": name,
        "kind": kind,
        "utterances": counts.get("utterances"),
        "persons": counts.get("persons"),
        "rejected": counts.get("rejected"),
        "fingerprint": short(manifest.get("fingerprint")),
        "made": made.get("time"),
    }
    found.stores.append(Described(name, row, _settings(manifest)))
    if manifest.get("format") == EMBEDDINGS:
        found.embeddings[path.name.removesuffix(".zarr").removesuffix("-emb")] = path


def _of_run(name: str, folder: Path, run: Mapping) -> Described:
    config, made = _object(run, "config"), _object(run, "made_by")
    step, seconds = progress(folder, config.get("batch_size", 1))
    row = {
        "run": name,
        "made by": run.get("step"),
        "modality": config.get("modality"),
        "model": config.get("model"),
        "steps": step,
        "minutes": None if seconds is None else round(seconds / 60, 1),
        "seed": config.get("seed"),
        "state": read_object(folder / "status.json").get("state"),
        "fingerprint": short(run.get("fingerprint")),
        "begun": made.get("time"),
    }
    return Described(name, row, _settings(run))


def _settings(record: Mapping) -> dict:
    return {key: record[key] for key in ("config", "inputs") if record.get(key)}


def _object(record: Mapping, key: str) -> dict:
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def short(fingerprint: object) -> str | None:
    """Return the first twelve digits of a fingerprint."""
    return None if fingerprint is None else str(fingerprint).removeprefix("sha256:")[:12]
