"""Any folder of people: `person/…/file`, sound, film and pictures of one stem joined."""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report
from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance

# Folders that say what kind of file they hold are no part of an id, so that
# alice/audio/a.wav and alice/video/a.mp4, or wav/alice/a.wav and mp4/alice/a.mp4, are joined.
KIND_FOLDERS = frozenset(
    """
    aac audio audios flac m4a sound voice voices wav wavs
    avi mp4 video videos
    face faces frames image images img imgs jpg pictures png
    """.split()
)
SPLIT_FOLDERS = frozenset({"train", "test", "dev", "eval", "val", "valid", "validation"})


@dataclass
class _Files:
    """The files of one person: by id, then kind."""

    media: dict[tuple[str, ...], dict[str, tuple[int, str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    pictures: dict[tuple[str, ...], list[tuple[str, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )  # of a folder: stem and path


def list_folder(folder: Path, *, split: str = "") -> tuple[Iterator[Utterance], Report]:
    """List a folder of people.

    The first folder is the person, the others the session, and the id is the path without its
    suffix. `KIND_FOLDERS` (audio, mp4, faces …) do not count. Pictures in a folder named like an
    utterance are its frames; a picture with the stem of an utterance is its face; any other
    picture is an utterance of its own.

    Args:
        folder: of people.
        split: of all utterances.

    Raises:
        MissingInputError: no such folder.
        InputError: no folder of a person in it.
    """
    trees.check_folder(folder)
    report = Report("folder", str(folder))
    places = _places(folder, report)
    if not places:
        raise InputError(f"{folder}: no folders in it; person/…/file was wanted")
    if splits := [name for name in places if name.lower() in SPLIT_FOLDERS]:
        report.notes.append(
            f"{', '.join(splits)} taken for people; if it is a split, list {folder}/{splits[0]} "
            f"alone, with --split {splits[0]}"
        )
    met: dict[tuple[int, int], tuple[str, str]] = {}
    report.expected |= {report.name("person", person) for person in places}
    utterances = (
        utterance
        for person, roots in places.items()
        for utterance in _utterances(
            person, _look(folder, person, roots, report, met), split, report
        )
    )
    return report.count(utterances), report


def _report_link(first: dict, person: str, path: str, entry: os.DirEntry, report: Report) -> None:
    """Report a file that was met before, as that of this person or of another.

    Args:
        first: person and path of each file that was met, by device and inode; added to.
    """
    found = entry.stat()
    owner, met = first.setdefault((found.st_dev, found.st_ino), (person, path))
    if met != path:
        who = "two persons" if owner != person else "two names"
        report.duplicated.add(f"{path} is {met}", f"the same file under {who} (a link)")


def _places(folder: Path, report: Report) -> dict[str, list[str]]:
    """Return where each person's folders are: below `folder`, or below its folders of a kind."""
    places = defaultdict(list)
    for entry in trees.children(folder, "", report):
        if entry.is_dir() and entry.name.lower() in KIND_FOLDERS:
            for person in trees.children(folder, entry.name, report):
                if person.is_dir():
                    places[person.name].append(f"{entry.name}/{person.name}")
        elif entry.is_dir():
            places[entry.name].append(entry.name)
        else:
            report.missing.add(entry.name, "no person: the file lies in no folder")
    return dict(sorted(places.items()))


def _look(folder: Path, person: str, roots: list[str], report: Report, met: dict) -> _Files:
    found = _Files()
    for root in roots:
        for path, entry in trees.files(folder, root, report):
            kind = trees.kind_of(entry.name)
            if kind is None or kind[0] == "boxes":
                report.passed_over.add(path, trees.no_step_reads(entry.name))
                continue
            if not trees.is_usable(path, entry, report):
                continue
            _report_link(met, person, path, entry, report)
            *above, name = path[len(root) + 1 :].split("/")
            key = tuple(part for part in above if part.lower() not in KIND_FOLDERS)
            stem = name.rpartition(".")[0]
            if kind[0] == "images":
                found.pictures[key].append((stem, path))
            else:
                trees.keep_better(found.media[*key, stem], *kind, path, report)
    return found


def _utterances(person: str, found: _Files, split: str, report: Report) -> Iterator[Utterance]:
    images = _join_pictures(found)
    for key in sorted(found.media.keys() | images.keys()):
        files = {kind: path for kind, (_, path) in found.media.get(key, {}).items()}
        yield Utterance(
            id=report.name("recording", person, *key),
            person=report.name("person", person),
            session="/".join(key[:-1]),
            audio=files.get("audio"),
            video=files.get("video"),
            images=images.get(key),
            split=split,
        )


def _join_pictures(found: _Files) -> dict[tuple[str, ...], str | tuple[str, ...]]:
    """Return the pictures of each id: frames of an utterance, its face, or a face of its own."""
    joined: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for key, pictures in found.pictures.items():
        for stem, path in pictures:
            joined[key if key in found.media else (*key, stem)].append(path)
    return {key: tuple(sorted(paths)) for key, paths in joined.items()}
