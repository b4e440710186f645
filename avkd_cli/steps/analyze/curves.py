"""`avkd analyze curves`: how trainings went, from their logs."""

import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.inputs import display_names
from avkd_cli.steps.analyze.pictures import draw

Series = dict[str, dict[str, list[float]]]  # {quantity: {"step": […], "value": […]}}


def curves(runs: Sequence[str | Path], plot: Picture | None = None) -> dict:
    """Return each run's losses, rates and validation EER by step; draw them.

    Raises:
        MissingInputError: a folder has no log.
        InputError: a log has no line that can be read.
    """
    series = dict(zip(display_names(runs), (read_log(Path(run)) for run in runs), strict=True))
    series = {name: one | gaps(one) for name, one in series.items()}
    draw(plot, lambda figures: figures.training_figure(series))
    return {
        "format": "avkd.analysis.curves",
        "version": 1,
        "runs": [
            {"name": name, "series": one, "learnt_by_heart": last_gaps(one)}
            for name, one in series.items()
        ],
    }


MEASURED, TRAINED, GAP = "validation: ", "validation: train_", "gap: "


def gaps(series: Series) -> Series:
    """Return by how much each figure is worse on validation than on training people, by step."""
    found: Series = {}
    for name, trained in series.items():
        measured = series.get(name.replace(TRAINED, MEASURED))
        if not name.startswith(TRAINED) or measured is None:
            continue
        mine = dict(zip(trained["step"], trained["value"], strict=True))
        both = [
            (step, value - mine[step])
            for step, value in zip(measured["step"], measured["value"], strict=True)
            if step in mine
        ]
        if both:
            steps, values = zip(*both, strict=True)
            found[GAP + name.removeprefix(TRAINED)] = {"step": list(steps), "value": list(values)}
    return found


def last_gaps(series: Series) -> dict[str, dict[str, float]]:
    """Return each figure on training and on validation people at the end, and the gap."""
    return {
        name.removeprefix(GAP): {
            "training": series[TRAINED + name.removeprefix(GAP)]["value"][-1],
            "validation": series[MEASURED + name.removeprefix(GAP)]["value"][-1],
            "gap": one["value"][-1],
        }
        for name, one in series.items()
        if name.startswith(GAP)
    }


NO_LOSSES = {"loss", "accuracy", "grad_norm"}  # their sum, and what is logged beside them


def read_log(run: Path) -> Series:
    """Return {quantity: {"step": […], "value": […]}} of a run: each loss by name, lr, margin,
    utterances_per_s, and what validation measured.

    Raises:
        MissingInputError: no such log.
        InputError: nothing in it can be read.
    """
    path = run / "log.jsonl"
    if not path.is_file():
        raise MissingInputError(f"{path}: no such log; name a folder that a training step made")
    series: dict[str, dict[str, list[float]]] = {}
    for line in log_lines(path):
        for name, value in _quantities(line):
            one = series.setdefault(name, {"step": [], "value": []})
            one["step"].append(line["step"])
            one["value"].append(value)
    if not series:
        raise InputError(f"{path}: no line of it can be read; was it written by avkd?")
    return series


def log_lines(path: Path) -> Iterable[dict]:
    """Yield the whole lines of a log that have a step; a cut one at the end is passed over."""
    with path.open(encoding="utf-8", errors="replace") as log:
        for text in log:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and isinstance(line.get("step"), int):
                yield line


def _quantities(line: dict) -> Iterable[tuple[str, float]]:
    """Yield every number of a log line with its name."""
    plain = {}
    for group, found in (("loss", line.get("losses")), ("validation", line.get("validation"))):
        if isinstance(found, dict):
            plain |= {
                name if name in NO_LOSSES else f"{group}: {name}": value
                for name, value in found.items()
            }
    plain |= {key: line[key] for key in ("lr", "margin", "utterances_per_s") if key in line}
    for name, value in plain.items():
        if isinstance(value, int | float) and math.isfinite(value):  # else it is no JSON
            yield name, value


def progress(run: Path, batch_size: int) -> tuple[int | None, float | None]:
    """Return the last logged step of a run, and about how many seconds its training took.

    The time is that of the logged speeds, without validation; None where nothing is logged.
    """
    path, step, before, seconds = run / "log.jsonl", None, 0, 0.0
    for line in log_lines(path) if path.is_file() else ():
        step, speed = line["step"], line.get("utterances_per_s")
        if isinstance(speed, int | float) and speed > 0:
            seconds += (step - before) * batch_size / speed
            before = step
    return step, seconds or None
