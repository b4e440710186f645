"""A corpus looked over before any work: who has how much, what is missing, twice, not read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Finding
from avkd_cli.corpora.repeats import equal_files
from avkd_cli.errors import Rejected
from avkd_cli.media import formats
from avkd_cli.media.opened import open_file
from avkd_cli.storage.clutter import is_clutter
from avkd_cli.storage.utterances import Utterance, images_of

_KINDS = {"audio": formats.SOUND, "images": formats.IMAGE, "video": formats.VIDEO}
_PICTURES = formats.suffixes_of(formats.IMAGE)
Resolve = Callable[[str], Path]


class File(NamedTuple):
    """A file of an utterance: which, as what, where."""

    utterance: int
    kind: str
    written: str
    path: Path


class Twice(NamedTuple):
    """Utterances whose recording, film or picture is the same."""

    ids: list[str]
    persons: list[str]


@dataclass
class Checkup:
    """What was found.

    Args:
        utterances: all of them.
        clips: utterances of each person.
        senses: utterances by the senses that their lines name: audio and visual, audio only …
        people_by_senses: who has such utterances.
        formats: files by kind and by what their content says they are.
        unusable: files that are missing, empty, or of a content that is not read.
        odd: files that are read otherwise than named, or lie among pictures and are none.
        twice: equal files under two names.
        in_splits: of each person, the splits.
        splits: utterances by split.
        unknown: ids without a person.
    """

    utterances: int
    clips: Counter[str]
    senses: Counter[str] = field(default_factory=Counter)
    people_by_senses: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    formats: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unusable: Finding = field(default_factory=Finding)
    odd: Finding = field(default_factory=Finding)
    twice: list[Twice] = field(default_factory=list)
    in_splits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    splits: Counter[str] = field(default_factory=Counter)
    unknown: list[str] = field(default_factory=list)

    @property
    def alone(self) -> list[str]:
        """People of one clip, who can be in no target trial."""
        return sorted(person for person, clips in self.clips.items() if clips == 1)

    @property
    def in_two_splits(self) -> list[str]:
        """People who are trained on and tested on."""
        return sorted(person for person, splits in self.in_splits.items() if len(splits) > 1)

    @property
    def of_two_people(self) -> list[Twice]:
        """Equal files that are given to two people."""
        return [one for one in self.twice if len(set(one.persons) - {""}) > 1]

    @property
    def faults(self) -> int:
        """How much should be mended: files that are of no use, or of two people."""
        return self.unusable.count + len(self.of_two_people)


def look_over(utterances: Sequence[Utterance], resolve: Resolve) -> Checkup:
    """Return what can be told of a list of utterances from its lines and the heads of its files.

    Equal files are found by their bytes; nothing is decoded.
    """
    clips = Counter(utterance.person for utterance in utterances if utterance.person)
    found = Checkup(len(utterances), clips)
    for utterance in utterances:
        found.splits[utterance.split] += 1
        if not utterance.person:
            found.unknown.append(utterance.id)
        else:
            found.in_splits[utterance.person].add(utterance.split)
        sense = senses_of(utterance)
        found.senses[sense] += 1
        found.people_by_senses[sense].add(utterance.person)
    files = [file for file in files_of(utterances, resolve, found) if _is_usable(file, found)]
    found.twice = list(_twice(utterances, files))
    return found


def senses_of(utterance: Utterance) -> str:
    """Return the senses that a line names; a film has both."""
    audio = bool(utterance.audio or utterance.video)
    visual = bool(utterance.images or utterance.video)
    return {
        (True, True): "audio and visual",
        (True, False): "audio only",
        (False, True): "visual only",
        (False, False): "neither",
    }[audio, visual]


def files_of(utterances: Sequence[Utterance], resolve: Resolve, found: Checkup) -> Iterator[File]:
    """Yield every file that is there to be read; a folder of pictures yields its pictures."""
    for number, utterance in enumerate(utterances):
        named = [("audio", utterance.audio), ("video", utterance.video)]
        for kind, written in (*named, *(("images", one) for one in images_of(utterance))):
            if written is None:
                continue
            try:
                path = resolve(written)
            except Rejected as error:
                found.unusable.add(written, error.detail)
                continue
            if kind == "images" and path.is_dir():
                yield from _pictures(number, written, path, found)
            else:
                yield File(number, kind, written, path)


def _pictures(number: int, written: str, folder: Path, found: Checkup) -> Iterator[File]:
    names = sorted(p.name for p in folder.iterdir() if not is_clutter(p.name))
    for name in names:
        if name.lower().endswith(_PICTURES):
            yield File(number, "images", f"{written}/{name}", folder / name)
        else:
            found.odd.add(f"{written}/{name}", trees.no_step_reads(name))


def _is_usable(file: File, found: Checkup) -> bool:
    """Count a file by its content, or as unusable."""
    if reason := trees.why_unusable(file.path):
        found.unusable.add(file.written, reason)
        return False
    try:
        with open_file(file.path) as opened:
            name = formats.allowed_format(opened, _KINDS[file.kind])
            is_named_otherwise = formats.is_named_otherwise(opened, name)
    except Rejected as error:
        found.unusable.add(file.written, f"{file.path.suffix.lower()}: {error.detail}")
        return False
    found.formats[file.kind][name] += 1
    if is_named_otherwise:
        found.odd.add(file.written, f"is {name} by its content; read as that")
    return True


def _twice(utterances: Sequence[Utterance], files: list[File]) -> Iterator[Twice]:
    users = defaultdict(set)
    for file in files:
        users[file.path].add(file.utterance)
    for group in equal_files(users):
        numbers = sorted(set().union(*(users[path] for path in group)))
        chosen = [utterances[number] for number in numbers]
        parts = {(u.start, u.end, u.boxes, u.audio_channel) for u in chosen}
        if len(chosen) > 1 and len(parts) == 1:  # parts of one film are not the same recording
            yield Twice([u.id for u in chosen], [u.person for u in chosen])
