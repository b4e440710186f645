"""What lies behind the error rates: corrected trials, embeddings, runs and stores."""

import json
from collections.abc import Mapping, Sequence
from html import escape

from avkd_cli.analysis import printed
from avkd_cli.analysis.outliers import RULE
from avkd_cli.analysis.report.elements import Cell, details, figure, paragraph, table
from avkd_cli.analysis.systems import system

VENN_NOTE = (
    "Each system decides at the threshold of its own EER. Newly right: wrong for the baseline, "
    "right for the student. “Other sense” is the share of the newly right that the other sense's "
    "baseline has right; beside it the share of all the baseline's errors that it has right: only "
    "what exceeds that says that the student knows it from the other sense."
)


def venns(found: Sequence[Mapping], figures: Mapping) -> list[str]:
    """Return the diagrams, and the regions of every student on every list."""
    if not found:
        return []
    head = ["student", "list", "both right", "newly right", "newly wrong", "both wrong",
            "other sense", "of all errors"]  # fmt: skip
    rows = [
        [system(one["system"]).label, one["list_label"]]
        + [one[key] for key in ("both_right", "newly_right", "newly_wrong", "both_wrong")]
        + [_share(one["other_share"]), _share(one["other_of_errors"])]
        for one in found
    ]
    drawn = [figure(*figures[name]) for name in figures if name.startswith("venn-")]
    return [*drawn, table(head, rows), paragraph(VENN_NOTE, "note"), _gains(found)]


def _gains(found: Sequence[Mapping]) -> str:
    """Return who gains and who loses by each student, where persons are known."""
    known = [one for one in found if one.get("persons")]
    if not known:
        return ""
    head = ["student", "list", "persons", "gaining", "losing", "gain most", "lose most"]
    rows = [
        [system(one["system"]).label, one["list_label"]]
        + [one["persons"][key] for key in ("total", "gaining", "losing")]
        + [_named(one["persons"][key]) for key in ("most_gaining", "most_losing")]
        for one in known
    ]
    return "<h3>Who gains and who loses</h3>" + table(head, rows) + paragraph(GAINS_NOTE, "note")


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


def embeddings(found: Mapping | None, outliers: Mapping | None, figures: Mapping) -> list[str]:
    """Return how alike the embeddings are, how they lie, and which lie far from their own."""
    return [*_likeness(found), *_outliers(outliers, figures)]


def _outliers(found: Mapping | None, figures: Mapping) -> list[str]:
    if found is None:
        return []
    rows = [[system(one["name"]).label, one["outliers"], _share(one["share"])]
            for one in found["stores"]]  # fmt: skip
    drawn = [figure(*figures["plane"])] if "plane" in figures else []
    about = f"{found['recordings']:,} recordings of {found['persons']} persons. Outlier: {RULE}."
    head = ["store", "outliers", "share"]
    return ["<h3>Recordings far from their person’s others</h3>", *drawn, table(head, rows),
            paragraph(about, "note")]  # fmt: skip


def _likeness(found: Mapping | None) -> list[str]:
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
    head = ["store", "segments", "persons", "dimensions", *STORE_COLUMNS.values()]
    paper = "; ".join(
        f"{system(a).label.lower()} before fusion with audio-visual {value:g}"
        for (a, _), value in printed.PCC.items()
    )
    note = (
        f"Note: {found['note']}. Printed in the paper, on VoxCeleb, without a definition: {paper}."
    )
    return [
        "<h3>How alike two spaces are</h3>",
        table(["pair", "segments", *PAIR_COLUMNS.values()], pairs),
        paragraph(note, "note"),
        "<h3>How embeddings lie</h3>",
        table(head, stores),
        paragraph("Of embeddings at length one: alignment is the mean squared distance of two "
                  "recordings of a person; uniformity the logarithm of the mean Gaussian "
                  "potential of all pairs, lower is more even.", "note"),
    ]  # fmt: skip


def _number(value: float | None) -> Cell | None:
    return None if value is None else Cell(f"{value:.4f}".replace("-", "−"), value)


def what_was_run(runs: Sequence, stores: Sequence) -> list[str]:
    """Return runs and stores as tables, their settings in full on demand."""
    parts = []
    for title, described in (("Training", runs), ("Stores", stores)):
        if described:
            head = list(dict.fromkeys(key for one in described for key in one.row))
            rows = [[one.row.get(key) for key in head] for one in described]
            parts += [f"<h3>{title}</h3>", table(head, rows)]
            parts += [details(one.name, _settings(one.settings)) for one in described]
    return parts


def _settings(settings: object) -> str:
    text = json.dumps(settings, indent=1, ensure_ascii=False, sort_keys=True)
    return f"<pre><code>{escape(text)}</code></pre>" if settings else ""
