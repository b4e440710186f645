"""Every file of data/nasty through the command that it is for, and what happened to each.

Recordings go to prep-audio, pictures to crop-faces, films to both, trial lists to score. A file
is either accepted (exit 0 and a store) or refused (65 or 66, one line, no store); anything else is
a fault. The table goes to docs/nasty.md.

    python tests/campaigns/nasty.py [--every 10] [--record]
"""

import argparse
import contextlib
import io
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import crash
import figures
import numpy as np
import seeds

import avkd_cli.__main__  # what follows is loaded here once, not by every child
import avkd_cli.commands.crop_faces
import avkd_cli.commands.extract_embeddings
import avkd_cli.commands.prep_audio
import avkd_cli.commands.score
import avkd_cli.steps.crop_faces
import avkd_cli.steps.extract_embeddings
import avkd_cli.steps.prep_audio
import avkd_cli.steps.score
from avkd_cli.storage import durable

SECONDS = 120  # that a file may take on a busy machine


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    stdout: str
    stderr: str


def avkd(folder: Path, *arguments: str) -> Ending:
    """Run a command line in a forked process."""

    def work() -> None:
        signal.alarm(SECONDS)
        os.chdir(folder)
        sys.argv = ["avkd", *arguments]
        for name, stream in (("out", sys.stdout), ("err", sys.stderr)):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream.fileno())
        with contextlib.suppress(SystemExit):
            (folder / "code").write_text(str(avkd_cli.__main__.run()))

    (folder / "code").unlink(missing_ok=True)
    ended = crash.child(work)
    code = int((folder / "code").read_text()) if (folder / "code").exists() else ended
    return Ending(code, (folder / "out").read_text(), (folder / "err").read_text())


def commands_for(path: Path) -> list[tuple[str, str]]:
    """Return (command, key of the utterance) for a file."""
    kind = seeds.kind_of(path)
    if kind == "film":
        return [("prep-audio", "audio"), ("crop-faces", "video")]
    return {"sound": [("prep-audio", "audio")], "picture": [("crop-faces", "images")]}[kind]


def prepare(path: Path, command: str, key: str) -> tuple[Ending, str, str]:
    """Return how it ended, accepted or the reject's code, and the detail."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        value = [str(path)] if key == "images" else str(path)
        (folder / "l.jsonl").write_text(json.dumps({"id": "a", "person": "p", key: value}) + "\n")
        more = ["--detector", "none"] if command == "crop-faces" else []
        ending = avkd(folder, command, "l.jsonl", "-o", "o.zarr", "--workers", "0", *more)
        made = (folder / "o.zarr" / "avkd.json").is_file()
        if ending.code == 0 and made:
            return ending, "accepted", detail_of_accepted(ending)
        if ending.code in (65, 66) and ending.stderr.strip() and not made:
            return ending, *reject_in(folder, ending)
        return ending, "FAULT", ending.stderr.strip()[-200:]


def detail_of_accepted(ending: Ending) -> str:
    """Return the warnings that were said."""
    said = [line.partition("warning: ")[2] for line in ending.stderr.splitlines()]
    return "; ".join(text.partition(" (")[0] for text in said if text)


def reject_in(folder: Path, ending: Ending) -> tuple[str, str]:
    """Return code and detail of the reject that stopped the run."""
    for path in folder.glob("o.zarr.wip/parts/*.rejects.jsonl"):
        reject = json.loads(path.read_text("utf-8").splitlines()[0])
        return reject["code"], reject["detail"]
    return "no reject", ending.stderr.strip()


def score(path: Path) -> tuple[Ending, str, str]:
    """Score a list of trials with an embedding for each of its names."""
    names = sorted({word for line in path.read_text().splitlines() for word in line.split()[1:]})
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        vectors = np.random.default_rng(0).standard_normal((len(names), 8)).astype(np.float32)
        np.savez(folder / "e.npz", id=names, embedding=vectors)
        avkd(folder, "extract-embeddings", "--from", "e.npz", "-o", "e.zarr")
        ending = avkd(folder, "score", str(path), "e.zarr")
        lines = len(ending.stdout.splitlines())
        if ending.code == 0 and lines == len(path.read_text().splitlines()):
            return ending, "accepted", f"{lines} trials scored"
        return ending, "FAULT", ending.stderr.strip()[-200:]


Row = tuple[str, str, int, str, str]


def table(rows: list[Row]) -> str:
    """Return the page."""
    text = io.StringIO()
    text.write(
        "# What happened to each nasty file\n\nWritten by `tests/campaigns/nasty.py --record`. "
        "The files are collected from the test\nsets of other projects, or made to break readers "
        "of sound, pictures and films. Films are heard by\n`prep-audio` and seen by `crop-faces "
        "--detector none`. `accepted` names the warnings, if any; for the\nothers the code and "
        "detail are those of `rejects.jsonl`. FAULT is a hang, a crash, a store left.\n\n"
        "| file | command | exit | outcome | detail |\n| --- | --- | --- | --- | --- |\n"
    )
    for name, command, code, outcome, detail in rows:
        clean = detail.replace("|", "\\|")
        text.write(f"| {name} | {command} | {code} | {outcome} | {clean} |\n")
    return text.getvalue()


def main() -> int:
    """Run the campaign and print its counts as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every n-th file")
    figures.add_option(parser)
    given = parser.parse_args()
    nasty = seeds.nasty_folder()
    if nasty is None:
        print("no shared folder with data/nasty: set AVKD_SHARED", file=sys.stderr)
        return 66
    files = sorted(path for path in nasty.rglob("*") if path.is_file())[:: given.every]
    rows: list[Row] = []
    for path in files:
        name = str(path.relative_to(nasty))
        if seeds.kind_of(path) == "trials":
            ending, outcome, detail = score(path)
            rows.append((name, "score", ending.code, outcome, detail))
            continue
        for command, key in commands_for(path):
            ending, outcome, detail = prepare(path, command, key)
            rows.append((name, command, ending.code, outcome, detail))
    seen = Counter(outcome for *_, outcome, _ in rows)
    for row in rows:
        if row[3] == "FAULT":
            print(*row)
    print(json.dumps({"files": len(files), "runs": len(rows), **dict(seen.most_common())}))
    if given.record:
        counts = {"files": len(files), "runs": len(rows), **dict(seen.most_common())}
        figures.record("nasty", cases=len(rows), wrong=seen["FAULT"], counts=counts)
        page = figures.DOCS / "nasty.md"
        durable.write_text(page, table(rows))
        page.chmod(0o644)
    return 1 if seen["FAULT"] else 0


if __name__ == "__main__":
    sys.exit(main())
