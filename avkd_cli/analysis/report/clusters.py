"""Clusters: the largest, the smallest, the most doubtful, size against confidence."""

from collections.abc import Mapping

from avkd_cli.analysis.table import Cell, Part, Table, number, table
from avkd_cli.analysis.templates import rendered


def tables(result: Mapping) -> dict[str, Table]:
    """Return the table of each part of a result, by name."""
    sizes = ["utterances", "clusters", "utterances in all", "lower quartile", "median", "upper"]
    clusters = ["cluster", "utterances", "within", "nearest other", "between", "confidence"]
    misfits = ["utterance", "cluster", "to its others", "least like", "affinity"]
    doubtful = [
        [_name(one["one"]), _name(one["other"]), number(one["affinity"], ".4f")]
        for one in result["doubtful"]
    ]
    return {
        "sizes": table(sizes, map(_size, result["by_size"]), "Confidence by size"),
        "largest": table(clusters, map(_cluster, result["largest"]), "The largest"),
        "smallest": table(clusters, map(_cluster, result["smallest"]), "The smallest"),
        "doubtful": table(
            ["cluster", "other", "affinity"],
            doubtful,
            "Nearly one: the most doubtful pairs",
            align="llr",
        ),
        "misfits": table(
            misfits, map(_misfit, result["misfits"]), "Least like their own cluster", align="llr"
        ),
    }


def _size(one: Mapping) -> list[object]:
    low, high = one["from"], one["to"]
    name = f"{low}" if low == high else f"{low} and more" if high is None else f"{low} to {high}"
    quartiles = [number(x, "+.4f") for x in one["confidence"]]
    return [name, one["clusters"], one["utterances"], *quartiles]


def _cluster(one: Mapping) -> list[object]:
    within, between = (number(one[key], ".4f") for key in ("within", "between"))
    confidence = number(one["confidence"], "+.4f")
    return [_name(one["name"]), one["size"], within, _name(one["nearest"]), between, confidence]


def _misfit(one: Mapping) -> list[object]:
    own, affinity = (number(one[key], ".4f") for key in ("own", "affinity"))
    return [_name(one["id"]), _name(one["cluster"]), own, _name(one["mate"]), affinity]


def _name(text: str) -> Cell:
    return Cell(text, style="code")


def said(result: Mapping) -> str:
    """Return in a sentence what there is."""
    return (
        f"{result['clusters']:,} clusters of {result['utterances']:,} utterances; "
        f"{result['with_guessed']:,} of them have somebody by what the teacher says."
    )


def clusters_parts(result: Mapping) -> list[Part]:
    """Return all tables under a sentence."""
    return [said(result), *tables(result).values(), *result["notes"]]


def clusters_page(result: Mapping, svg: str, avkd: str) -> str:
    """Return one HTML document, with a picture, that refers to nothing outside it."""
    return rendered(
        "clusters.html",
        title=f"Clusters of {result['list']}",
        said=said(result),
        notes=result["notes"],
        tables=tables(result),
        svg=svg,
        avkd=avkd,
    )
