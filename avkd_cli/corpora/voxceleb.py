"""VoxCeleb1 and VoxCeleb2 as they lie on disks: sound, film, still faces, track files, metadata.

Any folder whose children are named like people (`id10270`, or `Eartha_Kitt` where the metadata
knows the name) is a tree of people: `wav/`, `dev/wav/`, `dev/aac/`, `dev/mp4/`, `txt/`,
`unzippedFaces/`, at any place down to four levels. All are joined by person, video and number.

Reference: A. Nagrani, J. S. Chung, A. Zisserman, "VoxCeleb", Interspeech 2017; J. S. Chung,
A. Nagrani, A. Zisserman, "VoxCeleb2", Interspeech 2018.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report, make_id
from avkd_cli.corpora.tables import read_table
from avkd_cli.errors import InputError, blame, some
from avkd_cli.storage.utterances import Utterance

_PERSON = re.compile(r"id\d{5}")
_FIRST_OF_VOXCELEB1 = "id10001"  # to id11251; VoxCeleb2 has id00012 to id09272
_OFFICIAL_TEST = frozenset(f"id{number}" for number in range(10270, 10310))
_SPLIT_OF_SET = {"dev": "train", "test": "test"}
_FACE_SCALE = "1.6"  # how far the still faces' boxes were widened; a level of their tree
_DEEPEST = 4


class Celebrity(NamedTuple):
    """One line of vox1_meta.csv or vox2_meta.csv."""

    id: str
    name: str
    sex: str
    nationality: str  # "" in vox2_meta.csv
    set: str  # dev or test


def read_metadata(path: Path) -> dict[str, Celebrity]:
    """Return the people of a metadata file by their id.

    Takes TAB or comma, a BOM, CRLF and blanks before commas, all of which copies of the two
    files have.

    Raises:
        MissingInputError: not there.
        InputError: columns are missing, or a person is there twice.
    """
    columns, rows, _ = read_table(path)
    by_word = {word: name for name in columns for word in (name.split()[0], name.split()[-1])}
    wanted = {"Gender", "Set"}
    ids = [name for name in columns if re.fullmatch(r"VoxCeleb[12] ID", name)]
    names = [name for name in columns if name.startswith("VGGFace")]
    if not ids or not names or not wanted <= by_word.keys():
        raise InputError(
            f"{path}: columns are {some(columns, 20)}; 'VoxCeleb1 ID', 'VGGFace1 ID', 'Gender' "
            "and 'Set' were wanted (or VoxCeleb2's); give vox1_meta.csv or vox2_meta.csv"
        )
    people: dict[str, Celebrity] = {}
    for line, row in rows:
        person = Celebrity(
            row[ids[0]], row[names[0]], row["Gender"], row.get("Nationality", ""), row["Set"]
        )
        if people.setdefault(person.id, person) != person:
            raise InputError(f"{path}:{line}: person {person.id} twice, differently; correct it")
    return people


def to_id_form(path: str, ids: dict[str, str]) -> str:
    """Return a path of the first trial lists in the form of today's.

    `Eartha_Kitt/x6uYqmx31kE_0000001.wav` becomes `id10270/x6uYqmx31kE/00001.wav`; the video's
    name may hold underscores, so the last one parts it from the number. A path that is in
    today's form stays as it is.

    Args:
        path: of one side of a trial.
        ids: id of each celebrity's name.

    Raises:
        ValueError: it has neither form, or nobody of that name is known.
    """
    if re.fullmatch(r"id\d{5}/[^/]+/\d{5}(\.\w+)?", path):
        return path
    match = re.fullmatch(r"([^/]+)/([^/]+)_(\d+)(\.\w+)?", path)
    if match is None:
        raise ValueError(f"{path!r} is not like Eartha_Kitt/x6uYqmx31kE_0000001.wav")
    name, video, number, suffix = match.groups()
    if name not in ids:
        raise ValueError(f"nobody in the metadata is called {name!r}")
    return f"{ids[name]}/{video}/{int(number):05d}{suffix or ''}"


def rename_trials(lines: Iterable[str], people: dict[str, Celebrity]) -> Iterator[str]:
    """Yield lines of a trial list with every side in today's form; all else stays.

    Raises:
        InputError: a side has neither form, or a name is unknown.
    """
    ids = {person.name: person.id for person in people.values()}
    for number, line in enumerate(lines, 1):
        fields = line.split()
        with blame(f"line {number}", "give the list's own metadata"):
            renamed = [to_id_form(f, ids) if "/" in f else f for f in fields]
        if renamed:
            yield " ".join(renamed)


@dataclass
class _PersonTree:
    """All that lies on the disk of one person."""

    recordings: dict[tuple[str, str], dict[str, tuple[int, str]]] = field(
        default_factory=lambda: defaultdict(dict)
    )  # of a video and a number: by kind, rank of the suffix and path
    stills: dict[str, str] = field(default_factory=dict)  # of a video; its folder


def list_voxceleb(
    folder: Path, edition: int, *, metadata: Path | None = None, split: str = ""
) -> tuple[Iterator[Utterance], Report]:
    """List VoxCeleb1 or VoxCeleb2.

    An utterance's id is `id10270/5r0dWxy17C8/00001`, as in the trial lists, its session is the
    video. The split is train for the dev set, test for the test set, by the metadata, else by
    the folder's name, else by the 40 official ids of VoxCeleb1. Still faces belong to a video,
    so all its utterances share them; a video of stills alone is an utterance of its own.

    Args:
        folder: holds the trees, all or some of them.
        edition: 1 or 2.
        metadata: vox1_meta.csv or vox2_meta.csv; None: looked for in and above `folder`.
        split: of all utterances, instead.

    Raises:
        MissingInputError: no such folder or file.
        InputError: no tree of people in it, people of both editions, or wrong metadata.
    """
    trees.check_folder(folder)
    report = Report(f"voxceleb{edition}", str(folder))
    metadata = metadata or _find_metadata(folder, edition)
    people = read_metadata(metadata) if metadata else {}
    if not metadata:
        report.notes.append(f"no vox{edition}_meta.csv: sexes are unknown; give it with --meta")
    places = _places(folder, {person.name: person.id for person in people.values()}, report)
    if not places:
        raise InputError(
            f"{folder}: no folder with people such as id10270 in it, down to {_DEEPEST} levels; "
            "give the folder that holds wav/, dev/aac/, mp4/ or unzippedFaces/"
        )
    _refuse_a_mixture(folder, edition, places.keys() - people.keys(), report)
    return report.count(_list(folder, edition, places, people, split, report)), report


def _refuse_a_mixture(folder: Path, edition: int, persons: Iterable[str], report: Report) -> None:
    """Refuse people of both editions, with whom some would be trained on and tested.

    People all of the other edition, by their numbers, are only reported.
    """
    persons = sorted(filter(_PERSON.fullmatch, persons))
    others = [p for p in persons if (p >= _FIRST_OF_VOXCELEB1) != (edition == 1)]
    if not others:
        return
    found = f"people of VoxCeleb{3 - edition} by their numbers, such as {others[0]}"
    if len(others) == len(persons):
        report.notes.append(f"{found} ({len(others)}); is this the folder of VoxCeleb{edition}?")
        return
    raise InputError(
        f"{folder}: holds {found} ({len(others)} of {len(persons)}); give the folder of "
        f"VoxCeleb{edition} alone"
    )


def _find_metadata(folder: Path, edition: int) -> Path | None:
    name = f"vox{edition}_meta.csv"
    candidates = (folder / name, folder / "meta" / name, folder.absolute().parent / name)
    return next((path for path in candidates if path.is_file()), None)


def _places(folder: Path, ids: dict[str, str], report: Report) -> dict[str, list[str]]:
    """Return where each person's folders are, from all trees of people."""
    places = defaultdict(list)
    level = [""]
    for _ in range(_DEEPEST + 1):
        below = []
        for relative in level:
            folders = [e.name for e in trees.children(folder, relative, report) if e.is_dir()]
            people = [n for n in folders if _PERSON.fullmatch(n) or n in ids]
            for name in people:
                places[ids.get(name, name)].append(trees.join(relative, name))
            below += [] if people else [trees.join(relative, name) for name in folders]
        level = below
    return dict(sorted(places.items()))


def _list(folder, edition, places, people, given, report) -> Iterator[Utterance]:
    for person, folders in places.items():
        if people and person not in people:
            report.missing.add(person, "not in the metadata")
        tree = _PersonTree()
        for place in folders:
            _look(folder, place, tree, report)
        about = people.get(person)
        split = given or _split(edition, person, about, folders)
        yield from _utterances(person, tree, about, split)
        if not tree.recordings and not tree.stills:
            report.missing.add(person, "a person without files")
    for person in sorted(people.keys() - places.keys()):
        report.missing.add(person, "a person of the metadata without a folder")


def _split(edition: int, person: str, about: Celebrity | None, folders: list[str]) -> str:
    if about is not None:
        return _SPLIT_OF_SET.get(about.set, about.set)
    for name, of_set in _SPLIT_OF_SET.items():
        if all(name in re.split(r"[/_]", folder) for folder in folders):
            return of_set
    if edition == 1:
        return "test" if person in _OFFICIAL_TEST else "train"
    return ""


def _look(folder: Path, place: str, tree: _PersonTree, report: Report) -> None:
    """Add what is below a person's folder to `tree`."""
    stills = ""
    for path, entry in trees.files(folder, place, report):
        kind = trees.kind_of(entry.name)
        if kind is None:
            continue
        parts = [part for part in path[len(place) + 1 :].split("/") if part != _FACE_SCALE]
        if kind[0] == "images":
            here = path.rpartition("/")[0]
            if here != stills:
                _add_stills(tree, parts[:-1], here, report)
            stills = here
        elif key := _recording(parts):
            if trees.is_usable(path, entry, report):
                trees.keep_better(tree.recordings[key], *kind, path, report)
        elif kind[0] != "boxes":
            report.missing.add(path, "not at person/video/file, so left out")


def _add_stills(tree: _PersonTree, below: list[str], place: str, report: Report) -> None:
    """Note a folder of faces: of a video, or of one utterance where it lies a level deeper."""
    if len(below) == 2:
        trees.keep_better(tree.recordings[below[0], below[1]], "images", 0, place, report)
    elif len(below) == 1 and tree.stills.setdefault(below[0], place) != place:
        report.duplicated.add(place, "still faces of one video twice")


def _recording(parts: list[str]) -> tuple[str, str] | None:
    """Return video and number of `x6uYqmx31kE/00001.wav` or of `x6uYqmx31kE_0000001.wav`."""
    stem = parts[-1].rpartition(".")[0]
    if len(parts) == 2:
        return parts[0], stem
    video, _, number = stem.rpartition("_")
    if len(parts) == 1 and video and number.isdigit():
        return video, f"{int(number):05d}"
    return None


def _utterances(
    person: str, tree: _PersonTree, about: Celebrity | None, split: str
) -> Iterator[Utterance]:
    known = {
        "person": person,
        "split": split,
        "sex": about.sex if about else "",
        "extra": {"nationality": about.nationality} if about and about.nationality else {},
    }
    videos = set()
    for video, number in sorted(tree.recordings):
        files = {kind: path for kind, (_, path) in tree.recordings[video, number].items()}
        videos.add(video)
        yield Utterance(
            id=make_id(person, video, number),
            session=video,
            audio=files.get("audio"),
            video=files.get("video"),
            images=files.get("images") or tree.stills.get(video),
            boxes=files.get("boxes"),
            **known,
        )
    for video in sorted(tree.stills.keys() - videos):
        yield Utterance(
            id=make_id(person, video), session=video, images=tree.stills[video], **known
        )
