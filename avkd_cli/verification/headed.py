"""Files whose first line names the columns: CSV, and NIST's tab-separated keys and scores."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from avkd_cli.verification import lfw
from avkd_cli.verification.columns import Header
from avkd_cli.verification.labels import LABELS, with_synonyms

# what it is to us: what the field calls it, in small letters.
NAMES = {
    "enrol": (
        "enrol enroll enrolment enrollment enrol_id modelid model ref_file voice-path file1 "
        "img1_path img1 image1"
    ),
    "test": "test test_id segmentid segment com_file face-path probe file2 img2_path img2 image2",
    "image": "imageid",
    "score": "score llr sc similarity",
    "distance": "distance",
    "label": "label lab target targettype is_target same is_same",
}
_MEANING = {name: meaning for meaning, names in NAMES.items() for name in names.split()}
_SEPARATORS = "\t,;"
NAMED = ("enrol", "test", "label", "score", "distance")
NO_NAMES: Mapping[str, str] = {}


def find_scores(
    line: str, _following: str = "", names: Mapping[str, str] = NO_NAMES
) -> Header | None:
    """Return the header of a score file that a first line is, or None.

    Args:
        line: the first line.
        names: what columns are called, where it is not in `NAMES`: {"score": "sc"}.
    """
    found = _named(line, names, ("score", "distance"), any)
    if found is None or found.format == "csv":
        return found
    return found._replace(format="nist21" if "image" in found.names else "nist18")


def find_trials(
    line: str, following: str = "", names: Mapping[str, str] = NO_NAMES
) -> Header | None:
    """Return the header of a trial list that a first line is, or None.

    Args:
        line: the first line.
        following: the one below it, by which LFW's is known.
        names: as in `find_scores`.
    """
    if lfw.is_header(line, following):
        return Header("lfw", ("enrol", "test", "label"), "lfw")
    return _named(line, names, ("enrol", "test"), all) or _bare(line)


def _named(
    line: str,
    names: Mapping[str, str],
    needed: Sequence[str],
    enough: Callable[[Iterable[bool]], bool],
) -> Header | None:
    """Return the header that a line is, "csv" or "nist", if it names any or all that is needed."""
    # What was named by the caller is called so alone.
    known = {name: meaning for name, meaning in _MEANING.items() if meaning not in names}
    known |= {name.lower(): meaning for meaning, name in names.items()}
    for separator in _SEPARATORS:
        columns = _meanings(line, separator, known)
        if enough(one in columns for one in needed):
            nist = separator == "\t" and "modelid" in line.lower()
            return Header(separator, columns, "nist" if nist else "csv", _titles(line, separator))
    _refuse_half(line, names, needed)
    return None


def _bare(line: str) -> Header | None:
    """Return the columns of `a.jpg,b.jpg,1`, a line of CSV without a header: no titles."""
    for separator in ",;":
        fields = [one.strip().strip('"') for one in line.split(separator)]
        if len(fields) != 3 or "" in fields:
            continue
        for at, names in ((2, ("enrol", "test", "label")), (0, ("label", "enrol", "test"))):
            if fields[at] in with_synonyms(LABELS):
                return Header(separator, names, "csv", bare=True)
    return None


def _refuse_half(line: str, names: Mapping[str, str], needed: Sequence[str]) -> None:
    """Refuse a first line that has some named columns but lacks one.

    Raises:
        ValueError: naming what is there.
    """
    titles = max((_titles(line, separator) for separator in _SEPARATORS), key=len)
    there = {one.lower() for one in titles}
    lacking = [names[one] for one in needed if one in names and names[one].lower() not in there]
    if lacking and there & {one.lower() for one in names.values()}:
        raise ValueError(f"has no column {lacking[0]!r}; there are {', '.join(titles)}")


def as_names(text: str) -> dict[str, str]:
    """Return `enrol=img1,test=img2` as a dict, what a column is to us by what it is called.

    Raises:
        ValueError: for anything else.
    """
    found = {}
    for one in filter(None, (each.strip() for each in text.split(","))):
        meaning, equals, name = one.partition("=")
        if not equals or not name or meaning not in NAMED or meaning in found:
            raise ValueError(f"{one!r} is none of {', '.join(f'{n}=COLUMN' for n in NAMED)}")
        found[meaning] = name
    return found


def _titles(line: str, separator: str) -> tuple[str, ...]:
    return tuple(name.strip().strip('"') for name in line.split(separator))


def _meanings(line: str, separator: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """Return what each column is, "" where nothing of ours; a second of a kind is nothing."""
    found: list[str] = []
    for name in line.split(separator):
        meaning = known.get(name.strip().strip('"').lower(), "")
        found.append("" if meaning in found else meaning)
    return tuple(found) if len(found) > 1 else ()
