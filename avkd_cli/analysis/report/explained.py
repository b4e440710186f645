"""What lies behind the error rates: corrected trials, embeddings, runs and stores."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from avkd_cli.analysis.outliers import RULE
from avkd_cli.analysis.table import Cell, Table, number, table
from avkd_cli.papers.form import Paper

VENN_NOTE = (
    "Each system decides at the threshold of its own EER. Newly right: wrong for the baseline, "
    "right for the student. “Other sense” is the share of the newly right that the other sense's "
    "baseline has right; beside it the share of all the baseline's errors that it has right: only "
    "what exceeds that says that the student knows it from the other sense."
)


def corrected(found: Sequence[Mapping], paper: Paper) -> Iterator[Table]:
    """Yield the regions of every student on every list, and who gains where persons are known."""
    if found:
        regions = ("both_right", "newly_right", "newly_wrong", "both_wrong")
        head = ["system", "list", *(one.replace("_", " ") for one in regions)]
        head += ["other sense", "of all errors"]
        rows = [
            [paper.label(one["system"]), one["list_label"], *(one[key] for key in regions)]
            + [_share(one[key]) for key in ("other_share", "other_of_errors")]
            for one in found
        ]
        yield table(head, rows, notes=[VENN_NOTE])
    if known := [one for one in found if one.get("persons")]:
        head = ["system", "list", "persons", "gaining", "losing", "gain most", "lose most"]
        rows = [
            [paper.label(one["system"]), one["list_label"]]
            + [one["persons"][key] for key in ("total", "gaining", "losing")]
            + [_named(one["persons"][key]) for key in ("most_gaining", "most_losing")]
            for one in known
        ]
        yield table(head, rows, "Who gains and who loses", [GAINS_NOTE])


def _named(persons: Sequence[Mapping]) -> Cell | None:
    if not persons:
        return None
    named = [f"{one['person']} {number(one['gain'], '+d').text}" for one in persons[:3]]
    return Cell(", ".join(named), style="names")


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


def outliers(found: Mapping | None, paper: Paper) -> Table | None:
    """Return how many recordings lie far from their own person's in each space."""
    if found is None:
        return None
    rows = [
        [paper.label(one["name"]), one["outliers"], _share(one["share"])] for one in found["stores"]
    ]
    about = f"{found['recordings']:,} recordings of {found['persons']} persons. Outlier: {RULE}."
    return table(["store", "outliers", "share"], rows, notes=[about])


def likeness(found: Mapping | None, paper: Paper) -> Iterator[Table]:
    """Yield how alike the embeddings are, and how they lie."""
    if found is None:
        return
    pairs = [
        [
            f"{one['a']} – {one['b']}",
            one["segments"],
            *(number(one[key], ".4f") for key in PAIR_COLUMNS),
        ]
        for one in found["pairs"]
    ]
    head = ["pair", "segments", *PAIR_COLUMNS.values()]
    yield table(head, pairs, "How alike two spaces are", [_likeness_note(found, paper)])
    counts = ("name", "segments", "persons", "dimensions")
    stores = [
        [*(one[key] for key in counts), *(number(one[key], ".4f") for key in STORE_COLUMNS)]
        for one in found["stores"]
    ]
    head = ["store", *counts[1:], *STORE_COLUMNS.values()]
    yield table(head, stores, "How embeddings lie", [STORE_NOTE])


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


def what_was_run(runs: Sequence, stores: Sequence) -> Iterator[tuple[Table, list[tuple[str, str]]]]:
    """Yield runs and stores as tables, and of each its name and its settings in full."""
    for title, described in (("Training", runs), ("Stores", stores)):
        if described:
            head = list(dict.fromkeys(key for one in described for key in one.row))
            rows = [[one.row.get(key) for key in head] for one in described]
            dumps = partial(json.dumps, indent=1, ensure_ascii=False, sort_keys=True)
            settings = [(one.name, one.settings and dumps(one.settings)) for one in described]
            yield table(head, rows, title), settings
