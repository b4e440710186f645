"""Trial lists: which two recordings are compared, and whether one person speaks in both.

Formats are guessed from the whole of the columns, never line by line, and the guess is kept so
that a step can say it; a list that could be read in two ways is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from avkd_cli.errors import InputError, UsageError
from avkd_cli.verification import headed, labels
from avkd_cli.verification.columns import Columns, TextBlock
from avkd_cli.verification.content import content_digest
from avkd_cli.verification.idcodes import check_ids, numbered

# format: the columns of a line.
FORMATS: dict[str, tuple[str, ...]] = {
    "voxceleb": ("label", "enrol", "test"),
    "kaldi": ("enrol", "test", "label"),
    "3dspeaker": ("enrol", "test", "label"),  # the same, with 1 and 0
    "pairs": ("enrol", "test"),
    "fame": ("key", "enrol", "test"),
    "csv": ("enrol", "test", "label"),  # by the names in its first line; so NIST's keys
    "nist": ("enrol", "test", "label"),
    "lfw": ("enrol", "test", "label"),  # pairs.txt: known by its first line
}
_GUESSED = {"voxceleb": 0, "kaldi": 2}  # where the label stands

# name: (targets, nontargets, SHA-256 of the official text, where we have it)
KNOWN_LISTS = {
    "vox1-o": (
        18_860,
        18_860,
        "sha256:303b2b657042a27bf465d4c8aa84e12765373cdc01046665241ccd5783bd5976",
    ),
    "vox1-o-cleaned": (
        18_802,
        18_809,
        "sha256:0bc0a0fe3e557f1a75fb71e566d862d460709e80a4fe28e80e49bc0ab3a536ea",
    ),
    "vox1-e": (290_743, 290_737, None),
    "vox1-e-cleaned": (289_921, 289_897, None),
    "vox1-h": (276_270, 276_266, None),
    "vox1-h-cleaned": (275_488, 275_406, None),
}
# What `content_digest` is of them: as published, and with ids without ".wav".
KNOWN_CONTENTS = {
    "vox1-o": (
        "sha256:cc40cedffc79740579c525fd42ba9a91765a90ad3cae1e829ad8c2a69cd911e8",
        "sha256:972161e55d7087f195333d7c899e23267aacaaa4b2385819e7b0b48a0c0e6673",
    ),
    "vox1-o-cleaned": (
        "sha256:919a96bd5c392739abb02932847f4d00d38dcf865a4fd4ca86adb94681a0511a",
        "sha256:2556df76a5febe67d1c674b7fa6e329d97b44a4751bb0455eededd269b5cca24",
    ),
}


@dataclass(frozen=True)
class Trials:
    """Trials in the order of their list, shape (n,) each.

    Args:
        ids: every id of the list once.
        enrol: index into `ids` of the enrolment side, int32.
        test: index into `ids` of the test side, int32.
        label: 1 target, 0 nontarget, int8; None where the list has no labels.
        format: one of `FORMATS`.
        name: of the list: a known one's, else its file name.
        digest: "sha256:…" of its text.
        warnings: oddities that a person should hear of.
        keys: names of the trials, in format fame only.
    """

    ids: list[str]
    enrol: np.ndarray
    test: np.ndarray
    label: np.ndarray | None
    format: str
    name: str
    digest: str
    warnings: tuple[str, ...] = ()
    keys: list[str] | None = None

    def __len__(self) -> int:
        return len(self.enrol)

    @property
    def n_target(self) -> int:
        """Number of targets; 0 without labels."""
        return 0 if self.label is None else int(np.count_nonzero(self.label))


def read_trials(
    source: str | Path,
    format: str | None = None,
    *,
    crossed: bool = False,
    names: Mapping[str, str] = headed.NO_NAMES,
) -> Trials:
    """Read a trial list: VoxCeleb, Kaldi, 3D-Speaker, FAME, CSV, LFW, NIST key, unlabelled pairs.

    Args:
        source: path, gzipped or not, or "-" for standard input.
        format: one of `FORMATS`; None: guessed.
        crossed: the sides are of two senses: (a, b) and (b, a) are two trials, and a recording
            may meet itself.
        names: of the columns of a CSV file, such as {"label": "same"}; the usual ones are known.

    Raises:
        MissingInputError: the file cannot be read.
        InputError: empty, cut off, ambiguous, a bad label or id, or one pair with both labels.
        UsageError: for an unknown format.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"unknown trial format {format!r}; one of {', '.join(FORMATS)}")
    columns = Columns(source, "trials", partial(headed.find_trials, names=names))
    parts: dict[str, list] = {"enrol": [], "test": [], "label": [], "key": []}
    for block in columns:
        if columns.header is not None:
            format = columns.header.format
        format = format or guess_format(block)
        wanted = columns.header.names if columns.header else FORMATS[format]
        _decode(block, wanted, parts)
        if format == "kaldi" and block.row(0)[2] in ("0", "1"):
            format = "3dspeaker"
    return _trials(columns, format or "", parts, crossed)


def _decode(block: TextBlock, wanted: tuple[str, ...], parts: dict) -> None:
    block.require(wanted)
    for index, what in enumerate(wanted):
        if what == "label":
            parts[what].append(labels.decode(block, index))
        elif what == "key":
            parts[what] += block.columns[index].to_pylist()
        elif what in ("enrol", "test"):
            parts[what].append(block.columns[index].dictionary_encode())


def _trials(columns: Columns, format: str, parts: dict, crossed: bool) -> Trials:
    ids, (enrol, test) = numbered(parts["enrol"], parts["test"])
    check_ids(ids, columns.name)
    label = np.concatenate(parts["label"]) if parts["label"] else None
    name = list_name(
        columns.name, label, columns.digest, partial(content_digest, ids, enrol, test, label)
    )
    warnings = pair_warnings(columns.name, ids, enrol, test, label, crossed)
    warnings = () if is_official(name) else warnings
    keys = parts["key"] or None
    return Trials(ids, enrol, test, label, format, name, columns.digest, warnings, keys)


def guess_format(block: TextBlock) -> str:
    """Return the format that fits all lines of a block.

    Raises:
        InputError: none fits, or more than one.
    """
    width = len(block.columns)
    if width == 2:
        return "pairs"
    if width != 3:
        found = f"{width} columns, a trial has 3: '1 enrol test' or 'enrol test target'"
        raise block.fail(0, found)
    shares = {name: labels.share(block.columns[at]) for name, at in _GUESSED.items()}
    if min(shares.values()) == 1:
        raise InputError(
            f"{block.name}: both the first and the last column hold labels only; "
            "say which with --trials-format voxceleb or kaldi"
        )
    # Where no column has labels alone, the one that has most: its first bad label is named.
    if (most := max(shares.values())) > 0:
        return next(name for name, share in shares.items() if share == most)
    raise block.fail(0, "no label (1, 0, target, nontarget) in the first or last column")


def read_enrolment_map(source: str | Path) -> dict[str, list[str]]:
    """Read which utterances each model is enrolled with: `model utterance utterance …` a line.

    As Kaldi's spk2utt and CN-Celeb's enroll.map.

    Raises:
        MissingInputError: the file cannot be read.
        InputError: empty, a model twice, or one without utterances.
    """
    columns = Columns(source, "enrolment models")
    found: dict[str, list[str]] = {}
    for number, fields in columns.lines():
        model, *utterances = fields
        if model in found or not utterances:
            wrong = "is there twice" if model in found else "has no utterances"
            raise columns.fail(number, f"model {model!r} {wrong}")
        found[model] = utterances
    return found


def pair_warnings(
    name: str,
    ids: Sequence[str],
    enrol: np.ndarray,
    test: np.ndarray,
    label: np.ndarray | None,
    crossed: bool = False,
) -> tuple[str, ...]:
    """Return what is odd about the pairs: repeated ones, recordings against themselves.

    Of two senses, neither the turned pair nor a recording's voice and face are odd.

    Raises:
        InputError: a pair, in either order, is both target and nontarget.
    """
    ends = (enrol, test) if crossed else (np.minimum(enrol, test), np.maximum(enrol, test))
    low, high = ends[0].astype(np.int64), ends[1]
    pair = (low * len(ids) + high) * 2 + (0 if label is None else label)
    pair.sort()
    step = np.diff(pair)
    # An even number and its odd neighbour are one pair with two labels.
    conflict = np.flatnonzero((step == 1) & (pair[:-1] % 2 == 0))
    if len(conflict):
        first, second = divmod(int(pair[conflict[0]]) // 2, len(ids))
        raise InputError(
            f"{name}: {len(conflict)} pairs are both target and nontarget, "
            f"such as {ids[first]!r} {ids[second]!r}; decide which is right"
        )
    found = []
    if repeated := int(np.count_nonzero(step == 0)):
        found.append(f"{repeated} trials repeat a pair (duplicate_trial)")
    if not crossed and (itself := int(np.count_nonzero(enrol == test))):
        found.append(f"{itself} trials are of a recording against itself (self_trial)")
    return tuple(found)


def list_name(
    source: str, label: np.ndarray | None, digest: str, content: Callable[[], str] = str
) -> str:
    """Return the name of a known list, or the file's.

    A list with the counts of a known one and other trials is named with "counts-of-": where we
    know no digest of that list, it may be it.

    Args:
        source: path of a list or score file.
        label: of its trials; None: it has none.
        digest: of a list's text.
        content: returns the `content_digest` of the trials; called where counts are known ones.
    """
    plain = Path(source).name.replace(" ", "_") or "-"
    if label is None:
        return plain
    n_target = int(np.count_nonzero(label))
    for name, (targets, nontargets, known) in KNOWN_LISTS.items():
        if (n_target, len(label) - n_target) == (targets, nontargets):
            same = digest == known or content() in KNOWN_CONTENTS.get(name, ())
            return name if same else f"counts-of-{name}"
    return plain


def is_official(name: str) -> bool:
    """Return whether a list has the name or the counts of a published one.

    Pairs repeat in these, and that is no mistake of who uses them.
    """
    return name.removeprefix("counts-of-") in KNOWN_LISTS


def part_of(trials: Trials, rows: np.ndarray) -> Trials:
    """Return some trials of a list, named as a part of it unless they are all."""
    if len(rows) == len(trials):
        return trials
    return replace(
        trials,
        enrol=trials.enrol[rows],
        test=trials.test[rows],
        label=None if trials.label is None else trials.label[rows],
        keys=None if trials.keys is None else [trials.keys[row] for row in rows.tolist()],
        name=f"part-of-{trials.name}",
    )
