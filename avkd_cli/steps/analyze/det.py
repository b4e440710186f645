"""`avkd analyze det`: detection error trade-off, as points and as a picture."""

from collections.abc import Sequence
from pathlib import Path

from avkd_cli.analysis.figures.curves import curve, det_figure, roc_figure
from avkd_cli.analysis.figures.distributions import histogram_figure
from avkd_cli.analysis.figures.style import save
from avkd_cli.errors import UsageError
from avkd_cli.steps.analyze.inputs import display_names, read_labelled
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.storage import durable
from avkd_cli.verification.metrics import eer_threshold
from avkd_cli.verification.scores import Scores

KINDS = ("det", "roc", "histogram")


def det(
    paths: Sequence[str],
    trials: str | None = None,
    kind: str = "det",
    plot: Path | None = None,
) -> dict:
    """Return the curve of each score file, thinned to what can be seen; draw them.

    Args:
        paths: score files, on one list or several.
        trials: list to take labels from.
        kind: of picture: det (probit axes), roc, or histogram (of one file).
        plot: where to draw it.

    Raises:
        UsageError: a histogram of several files.
        MissingInputError, InputError: as in `inputs.read_labelled`.
    """
    if kind == "histogram" and len(paths) > 1:
        raise UsageError("a histogram is of one score file; name one, or draw det")
    files = dict(zip(display_names(paths), read_labelled(paths, trials), strict=True))
    if plot is not None:
        durable.write_bytes(plot, save(_figure(files, kind), plot.suffix))
    return {
        "format": "avkd.analysis.det",
        "version": 1,
        "files": [{"name": name, **_curve(one), **measured(one)} for name, one in files.items()],
    }


def _curve(scores: Scores) -> dict:
    """Return miss and false-alarm rates along the curve, as fractions."""
    lowest = 0.5 / max(len(scores.target), len(scores.nontarget))
    miss, false_alarm = curve(scores.target, scores.nontarget, lowest)
    return {"miss": miss.tolist(), "false_alarm": false_alarm.tolist(), "clipped_at": lowest}


def _figure(files: dict[str, Scores], kind: str):
    if kind == "histogram":
        ((name, one),) = files.items()
        return histogram_figure(
            one.target, one.nontarget, eer_threshold(one.target, one.nontarget), name
        )
    sides = {name: (one.target, one.nontarget) for name, one in files.items()}
    return det_figure(sides) if kind == "det" else roc_figure(sides)
