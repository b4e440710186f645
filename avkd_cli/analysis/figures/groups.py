"""Error rates of groups of trials with their intervals, against those of all."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import CHANCE, SKY, as_rows, draw_dot, house_style

PANELS = {"miss": "misses, % of targets", "false_alarm": "false alarms, % of nontargets"}


@house_style()
def groups_figure(result: Mapping) -> Figure:
    """Return the picture of a `breakdown` result: a row a group, a panel a kind of error.

    The dashed line is the rate of all trials; a group without figures has an empty row.
    """
    groups = result["groups"]
    figure = Figure(figsize=(6.6, 1.0 + 0.3 * len(groups)))
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (key, title) in zip(panels, PANELS.items(), strict=True):
        _panel(axes, result, f"{key}_percent")
        axes.set_title(title)
    as_rows(panels, [f"{one['name']} ({one['persons']:,} persons)" for one in groups])
    figure.subplots_adjust(wspace=0.1)
    return figure


def _panel(axes: Axes, result: Mapping, key: str) -> None:
    if result["all"][key] is not None:
        axes.axvline(result["all"][key], **CHANCE)
    ends = [result["all"][key] or 0]
    for y, one in enumerate(result["groups"]):
        if one[key] is not None:
            limits = (one.get("intervals") or {}).get(key) or [one[key]] * 2
            draw_dot(axes, y, one[key], limits, SKY)
            ends.append(limits[1])
    axes.set_xlim(0, 1.08 * max(*ends, 1e-3))
