"""Pictures of the report: inline in the page by name, the Venn diagrams as files too."""

from collections.abc import Mapping, Sequence

import numpy as np

from avkd_cli.analysis import figures
from avkd_cli.analysis.systems import SENSES, list_label, students, system
from avkd_cli.analysis.tables import list_groups, only_lists
from avkd_cli.steps.analyze.inputs import is_target
from avkd_cli.verification.metrics import cllr, min_cllr
from avkd_cli.verification.scores import Scores

MOST_BANDS, MOST_RATIOS = 3, 6
Inline = tuple[str, str]  # an SVG element and its caption


def inlined(name: str, figure: object, caption: str) -> Inline:
    """Return a figure as an SVG element with ids of its own, and its caption."""
    return figures.inline(figure, safe(name), caption), caption


def safe(name: str) -> str:
    """Return a name that can stand in an HTML id and a CSS url."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in name)


def bar_figures(arranged: Mapping) -> dict[str, Inline]:
    """Return one figure of bars for each group of lists."""
    return {
        f"eer-{group}": inlined(
            f"eer-{group}",
            figures.bars_figure(only_lists(arranged, names)),
            "EER of every system, list by list.",
        )
        for group, names in list_groups(arranged).items()
    }


def change_figures(arranged: Mapping, differences: Sequence[Mapping]) -> dict[str, Inline]:
    """Return one figure a sense of its students' EERs against the baseline, a panel a list."""
    drawn = {}
    names = list_groups(arranged)["main"]
    for sense in SENSES:
        panels = {
            list_label(name): [
                (system(one["system"]).loss_label, _interval(one))
                for one in differences
                if one["list"] == name and one["against"] == sense
            ]
            for name in names
        }
        panels = {title: rows for title, rows in panels.items() if rows}
        if panels:
            caption = (
                f"{sense.capitalize()} students: EER minus the baseline's, with 95 % intervals "
                "over persons; a filled dot's interval excludes 0."
            )
            figure = figures.interval_panels(panels)
            drawn[f"change-{sense}"] = inlined(f"change-{sense}", figure, caption)
    return drawn


def _interval(one: Mapping) -> dict:
    low, high = one["interval"]
    return {"value": one["difference"], "low": low, "high": high}


def banded(files: Mapping[str, Scores]) -> list[str]:
    """Return the systems whose DET curves have a band: few, since bands on bands hide all.

    The fusions and the baselines; of other people's systems the first `MOST_BANDS`.
    """
    known = [name for name in files if name.startswith("fusion-") or name in SENSES]
    known_students = {one for sense in SENSES for one in students(sense)}
    others = [name for name in files if name not in known and name not in known_students]
    return [*known, *others[:MOST_BANDS]]


def det_figures(
    files: Mapping[str, Scores], trial_list: str, bands: Mapping[str, figures.Band]
) -> dict[str, Inline]:
    """Return one DET figure a sense, with the fusion in each, and one of all other systems."""
    fusions = [name for name in files if name.startswith("fusion-")]
    groups = {
        sense: [*fusions, *(one for one in students(sense) if one in files)] for sense in SENSES
    }
    groups = {sense: names for sense, names in groups.items() if len(names) > len(fusions)}
    seen = {name for names in groups.values() for name in names}
    groups["others"] = [name for name in files if name not in seen]
    return {
        f"det-{trial_list}-{group}": _det(files, trial_list, group, names, bands)
        for group, names in groups.items()
        if names
    }


def _det(
    files: Mapping[str, Scores],
    trial_list: str,
    group: str,
    names: Sequence[str],
    bands: Mapping[str, figures.Band],
) -> Inline:
    scores = {name: (files[name].target, files[name].nontarget) for name in names}
    kind = {"audio": "voice", "visual": "face"}.get(group, "other systems")
    shown = {name: bands[name] for name in names if name in bands}
    figure = figures.det_figure(scores, f"{list_label(trial_list)}, {kind}", bands=shown)
    caption = f"Detection error trade-off on {list_label(trial_list)}: {kind}; probit axes."
    if shown:
        whose = ", ".join(system(name).label for name in shown)
        caption += f" Bands: 95 % over persons, of {whose}."
    return inlined(f"det-{trial_list}-{group}", figure, caption)


def reliability_figures(files: Mapping[str, Scores], trial_list: str) -> dict[str, Inline]:
    """Return whether scores mean what they say, where they go beyond -1 to 1 as cosines cannot."""
    ratios = [name for name, one in files.items() if np.abs(one.score).max() > 1][:MOST_RATIOS]
    if not ratios:
        return {}
    panels = {}
    for name in ratios:
        one = files[name]
        title = f"{system(name).label}: Cllr {cllr(one.target, one.nontarget):.3f}, at best "
        title += f"{min_cllr(one.target, one.nontarget):.3f}"
        panels[title] = (one.score, is_target(one))
    caption = (
        f"Calibration on {list_label(trial_list)}, scores taken for log-likelihood ratios: how "
        "often a stated probability comes true, at even odds. On the diagonal scores mean what "
        "they say."
    )
    name = f"reliability-{trial_list}"
    return {name: inlined(name, figures.reliability_panels(panels, 0.5), caption)}


def venn_figures(rows: Sequence[Mapping], trial_list: str) -> dict[str, Inline]:
    """Return a figure of small diagrams for each sense that has students."""
    drawn = {}
    for sense in SENSES:
        of_sense = {
            system(one["system"]).loss_label: one
            for one in rows
            if one["list"] == trial_list and system(one["system"]).sense == sense
        }
        if of_sense:
            caption = (
                f"{sense.capitalize()} students against their baseline on "
                f"{list_label(trial_list)}: trials decided wrongly by the baseline (solid outline) "
                "and by the student (dashed). Areas within a diagram are proportional to counts."
            )
            name = f"venn-{trial_list}-{sense}"
            drawn[name] = inlined(name, figures.venn_panels(of_sense), caption)
    return drawn


def venn_files(rows: Sequence[Mapping], trial_list: str) -> dict[str, bytes]:
    """Return an SVG file for every student on one list, by file name."""
    return {
        f"venn-{one['system']}.{trial_list}.svg": figures.save(figures.venn_figure(one), ".svg")
        for one in rows
        if one["list"] == trial_list
    }
