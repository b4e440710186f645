"""All that a doctor looks at, in order, and how it is told."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from avkd_cli.errors import GateError, MissingInputError
from avkd_cli.steps.doctor import files, libraries, machine, media
from avkd_cli.steps.doctor.finding import BAD, GOOD, ODD, Finding, Look, worded

SIGNS = {GOOD: "ok ", ODD: "?  ", BAD: "BAD"}


def looks(folder: Path) -> dict[str, Look]:
    """Return what is looked at, by part."""
    return {
        "versions": libraries.look,
        "gpu": machine.gpus,
        "threads": machine.threads,
        "decoders": media.look,
        "disk": partial(files.disk, folder),
        "files": partial(files.file_system, folder),
        "memory": machine.memory,
    }


def examine(folder: Path) -> Iterator[Finding]:
    """Yield what is found, part by part; one that breaks says so, and the others go on.

    Raises:
        MissingInputError: there is no such folder.
    """
    if not folder.is_dir():
        raise MissingInputError(f"{folder}: no such folder; name one that stores and runs go to")
    for part, look in looks(folder).items():
        try:
            for one in look():
                yield replace(one, part=part)
        except Exception as error:  # what is examined may be broken in any way
            text = worded(f"{type(error).__name__}: {error}", 300)
            remedy = "see what is bad above, then run doctor again"
            yield Finding(part, BAD, text, remedy, part=part)


def line(one: Finding, names: bool) -> str:
    """Return a finding for a person, what to do in a line of its own."""
    said = one.to_json(names)
    where = "".join(f" ({key} {value})" for key, value in one.named.items()) if names else ""
    text = f"{SIGNS[one.state]} {one.part:<9}{one.name}: {said['found']}{where}"
    return text if not one.remedy else f"{text}\n{'':13}→ {said['do']}"


def as_json(found: Sequence[Finding], names: bool) -> dict[str, Any]:
    """Return a report."""
    return {
        "format": "avkd.doctor",
        "version": 1,
        "bad": sum(one.state == BAD for one in found),
        "odd": sum(one.state == ODD for one in found),
        "findings": [one.to_json(names) for one in found],
    }


def refuse_bad(found: Sequence[Finding]) -> None:
    """Raise GateError where something does not work: `--strict`."""
    if bad := [f"{one.part} {one.name}" for one in found if one.state == BAD]:
        raise GateError(f"{len(bad)} of {len(found)} are bad: {', '.join(bad)}")
