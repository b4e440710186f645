"""Pictures of the report: inline in the page by name, the Venn diagrams as files too."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from avkd_cli.analysis import figures
from avkd_cli.analysis.sweeps import points
from avkd_cli.analysis.tables import gathered, list_groups, only_lists, paper_of
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze.inputs import is_target
from avkd_cli.verification.metrics import cllr, min_cllr
from avkd_cli.verification.scores import Scores

MOST_BANDS, MOST_RATIOS, MOST_CURVES = 3, 6, 14
KINDS = {"audio": "voice", "visual": "face"}
Inline = tuple[str, str]  # an SVG element and its caption


class PagePicture(NamedTuple):
    """A picture of the page: what it is called there, and what stands below it."""

    name: str
    figure: Figure
    caption: str


def inlined(drawn: Iterable[PagePicture]) -> dict[str, Inline]:
    """Return each picture by its name, as an SVG element with ids of its own, and its caption."""
    return {
        name: (figures.inline(figure, safe(name), caption), caption)
        for name, figure, caption in drawn
    }


def safe(name: str) -> str:
    """Return a name that can stand in an HTML id and a CSS url."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else "-" for c in name)


def bar_figures(arranged: Mapping) -> Iterator[PagePicture]:
    """Yield one figure of bars for each group of lists."""
    for group, names in list_groups(arranged).items():
        figure = figures.bars_figure(only_lists(arranged, names))
        yield PagePicture(f"eer-{group}", figure, "EER of every system, list by list.")


def change_figures(arranged: Mapping, differences: Sequence[Mapping]) -> Iterator[PagePicture]:
    """Yield one figure a baseline of the EERs that are held against it, a panel a list."""
    paper, names = paper_of(arranged), list_groups(arranged).get("main", [])
    for base in sorted({one["against"] for one in differences}, key=paper.order):
        panels = {
            paper.list_label(name): [
                (paper.system(one["system"]).brief, _interval(one))
                for one in differences
                if (one["list"], one["against"]) == (name, base)
            ]
            for name in names
        }
        panels = {title: rows for title, rows in panels.items() if rows}
        if panels:
            caption = _change_caption(base, paper)
            yield PagePicture(f"change-{safe(base)}", figures.interval_panels(panels), caption)


def sweep_figures(arranged: Mapping) -> Iterator[PagePicture]:
    """Yield one figure for each of the paper's sweeps that has two points on a line or more."""
    paper = paper_of(arranged)
    values = gathered(arranged["results"], arranged["figures"])
    for sweep in paper.sweeps:
        if lines := points(paper, sweep, values):
            caption = f"{sweep.title}; intervals of 95 % where they are known."
            yield PagePicture(sweep.name, figures.sweep_figure(sweep, lines), caption)


def _change_caption(base: str, paper: Paper) -> str:
    sense = paper.system(base).sense
    who = f"{sense} {paper.taught}s" if sense else f"{paper.taught}s beside {paper.label(base)}"
    return (
        f"{who[0].upper()}{who[1:]}: EER minus the baseline's, with 95 % intervals over persons; "
        "a filled dot's interval excludes 0."
    )


def _interval(one: Mapping) -> dict:
    low, high = one["interval"]
    return {"value": one["difference"], "low": low, "high": high}


def banded(files: Mapping[str, Scores], paper: Paper) -> list[str]:
    """Return the systems whose DET curves have a band: few, since bands on bands hide all.

    The fusions and the baselines of either sense; of all others the first `MOST_BANDS`.
    """
    alone = [name for name in files if not paper.baseline_of(name)]
    known = [name for name in alone if paper.system(name).sense and _known(name, paper)]
    return [*known, *[name for name in alone if name not in known][:MOST_BANDS]]


def _known(name: str, paper: Paper) -> bool:
    one = paper.system(name)
    return one.sense == "fusion" or one in paper.systems


def det_figures(
    files: Mapping[str, Scores],
    trial_list: str,
    bands: Mapping[str, figures.Band],
    paper: Paper,
) -> Iterator[PagePicture]:
    """Yield one DET figure a sense, with the fusion in each, and one of all other systems."""
    senses = {name: paper.system(name).sense for name in files}
    fusions = [name for name in files if senses[name] == "fusion"]
    groups = {kind: [*fusions, *(name for name in files if senses[name] == kind)] for kind in KINDS}
    groups = {kind: names for kind, names in groups.items() if len(names) > len(fusions)}
    seen = {name for names in groups.values() for name in names}
    groups["others"] = [name for name in files if name not in seen]
    for group, names in groups.items():
        if names:
            yield _det(files, (trial_list, group), names, bands, paper)


def _det(
    files: Mapping[str, Scores],
    where: tuple[str, str],
    names: Sequence[str],
    bands: Mapping[str, figures.Band],
    paper: Paper,
) -> PagePicture:
    trial_list, group = where
    drawn = names[:MOST_CURVES]
    scores = {name: (files[name].target, files[name].nontarget) for name in drawn}
    label, kind = paper.list_label(trial_list), KINDS.get(group, "other systems")
    shown = {name: bands[name] for name in drawn if name in bands}
    figure = figures.det_figure(scores, f"{label}, {kind}", bands=shown, paper=paper)
    caption = f"Detection error trade-off on {label}: {kind}; probit axes."
    if len(names) > len(drawn):
        caption += f" The first {len(drawn)} of {len(names)} systems."
    if shown:
        whose = ", ".join(paper.label(name) for name in shown)
        caption += f" Bands: 95 % over persons, of {whose}."
    return PagePicture(f"det-{trial_list}-{group}", figure, caption)


def reliability_figures(
    files: Mapping[str, Scores], trial_list: str, paper: Paper
) -> Iterator[PagePicture]:
    """Yield whether scores mean what they say, where they go beyond -1 to 1 as cosines cannot."""
    ratios = [name for name, one in files.items() if np.abs(one.score).max() > 1][:MOST_RATIOS]
    if not ratios:
        return
    panels = {}
    for name in ratios:
        one = files[name]
        title = f"{paper.label(name)}: Cllr {cllr(one.target, one.nontarget):.3f}, at best "
        title += f"{min_cllr(one.target, one.nontarget):.3f}"
        panels[title] = (one.score, is_target(one))
    caption = (
        f"Calibration on {paper.list_label(trial_list)}, scores taken for log-likelihood ratios: "
        "how often a stated probability comes true, at even odds. On the diagonal scores mean what "
        "they say."
    )
    yield PagePicture(f"reliability-{trial_list}", figures.reliability_panels(panels, 0.5), caption)


def venn_figures(rows: Sequence[Mapping], trial_list: str, paper: Paper) -> Iterator[PagePicture]:
    """Yield a figure of small diagrams for each baseline that something is held against."""
    bases = {one["against"] for one in rows if one["list"] == trial_list}
    for base in sorted(bases, key=paper.order):
        of_base = {
            paper.system(one["system"]).brief: one
            for one in rows
            if (one["list"], one["against"]) == (trial_list, base)
        }
        sense = paper.system(base).sense
        who = f"{sense} {paper.taught}s".strip().capitalize()
        against = "their baseline" if sense else paper.label(base)
        caption = (
            f"{who} against {against} on {paper.list_label(trial_list)}: trials decided wrongly by "
            f"the baseline (solid outline) and by the {paper.taught} (dashed). Areas within a "
            "diagram are proportional to counts."
        )
        yield PagePicture(f"venn-{trial_list}-{safe(base)}", figures.venn_panels(of_base), caption)


def venn_files(rows: Sequence[Mapping], trial_list: str) -> dict[str, bytes]:
    """Return an SVG file for every student on one list, by file name."""
    return {
        f"venn-{one['system']}.{trial_list}.svg": figures.save(figures.venn_figure(one), ".svg")
        for one in rows
        if one["list"] == trial_list
    }
