"""Kaldi data directories: wav.scp and utt2spk, with segments and spk2gender where they are.

A command in wav.scp (`sph2pipe … |`) is never run: a list of files must not be able to start one.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report
from avkd_cli.corpora.tables import read_fields, read_text, seconds
from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance

PIPE = "a command, and avkd runs none from a list; write its output to a file and name that"
_READ = frozenset({"wav.scp", "utt2spk", "segments", "spk2gender", "spk2utt"})
ARCHIVE = "a place in a Kaldi archive; write it to a file of its own and name that"


def list_kaldi(folder: Path, *, split: str = "") -> tuple[Iterator[Utterance], Report]:
    """List a Kaldi data directory.

    Recordings that are commands or lie in archives are reported and left out. Paths that are not
    absolute are taken as relative to the directory if they exist there, else to the place where
    the command runs, as Kaldi takes them.

    Args:
        folder: holds wav.scp and utt2spk.
        split: of all utterances.

    Raises:
        MissingInputError: no such folder, or no wav.scp or utt2spk in it.
        InputError: a line is not as it should be, or an id is there twice; while reading: an end
            or start that is no number of seconds, or two names that would become one.
    """
    trees.check_folder(folder)
    report = Report("kaldi", str(folder))
    recordings = _scp(folder / "wav.scp")
    persons = _pairs(folder / "utt2spk")
    sexes = _pairs(folder / "spk2gender") if (folder / "spk2gender").exists() else {}
    report.expected |= {report.name("person", person) for person in persons.values()}
    for entry in trees.children(folder, "", report):
        if entry.is_file() and entry.name not in _READ and not trees.kind_of(entry.name):
            report.notes.append(f"{entry.name} was not read")
    utterances = _list(folder, recordings, persons, report)
    about = (
        Utterance(
            id=report.name("utterance", name),
            person=report.name("person", persons[name]),
            audio=path,
            start=start,
            end=end,
            split=split,
            sex=sexes.get(persons[name], ""),
        )
        for name, path, start, end in utterances
    )
    return report.count(about), report


def _scp(path: Path) -> dict[str, str]:
    """Return the right-hand side of each recording, which may hold blanks."""
    found: dict[str, str] = {}
    for number, line in enumerate(read_text(path).split("\n"), 1):
        # Kaldi cuts at the first blank or tab; what follows is one path, blanks and all.
        name, *value = re.split(r"[ \t]+", line.strip(" \t\r"), maxsplit=1)
        if name:
            _put(found, path, number, name, "".join(value))
    return found


def _pairs(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, fields in read_fields(path):
        _put(found, path, number, fields[0], fields[1] if len(fields) == 2 else "")
    return found


def _put(found: dict[str, str], path: Path, number: int, name: str, value: str) -> None:
    if not value:
        raise InputError(f"{path}:{number}: two columns were wanted; correct the line")
    if found.setdefault(name, value) != value:
        raise InputError(f"{path}:{number}: {name!r} is there twice, differently; keep one")


def _segments(folder: Path) -> Iterator[tuple[str, str, float, float]]:
    path = folder / "segments"
    for number, fields in read_fields(path):
        try:
            name, recording, start, end = fields
        except ValueError:
            raise InputError(
                f"{path}:{number}: utterance, recording, start and end were wanted"
            ) from None
        yield name, recording, seconds(start, path, number), seconds(end, path, number)


def _list(folder: Path, recordings: dict[str, str], persons: dict[str, str], report: Report):
    """Yield id, path, start and end of what has a person and a file."""
    if (folder / "segments").exists():
        parts = _segments(folder)
    else:
        parts = ((name, name, None, None) for name in recordings)
    usable = {name: _place(folder, name, value, report) for name, value in recordings.items()}
    left = set(persons)
    for name, recording, start, end in parts:
        left.discard(name)
        if recording not in recordings:
            report.missing.add(name, "its recording is not in wav.scp")
        elif name not in persons:
            report.missing.add(name, "not in utt2spk")
        elif usable[recording]:
            yield name, usable[recording], start, None if end == -1 else end
    for name in sorted(left):
        report.missing.add(name, "in utt2spk alone")


def _place(folder: Path, name: str, value: str, report: Report) -> str | None:
    """Return where a recording is, or None after reporting why it cannot be used."""
    if value.endswith("|") or value.startswith("|"):
        report.unreadable.add(name, PIPE)
        return None
    if re.search(r"\.ark:\d+$", value):
        report.unreadable.add(name, ARCHIVE)
        return None
    below = folder / value
    path = below if below.exists() else Path(value).absolute()
    if not trees.is_usable(name, path, report):
        return None
    return value if path == below and not Path(value).is_absolute() else str(path)
