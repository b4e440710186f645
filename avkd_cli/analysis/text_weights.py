"""Weights of moments as a person reads them on a terminal. Pure."""

from avkd_cli.analysis.render import as_text
from avkd_cli.analysis.table import table
from avkd_cli.analysis.text import count, percent


def weights_text(result: dict) -> str:
    """Return a row a store, a row a pair of them, and when the highest moments were."""
    rows = [
        [one["name"], count(one["moments"]), f"{one['decided']:.3f}", percent(one["below_zero"])]
        for one in result["stores"]
    ]
    head = ["store", "moments", "deviation / mean", "mean below 0"]
    parts = [f"{count(result['utterances'])} utterances", as_text(table(head, rows))]
    if result["pairs"]:
        rows = [
            [
                f"{one['a']} - {one['b']}",
                one["utterances"],
                one["persons"],
                *(_signed(one[key]) for key in ("correlation", "low", "high")),
            ]
            for one in result["pairs"]
        ]
        head = ["pair", "utterances", "persons", "correlation", "from", "to"]
        parts.append(as_text(table(head, rows)))
    rows = [
        [one["id"], *(f"{series['highest_s']:.2f} s" for series in one["series"].values())]
        for one in result["shown"]
    ]
    if rows:
        names = [one["name"] for one in result["stores"]]
        parts.append(as_text(table(["highest moment", *names], rows)))
    return "\n\n".join([*parts, *(f"Note: {text}." for text in result["notes"])])


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"
