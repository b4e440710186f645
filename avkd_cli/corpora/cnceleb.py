"""CN-Celeb1 and CN-Celeb2: `data/<person>/<genre>-<session>-<number>.flac`, `eval/`, `dev/`.

Reference: Y. Fan et al., "CN-Celeb: a challenging Chinese speaker recognition dataset", ICASSP
2020; L. Li et al., "CN-Celeb: multi-genre speaker recognition", Speech Communication 137, 2022.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report, make_id
from avkd_cli.corpora.tables import read_fields
from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance

_NAME = re.compile(r"(?:(?P<person>id\d+)-)?(?P<genre>[a-z_]+)-(?P<session>\d+)-(?P<number>\d+)")
_ENROLMENT = re.compile(r"(?P<person>id\d+)-enroll")


def list_cnceleb(folder: Path, *, split: str = "") -> tuple[Iterator[Utterance], Report]:
    """List CN-Celeb1 or CN-Celeb2.

    Ids are those of the official lists: `id00000/singing-01-002`, for enrolment
    `id00800-enroll`, for test `test/id00800-singing-01-001`. `avkd score eval/lists/trials.lst`
    takes them as they are: enrolments concatenated, one file a person in eval/enroll; with
    `--enrol-map eval/lists/enroll.map` averaged, the mean of several embeddings. The people of
    dev/dev.lst are split train and all others test; without that list (CN-Celeb2) all are train.

    Args:
        folder: holds data/, and eval/ and dev/ in CN-Celeb1.
        split: of all utterances, instead.

    Raises:
        MissingInputError: no such folder.
        InputError: neither data/ nor eval/ in it.
    """
    trees.check_folder(folder)
    parts = [name for name in ("data", "eval/enroll", "eval/test") if (folder / name).is_dir()]
    if not parts:
        raise InputError(f"{folder}: neither data/ nor eval/ in it; give CN-Celeb's own folder")
    report = Report("cnceleb", str(folder))
    return report.count(_list(folder, parts, split, report)), report


def _list(folder: Path, parts: list[str], split: str, report: Report) -> Iterator[Utterance]:
    train = folder / "dev" / "dev.lst"
    development = frozenset(f[0] for _, f in read_fields(train)) if train.exists() else None
    evaluated = any(part.startswith("eval") for part in parts)
    if development is None and evaluated:
        report.notes.append("no dev/dev.lst: people of eval/ are test, all others train")
    kept: dict[str, str] = {}
    for part in parts:
        for path, entry in trees.files(folder, part, report):
            utterance = _utterance(part, path)
            if utterance is None or not trees.is_usable(path, entry, report):
                continue
            if kept.setdefault(utterance.id, path) != path:
                report.duplicated.add(path, "one utterance in two forms")
                continue
            given = split or _split(part, utterance.person, development)
            yield msgspec.structs.replace(utterance, split=given)


def _split(part: str, person: str, development: frozenset[str] | None) -> str:
    if part != "data":
        return "test"
    return "train" if development is None or person in development else "test"


def _utterance(part: str, path: str) -> Utterance | None:
    """Return what a file name says, or None where it is no sound of the corpus."""
    kind = trees.kind_of(path)
    inner = path[len(part) + 1 :].rpartition(".")[0]
    enrolment = _ENROLMENT.fullmatch(inner)
    if kind is None or kind[0] != "audio":
        return None
    if part == "eval/enroll":
        return Utterance(id=inner, person=enrolment["person"], audio=path) if enrolment else None
    person, _, name = inner.rpartition("/")
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return Utterance(
        id=make_id("test", name) if part == "eval/test" else make_id(person, name),
        person=found["person"] or person,
        session=f"{found['genre']}-{found['session']}",
        audio=path,
        extra={"x-genre": found["genre"]},
    )
