"""What `avkd corpus` does: list the utterances of a tree, make a stand-in corpus."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from avkd_cli.corpora.listing import Report
from avkd_cli.errors import InputError
from avkd_cli.said import tell
from avkd_cli.storage import durable
from avkd_cli.storage.utterances import Utterance, write_utterances

Listing = tuple[Iterator[Utterance], Report]


def write_listing(
    listing: Listing,
    base: Path,
    output: Path | None,
    *,
    report_file: Path | None,
    strict: bool,
    quiet: bool,
) -> None:
    """Write the utterances of a listing as JSON Lines and say on stderr what was found.

    Args:
        listing: what a module of `corpora` returned.
        base: folder that its relative paths start from.

    Raises:
        InputError: no utterance was found, or a fault with `strict`.
    """
    utterances, report = listing
    moved = relocate(utterances, prefix(base, output))
    checked = _checked(moved, report, report_file, strict=strict, quiet=quiet)
    if output is None and strict:
        checked = list(checked)  # nothing is printed of a listing that fails
    write_utterances(output or "-", checked)


def _checked(
    utterances: Iterator[Utterance],
    report: Report,
    report_file: Path | None,
    *,
    strict: bool,
    quiet: bool,
) -> Iterator[Utterance]:
    """Pass utterances on; report at the end, and raise before a bad list gets its name."""
    yield from utterances
    if report_file is not None:
        durable.write_json(report_file, report.to_json())
    if not quiet or report.faults:
        for line in report.lines():
            say(line)
    if not report.utterances:
        raise InputError(f"{report.folder}: no utterances found; see the lines above")
    if strict and report.faults:
        raise InputError(f"{report.folder}: {report.faults} faults and --strict; see above")


def prefix(base: Path, output: Path | None) -> str:
    """Return what to put before a path that is relative to `base`, in the list at `output`.

    Links are followed first: `..` after a link would lead elsewhere.
    """
    base = Path(os.path.realpath(base))
    if output is None:
        return f"{base}/"
    folder = os.path.relpath(base, os.path.realpath(output.absolute().parent))
    return "" if folder == "." else f"{folder}/"


def relocate(utterances: Iterable[Utterance], before: str) -> Iterator[Utterance]:
    """Put `before` before every path that is not absolute."""

    def moved(path: str) -> str:
        return path if path.startswith("/") else before + path

    for utterance in utterances:
        changed: dict = {}
        for kind in ("audio", "video", "boxes", "images"):
            paths = getattr(utterance, kind)
            if isinstance(paths, str):
                changed[kind] = moved(paths) if paths else paths
            elif paths:
                changed[kind] = tuple(map(moved, paths))
        yield msgspec.structs.replace(utterance, **changed)


def rename_trials(source: str, metadata: Path, output: Path | None) -> None:
    """Rewrite a trial list that names celebrities with today's ids.

    Raises:
        MissingInputError: no such list or metadata.
        InputError: a line has neither form, or a name is unknown.
    """
    from avkd_cli.corpora import voxceleb

    people = voxceleb.read_metadata(metadata)
    lines = list(voxceleb.rename_trials(_text(source).split("\n"), people))
    if not lines:
        raise InputError(f"{source}: has no trials; give a trial list")
    write_text("".join(line + "\n" for line in lines), output)


def _text(source: str) -> str:
    from avkd_cli.corpora.tables import read_text

    if source != "-":
        return read_text(Path(source))
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"<stdin>: byte {error.start} is not UTF-8") from None


def write_text(text: str, output: Path | None) -> None:
    """Write to a file, whole or not at all, or to stdout."""
    with durable.output_or_stdout(output) as file:
        file.write(text.encode())


def standin(
    output: Path,
    *,
    workers: int | None,
    overwrite: bool,
    quiet: bool,
    **people: Any,
) -> dict:
    """Make the stand-in corpus and return its manifest line.

    Args:
        people: fields of `StandinPlan`.
    """
    from avkd_cli.standin.corpus import make_standin
    from avkd_cli.standin.plan import StandinPlan

    plan = StandinPlan(**people)
    shown = {} if quiet or not sys.stderr.isatty() else {"progress": _show}
    made, complete = make_standin(output, plan, workers=workers, overwrite=overwrite, **shown)
    if not complete and not quiet:
        counts = made["counts"]
        say(
            f"{counts['utterances']} utterances of {counts['persons']} invented people in "
            f"{output}; it stands in for real data and shows nothing about real people"
        )
    return made


def say(text: str) -> None:
    """Tell a person on stderr."""
    tell("corpus", text)


def _show(done: int, total: int) -> None:
    """Tell how many sessions are made, in a line that is rewritten."""
    end = "\n" if done == total else ""
    print(f"\ravkd corpus: {done}/{total} sessions", end=end, file=sys.stderr, flush=True)
