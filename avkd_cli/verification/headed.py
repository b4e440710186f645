"""Files whose first line names the columns: CSV, and NIST's tab-separated keys and scores."""

from collections.abc import Mapping

from avkd_cli.verification.columns import Header

# what it is to us: what the field calls it, in small letters.
NAMES = {
    "enrol": (
        "enrol enroll enrolment enrollment enrol_id modelid model ref_file voice-path file1 "
        "img1_path"
    ),
    "test": "test test_id segmentid segment com_file face-path probe file2 img2_path",
    "image": "imageid",
    "score": "score llr sc similarity",
    "distance": "distance",
    "label": "label lab target targettype is_target",
}
_MEANING = {name: meaning for meaning, names in NAMES.items() for name in names.split()}
_SEPARATORS = "\t,;"


def find_scores(line: str, names: Mapping[str, str]) -> Header | None:
    """Return the header of a score file that a first line is, or None.

    Args:
        line: the first line.
        names: what columns are called, where it is not in `NAMES`: {"score": "sc"}.
    """
    known = _MEANING | {name.lower(): meaning for meaning, name in names.items()}
    for separator in _SEPARATORS:
        columns = _meanings(line, separator, known)
        if "score" in columns or "distance" in columns:
            nist = separator == "\t" and "modelid" in line.lower()
            image = "nist21" if "image" in columns else "nist18"
            return Header(separator, columns, image if nist else "csv", _titles(line, separator))
    return None


def find_trials(line: str) -> Header | None:
    """Return the header of a trial list that a first line is, or None."""
    for separator in _SEPARATORS:
        columns = _meanings(line, separator, _MEANING)
        if "enrol" in columns and "test" in columns:
            nist = separator == "\t" and "modelid" in line.lower()
            return Header(separator, columns, "nist" if nist else "csv", _titles(line, separator))
    return None


def _titles(line: str, separator: str) -> tuple[str, ...]:
    return tuple(name.strip().strip('"') for name in line.split(separator))


def _meanings(line: str, separator: str, known: Mapping[str, str]) -> tuple[str, ...]:
    """Return what each column is, "" where nothing of ours; a second of a kind is nothing."""
    found: list[str] = []
    for name in line.split(separator):
        meaning = known.get(name.strip().strip('"').lower(), "")
        found.append("" if meaning in found else meaning)
    return tuple(found) if len(found) > 1 else ()
