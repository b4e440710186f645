"""`avkd analyze det`: detection error trade-off, as points and as a picture; and its relatives."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from avkd_cli.analysis import figures
from avkd_cli.analysis.bands import along, drawn_band
from avkd_cli.analysis.figures.curves import curve, operating_points
from avkd_cli.analysis.figures.distributions import reliability
from avkd_cli.config import P_TARGETS
from avkd_cli.errors import UsageError
from avkd_cli.said import warn
from avkd_cli.shown import AS_THEY_ARE, Picture, Reading
from avkd_cli.steps.analyze.draws import by_persons
from avkd_cli.steps.analyze.inputs import is_target, read_named
from avkd_cli.steps.analyze.metrics import COSINE_NOTE, MetricRules, measured
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.verification.metrics import eer_threshold, error_rates
from avkd_cli.verification.scores import Scores

OF_ONE = ("histogram", "reliability")  # pictures of a single file


def det(
    paths: Sequence[str],
    reading: Reading = AS_THEY_ARE,
    kind: str = "det",
    plot: Picture | None = None,
    *,
    p_targets: tuple[float, ...] = P_TARGETS,
    prior: float = 0.5,
    people: str | None = None,
    resamples: int = 0,
    seed: int = 0,
) -> dict:
    """Return the curve of each score file, thinned to what can be seen; draw them.

    Raises:
        UsageError: a histogram or reliability diagram of several files; bands of what has none.
        MissingInputError, InputError: as in `inputs.read_labelled`; persons unknown or too few.
    """
    if kind in OF_ONE and len(paths) > 1:
        raise UsageError(f"a {kind} is of one score file; name one, or draw det")
    if resamples and kind != "det":
        raise UsageError(f"--resamples makes bands of DET curves; {kind} has none")
    files = dict(read_named(paths, reading))
    if kind == "reliability":
        warn_of_cosines(files)
    banded = files if resamples else {}
    bands = {name: band(one, people, resamples, seed) for name, one in banded.items()}
    draw(plot, lambda _: _figure(files, kind, p_targets, prior, bands, plot))
    rules = MetricRules(p_targets=p_targets)
    rows = []
    for name, one in files.items():
        rows.append({"name": name, **_curve(one, p_targets), **measured(one, rules)})
        if name in bands:
            found = bands[name]._asdict()
            rows[-1]["band"] = {key: value.tolist() for key, value in found.items()}
        if kind == "reliability":
            rows[-1]["reliability"] = stated(one, prior)
    return {"format": "avkd.analysis.det", "version": 1, "resamples": resamples, "files": rows}


def warn_of_cosines(files: Mapping[str, Scores]) -> None:
    """Say on stderr that scores do not look like the ratios that they are taken for."""
    for one in files.values():
        if np.abs(one.score).max() <= 1:
            warn("analyze", f"{one.source}: {COSINE_NOTE}")


def band(scores: Scores, people: str | None, resamples: int, seed: int) -> figures.Band:
    """Return 95 % intervals over persons of the miss rate along the curve."""
    wanted = along(scores.target, scores.nontarget)
    drawn, _ = by_persons([scores], people, wanted=wanted, resamples=resamples, seed=seed)
    return drawn_band(drawn, wanted)


def stated(scores: Scores, prior: float) -> dict:
    """Return what posteriors say and what happens, group by group."""
    said, seen, weight = reliability(scores.score, is_target(scores), prior)
    return {
        "prior": prior,
        "stated": said.tolist(),
        "target_share": seen.tolist(),
        "weight": weight.tolist(),
    }


def _curve(scores: Scores, p_targets: Sequence[float]) -> dict:
    """Return miss and false-alarm rates along the curve and of its points, as fractions."""
    lowest = 0.5 / max(len(scores.target), len(scores.nontarget))
    miss, false_alarm = curve(scores.target, scores.nontarget, lowest)
    _, *costs = operating_points(scores.target, scores.nontarget, p_targets)
    return {
        "miss": miss.tolist(),
        "false_alarm": false_alarm.tolist(),
        "clipped_at": lowest,
        "min_dcf_points": {
            f"{p:g}": {"false_alarm": x, "miss": y}
            for p, (x, y) in zip(p_targets, costs, strict=True)
        },
    }


def _figure(
    files: Mapping[str, Scores],
    kind: str,
    p_targets: Sequence[float],
    prior: float,
    bands: Mapping[str, figures.Band],
    look: Picture,
) -> Figure:
    sides = {name: (one.target, one.nontarget) for name, one in files.items()}
    if kind == "det":
        return figures.det_figure(sides, p_targets=p_targets, bands=bands, look=look)
    if kind == "roc":
        return figures.roc_figure(sides, look=look)
    ((name, one),) = files.items()
    if kind == "reliability":
        figure = figures.reliability_panels({name: (one.score, is_target(one))}, prior)
    else:
        threshold = eer_threshold(error_rates(one.target, one.nontarget))
        figure = figures.histogram_figure(one.target, one.nontarget, threshold, name, look.width)
    ends = {"xlim": look.xlim, "ylim": look.ylim}
    figure.axes[0].set(**{axis: given for axis, given in ends.items() if given is not None})
    return figure
