"""The pictures of the record, each made of the results alone."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from verdict import SENSES, loss_name, size_text

from avkd_cli.analysis.figures import interval_panels
from avkd_cli.analysis.figures.style import BLUE, GREY, INK, VERMILION, house_style
from avkd_cli.analysis.robustness import LABELS, UP_IS_WORSE

COLOURS = {"visual": VERMILION, "audio": BLUE}
KINDS = {**LABELS, "white": "white noise, dB"}  # white: of records of an older avkd


def pictures(results: Mapping) -> dict[str, Figure]:
    """Return the pictures by name, those of the stages that were run."""
    found = {"systems": systems(results)}
    if any(results["students"].values()):
        found["students"] = students(results["students"], "")
    if any(results["strong"].values()):
        found["strong"] = students(results["strong"], " from a strong teacher")
    if results["few"]:
        found["few"] = few(results)
    for sense in results["noise"]:
        found[f"noise-{sense}"] = noise(results["noise"][sense], sense)
    return found


def students(of_sense: Mapping, end: str) -> Figure:
    """Return the students' differences from their baseline, a panel a sense."""
    return interval_panels(
        {
            f"{sense.capitalize()}{end}": [(loss_name(row["loss"]), row) for row in rows]
            for sense, rows in of_sense.items()
            if rows
        }
    )


def systems(results: Mapping) -> Figure:
    """Return the EER of each sense, fusion and sum, with its interval."""
    names = [
        name
        for name in results["systems"]
        if name in SENSES or name.startswith(("fusion-", "sum-"))
    ]
    names.sort(key=lambda name: -results["systems"][name]["eer_percent"]["value"])
    with house_style():
        figure = Figure(figsize=(5.0, 0.9 + 0.28 * len(names)))
        axes = figure.subplots()
        for y, name in enumerate(names):
            one = results["systems"][name]["eer_percent"]
            colour = COLOURS.get(name, INK)
            axes.plot([one["low"], one["high"]], [y, y], color=colour, linewidth=1.2)
            axes.plot([one["value"]], [y], "o", color=colour)
        axes.set_yticks(range(len(names)), [system_name(name) for name in names])
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.set_xlabel("EER, %, with 95 % interval")
        axes.grid(visible=True, axis="x")
        axes.set_axisbelow(True)
        return figure


def system_name(name: str) -> str:
    """Return a system's name for a person."""
    kind, _, rest = name.partition("-")
    if kind == "fusion":
        return f"fusion, {rest.upper() if len(rest) <= 4 else rest}"
    if kind == "strong":
        return f"imported, {system_name(rest)}"
    return f"sum of scores, {rest}" if kind == "sum" else name


def few(results: Mapping) -> Figure:
    """Return baseline and student by number of recordings a person, a panel a sense."""
    with house_style():
        figure = Figure(figsize=(6.4, 2.6))
        for axes, sense in zip(figure.subplots(1, 2), SENSES, strict=True):
            rows = results["few"]
            labels = [size_text(row) for row in rows]
            _two_lines(axes, range(len(rows)), [row[sense] for row in rows], COLOURS[sense])
            axes.set_xticks(range(len(rows)), labels)
            axes.set_xlabel("recordings a person")
            axes.set_title(sense.capitalize())
        _finish(figure)
        return figure


def noise(rows: list[Mapping], sense: str) -> Figure:
    """Return baseline and student by level, a panel a kind of spoiling."""
    kinds = list(dict.fromkeys(row["kind"] for row in rows if row["kind"] != "clean"))
    clean = next(row for row in rows if row["kind"] == "clean")
    with house_style():
        figure = Figure(figsize=(1.0 + 2.1 * len(kinds), 2.6))
        panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, kind in zip(panels, kinds, strict=True):
            found = [row for row in rows if row["kind"] == kind]
            found.sort(key=lambda row: row["level"], reverse=kind not in UP_IS_WORSE)
            shown = [clean, *found]
            _two_lines(axes, range(len(shown)), shown, COLOURS[sense])
            axes.set_xticks(range(len(shown)), ["clean", *(f"{row['level']:g}" for row in found)])
            axes.set_xlabel(KINDS[kind])
        _finish(figure)
        return figure


def _two_lines(axes, places, rows: list[Mapping], colour: str) -> None:
    """Draw baseline and student with intervals, a little apart so that none hides the other."""
    for key, shift, look in (
        ("baseline", -0.06, {"color": GREY, "marker": "s", "linestyle": "--"}),
        ("student", 0.06, {"color": colour, "marker": "o", "linestyle": "-"}),
    ):
        one = [row[key] for row in rows]
        x = [place + shift for place in places]
        axes.vlines(x, [r["low"] for r in one], [r["high"] for r in one], color=look["color"],
                    linewidth=0.8)  # fmt: skip
        axes.plot(x, [r["value"] for r in one], markersize=4, linewidth=1.3, label=key, **look)
    axes.grid(visible=True, axis="y")
    axes.set_axisbelow(True)


def _finish(figure: Figure) -> None:
    for axes in figure.axes:  # when all is drawn: panels that share an axis share its top
        axes.set_ylim(bottom=0)
    figure.axes[0].set_ylabel("EER, %")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper right", ncols=2, bbox_to_anchor=(0.98, 1.06))
    figure.tight_layout()
