"""Score files of any toolkit: read, joined to trials by ids, and written with nine digits.

Scores are similarities here: what a file calls a distance is turned round on reading and on
writing (1 - distance).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from avkd_cli.errors import InputError, UsageError
from avkd_cli.storage import durable
from avkd_cli.verification import headed, labels
from avkd_cli.verification.columns import Columns, TextBlock
from avkd_cli.verification.idcodes import check_ids, numbered
from avkd_cli.verification.scoreformats import FORMATS, LABELS, ScoreLayout, guess_format, numbers
from avkd_cli.verification.scores import Scores, check, join
from avkd_cli.verification.trials import Trials, list_name

_ROWS = 8192  # lines formatted at a time: their strings fit the cache


def read_scores(
    source: str | Path,
    trials: Trials | None = None,
    format: str | None = None,
    allow_infinite: bool = False,
    names: Mapping[str, str] | None = None,
    *,
    intersect: bool = False,
) -> Scores:
    """Read a score file.

    Args:
        source: path, gzipped or not, or "-" for standard input.
        trials: the list that was scored: scores come back in its order with its labels.
        format: one of `FORMATS`; None: guessed.
        allow_infinite: take infinite scores for ordered extremes.
        names: of the columns of a CSV file, such as {"score": "sc"}; the usual ones are known.
        intersect: take the trials that file and list both have.

    Raises:
        MissingInputError: the file cannot be read.
        InputError: empty, cut off, ambiguous, a score that is no finite number, a pair with two
            scores or two labels, or not the trials of the list.
        UsageError: for an unknown format.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"unknown score format {format!r}; one of {', '.join(FORMATS)}")
    columns = Columns(source, "scores", partial(headed.find_scores, names=names or {}))
    parts: dict[str, list] = {}
    names_there: tuple[str, ...] = ()
    for block in columns:
        if columns.header is not None:
            format = columns.header.format
        format = format or guess_format(block)
        names_there = columns.header.names if columns.header else FORMATS[format].columns
        _gather(block, names_there, parts, allow_infinite)
    titles = columns.header.titles if columns.header else names_there
    scores = _scores(columns, parts, format or "", titles)
    return scores if trials is None else join(scores, trials, intersect=intersect)


def _gather(block: TextBlock, names: tuple[str, ...], parts: dict, allow_infinite: bool) -> None:
    """Add what the columns of a block say to the parts read so far."""
    block.require(names)
    for index, name in enumerate(names):
        if name in ("score", "distance"):
            values = numbers(block, index, allow_infinite)
            decoded = values if name == "score" else 1 - values
        elif name == "label":
            decoded = labels.decode(block, index, LABELS)
        elif name in ("enrol", "test"):
            decoded = block.columns[index].dictionary_encode()
        elif name:
            decoded = block.columns[index].to_pylist()
        else:
            continue
        parts.setdefault(name, []).append(decoded)


def _scores(columns: Columns, parts: dict, format: str, titles: tuple[str, ...]) -> Scores:
    parts = {name: _joined(found) for name, found in parts.items()}
    parts["score"] = parts.pop("distance", parts.get("score"))
    n = len(parts["score"])
    if "claimed" in parts:
        _persons_to_labels(parts)
    if "image" in parts:
        _add_images(parts)
    ids, (enrol, test) = [], [np.zeros(n, np.int32)] * 2  # one side alone names no trial
    if {"enrol", "test"} <= parts.keys():
        ids, (enrol, test) = numbered(parts["enrol"], parts["test"])
        check_ids(ids, columns.name)
    found = Scores(
        ids,
        enrol,
        test,
        parts["score"],
        parts.get("label"),
        format,
        "",
        columns.digest,
        columns.name,
        keys=parts.get("key"),
        columns=titles,
    )
    name = list_name(columns.name, found.label, "", lambda: found.content)
    found = replace(found, name=name)
    return replace(found, warnings=check(found))


def _joined(parts: list) -> np.ndarray | list:
    if isinstance(parts[0], pa.DictionaryArray):
        return parts  # numbered when all are there
    if isinstance(parts[0], list):
        return [token for part in parts for token in part]
    return np.concatenate(parts)


def _persons_to_labels(parts: dict) -> None:
    """Turn the persons of bob's formats into labels; without a model name the claim is it."""
    claimed, real = parts["claimed"], parts["real"]
    parts["label"] = np.array([a == b for a, b in zip(claimed, real, strict=True)], np.int8)
    if "enrol" not in parts:
        parts["enrol"] = [pa.array(claimed).dictionary_encode()]


def _add_images(parts: dict) -> None:
    """Make one id of a model and its image, `model|image`, where they differ."""
    models = [model for block in parts["enrol"] for model in block.to_pylist()]
    both = [m if m == i else f"{m}|{i}" for m, i in zip(models, parts["image"], strict=True)]
    parts["enrol"] = [pa.array(both).dictionary_encode()]


def write_scores(path: Path | None, scores: Scores, format: str = "avkd") -> None:
    """Write a score file; it appears under its name when it is whole.

    Args:
        path: of the file; None: stdout.
        scores: to write, in their order.
        format: one of `FORMATS`.

    Raises:
        InputError: the format needs labels, names or a range of scores that these lack.
    """
    blocks = score_lines(scores, format)
    with durable.output_or_stdout(path) as file:
        for block in blocks:
            file.write(block)


def score_lines(scores: Scores, format: str = "avkd") -> Iterator[bytes]:
    """Return the lines of a score file in blocks; what is wrong is raised before the first.

    Formats that end in a label lose it where the scores have none; where it is elsewhere, it
    is needed. Arguments and errors as in `write_scores`.
    """
    layout = FORMATS[format]
    if scores.label is None and layout.columns[-1] == "label":
        layout = layout._replace(columns=layout.columns[:-1], header=layout.header[:-1])
    _refuse(scores, layout, format)
    return _lines(scores, layout)


def _refuse(scores: Scores, layout: ScoreLayout, format: str) -> None:
    if scores.label is None and {"label", "claimed"} & set(layout.columns):
        raise InputError(f"{scores.source}: format {format} needs labels; give a labelled list")
    if scores.keys is None and "key" in layout.columns:
        raise InputError(
            f"{scores.source}: format {format} needs trial names; give a list 'name voice face'"
        )
    low, high = float(scores.score.min()), float(scores.score.max())
    if format == "voxsrc" and not 0 <= low <= high <= 1:
        raise InputError(
            f"{scores.source}: VoxSRC takes scores from 0 to 1, these go from {low!r} to {high!r}"
        )


def _lines(scores: Scores, layout: ScoreLayout) -> Iterator[bytes]:
    if layout.header:
        yield (layout.separator.join(layout.header) + "\n").encode()
    spelled = _spelled(scores.ids, layout)
    fields = ["%.9g" if name in ("score", "distance") else "%s" for name in layout.columns]
    line = layout.separator.join(fields) + "\n"
    for start in range(0, len(scores), _ROWS):
        rows = slice(start, start + _ROWS)
        values: list = [None] * (len(scores.score[rows]) * len(layout.columns))
        for index, name in enumerate(layout.columns):
            values[index :: len(layout.columns)] = _column(scores, layout, name, spelled, rows)
        yield (line * len(scores.score[rows]) % tuple(values)).encode()


def _spelled(ids: list[str], layout: ScoreLayout) -> dict[str, list[str]]:
    """Return every id as each column writes it."""
    if "image" in layout.columns:  # model|image, or the model alone
        models, images = ([id.split("|", 1)[part] for id in ids] for part in (0, -1))
        return {"enrol": models, "image": images, "test": ids}
    if layout.separator == ",":
        ids = [_quoted(id) for id in ids]
    return dict.fromkeys(("enrol", "test", "claimed"), ids)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"') else text


def _column(
    scores: Scores, layout: ScoreLayout, name: str, spelled: dict[str, list[str]], rows: slice
) -> list:
    """Return the values of one column in some rows."""
    if name in ("score", "distance"):
        values = scores.score[rows] + 0.0  # no "-0"
        return (values if name == "score" else 1 - values).tolist()
    if name == "label":
        return [layout.labels[label] for label in scores.label[rows].tolist()]
    if name == "key":
        return scores.keys[rows]
    codes = (scores.test if name == "test" else scores.enrol)[rows].tolist()
    if name == "side":
        return ["a"] * len(codes)
    if name == "real":  # compared with the claimed person, and that is all that bob does with it
        pairs = zip(codes, scores.label[rows].tolist(), strict=True)
        return [scores.ids[code] if label else f"not-{scores.ids[code]}" for code, label in pairs]
    return [spelled[name][code] for code in codes]
