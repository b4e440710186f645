"""What lies behind the error rates: corrected trials, embeddings, runs and stores."""

import json
from collections.abc import Mapping, Sequence
from html import escape

from avkd_cli.analysis.outliers import RULE
from avkd_cli.analysis.render import as_html
from avkd_cli.analysis.report.elements import details, figure
from avkd_cli.analysis.table import Cell, number, table
from avkd_cli.papers.form import Paper

VENN_NOTE = (
    "Each system decides at the threshold of its own EER. Newly right: wrong for the baseline, "
    "right for the student. “Other sense” is the share of the newly right that the other sense's "
    "baseline has right; beside it the share of all the baseline's errors that it has right: only "
    "what exceeds that says that the student knows it from the other sense."
)


def venns(found: Sequence[Mapping], figures: Mapping, paper: Paper) -> list[str]:
    """Return the diagrams, and the regions of every student on every list."""
    if not found:
        return []
    head = [
        "system",
        "list",
        "both right",
        "newly right",
        "newly wrong",
        "both wrong",
        "other sense",
        "of all errors",
    ]
    rows = [
        [paper.label(one["system"]), one["list_label"]]
        + [one[key] for key in ("both_right", "newly_right", "newly_wrong", "both_wrong")]
        + [_share(one["other_share"]), _share(one["other_of_errors"])]
        for one in found
    ]
    drawn = [figure(*figures[name]) for name in figures if name.startswith("venn-")]
    return [*drawn, as_html(table(head, rows, notes=[VENN_NOTE])), _gains(found, paper)]


def _gains(found: Sequence[Mapping], paper: Paper) -> str:
    """Return who gains and who loses by each system, where persons are known."""
    known = [one for one in found if one.get("persons")]
    if not known:
        return ""
    head = ["system", "list", "persons", "gaining", "losing", "gain most", "lose most"]
    rows = [
        [paper.label(one["system"]), one["list_label"]]
        + [one["persons"][key] for key in ("total", "gaining", "losing")]
        + [_named(one["persons"][key]) for key in ("most_gaining", "most_losing")]
        for one in known
    ]
    return as_html(table(head, rows, "Who gains and who loses", [GAINS_NOTE]))


def _named(persons: Sequence[Mapping]) -> Cell | None:
    if not persons:
        return None
    named = [f"{one['person']} {_signed(one['gain'])}" for one in persons[:3]]
    return Cell(", ".join(named), style="names")


def _signed(value: int) -> str:
    return f"{value:+d}".replace("-", "−")


GAINS_NOTE = (
    "Of the trials with a person on either side: the newly right minus the newly wrong. A mean "
    "that falls may hide persons for whom it rises."
)


def _share(value: float | None) -> Cell | None:
    return None if value is None else Cell(f"{100 * value:.1f} %", value)


PAIR_COLUMNS = {
    "pcc_per_segment": "PCC per segment",
    "pcc_pooled": "pooled",
    "pcc_per_dimension": "per dimension",
    "linear_cka": "linear CKA",
    "mean_cosine_distance": "mean cosine distance",
}
STORE_COLUMNS = {
    "alignment": "alignment",
    "uniformity": "uniformity",
    "within_person_variance": "variance within persons",
    "between_person_variance": "between persons",
}


def embeddings(
    found: Mapping | None, outliers: Mapping | None, figures: Mapping, paper: Paper
) -> list[str]:
    """Return how alike the embeddings are, how they lie, and which lie far from their own."""
    return [*_likeness(found, paper), *_outliers(outliers, figures, paper)]


def _outliers(found: Mapping | None, figures: Mapping, paper: Paper) -> list[str]:
    if found is None:
        return []
    rows = [
        [paper.label(one["name"]), one["outliers"], _share(one["share"])] for one in found["stores"]
    ]
    drawn = [figure(*figures["plane"])] if "plane" in figures else []
    about = f"{found['recordings']:,} recordings of {found['persons']} persons. Outlier: {RULE}."
    head = ["store", "outliers", "share"]
    title = "<h3>Recordings far from their person’s others</h3>"
    return [title, *drawn, as_html(table(head, rows, notes=[about]))]


def _likeness(found: Mapping | None, paper: Paper) -> list[str]:
    if found is None:
        return []
    pairs = [
        [f"{one['a']} – {one['b']}", one["segments"], *(_number(one[key]) for key in PAIR_COLUMNS)]
        for one in found["pairs"]
    ]
    stores = [
        [one["name"], one["segments"], one["persons"], one["dimensions"]]
        + [_number(one[key]) for key in STORE_COLUMNS]
        for one in found["stores"]
    ]
    heads = ["pair", "segments", *PAIR_COLUMNS.values()]
    alike = table(heads, pairs, "How alike two spaces are", [_likeness_note(found, paper)])
    heads = ["store", "segments", "persons", "dimensions", *STORE_COLUMNS.values()]
    return [as_html(alike), as_html(table(heads, stores, "How embeddings lie", [STORE_NOTE]))]


STORE_NOTE = (
    "Of embeddings at length one: alignment is the mean squared distance of two recordings of a "
    "person; uniformity the logarithm of the mean Gaussian potential of all pairs, lower is more "
    "even."
)


def _likeness_note(found: Mapping, paper: Paper) -> str:
    note = f"Note: {found['note']}."
    if not paper.likeness:
        return note
    printed = "; ".join(
        f"{paper.label(one.a).lower()} before fusion with audio-visual {one.value:g}"
        for one in paper.likeness
    )
    return f"{note} Printed in the paper, on VoxCeleb, without a definition: {printed}."


def _number(value: float | None) -> Cell:
    return number(value, ".4f")


def what_was_run(runs: Sequence, stores: Sequence) -> list[str]:
    """Return runs and stores as tables, their settings in full on demand."""
    parts = []
    for title, described in (("Training", runs), ("Stores", stores)):
        if described:
            head = list(dict.fromkeys(key for one in described for key in one.row))
            rows = [[one.row.get(key) for key in head] for one in described]
            parts.append(as_html(table(head, rows, title)))
            parts += [details(one.name, _settings(one.settings)) for one in described]
    return parts


def _settings(settings: object) -> str:
    text = json.dumps(settings, indent=1, ensure_ascii=False, sort_keys=True)
    return f"<pre><code>{escape(text)}</code></pre>" if settings else ""
