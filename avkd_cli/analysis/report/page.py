"""The page, from its parts; nothing on it refers to anything outside it."""

from collections.abc import Mapping
from dataclasses import replace

from avkd_cli.analysis.report.explained import corrected, likeness, outliers, what_was_run
from avkd_cli.analysis.tables import by_cell, list_groups, only_lists, paper_of, tables_on
from avkd_cli.analysis.templates import rendered
from avkd_cli.analysis.views import (
    dcf_table,
    figure_intervals,
    figure_table,
    interval_table,
    list_table,
    paper_table,
    signature_table,
)

DIGITS = 2  # of error rates: more than the lists at hand tell
NAVIGATION = {
    "glance": "At a glance",
    "words": "In words",
    "tables": "Results",
    "curves": "Curves",
    "venn": "Corrected",
    "embeddings": "Embeddings",
    "runs": "What was run",
    "signatures": "Signatures",
}


def page(content: Mapping) -> str:
    """Return the report as one HTML document.

    Args:
        content: arranged (of `tables.arrange`), glance, sentences, differences (of students, with
            intervals), uncertainty (in words), figures (by name: svg, caption),
            venns (rows), correlation (a `pcc` result or None), runs and stores (each
            with name, row, settings), avkd (version).
    """
    paper = paper_of(content["arranged"])
    return rendered(
        "report.html",
        **_error_rates(content["arranged"], content["differences"]),
        **{key: content[key] for key in ("glance", "sentences", "uncertainty", "figures", "avkd")},
        title=paper.title,
        paper=paper,
        navigation=NAVIGATION,
        corrected=list(corrected(content["venns"], paper)),
        likeness=list(likeness(content["correlation"], paper)),
        outliers=outliers(content["outliers"], paper),
        described=list(what_was_run(content["runs"], content["stores"])),
    )


def _error_rates(arranged: Mapping, differences: list[Mapping]) -> dict[str, object]:
    """Return all tables of error rates, those of the cleaned lists apart from the others."""
    certain = by_cell(one for one in differences if one["verdict"] != "open").keys()
    groups = list_groups(arranged)
    intervals = [interval_table(arranged, differences), figure_intervals(arranged)]
    return {
        "arranged": arranged,
        "paper_tables": {
            group: [
                (one["ours"], paper_table(arranged, one, DIGITS, certain))
                for one in tables_on(arranged, group)
            ]
            for group in ("main", "cleaned")
        },
        "costs": {
            group: group in groups and dcf_table(only_lists(arranged, groups[group]))
            for group in ("main", "cleaned")
        },
        "further": figure_table(arranged),
        "intervals": [one for one in intervals if one.rows],
        "lists": list_table(arranged),
        "signatures": arranged["results"] and replace(signature_table(arranged), title=""),
    }
