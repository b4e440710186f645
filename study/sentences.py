"""What may be said: sentences made from intervals by rules. Pure; nothing is typed by hand.

The two comparisons of the primary table were fixed before the test was opened, so their intervals
stand as they are; of every other table a difference is claimed only if it survives Holm's
correction for all rows of that table.
"""

from collections.abc import Iterator, Mapping

from avkd_cli.analysis.comparison import LEVEL, p_text, verdict
from study.systems import BY_NAME, TABLES

GAIN_PERCENT = 25.0
ALL_MEAN, ALL_UPPER = 0.5, 1.5  # points above all labels, at most
PRIMARY = "primary"


def judged(row: Mapping, stage: str) -> str:
    """Return better, worse or open: what a row of a table allows to say."""
    if stage != PRIMARY and row["p_holm"] > 1 - LEVEL:
        return "open"
    return verdict(row)


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, a true minus among them: −1.40."""
    return f"{value:+.{digits}f}".replace("-", "−")


def range_of(one: Mapping) -> str:
    """Return `−9.2 to −2.4`."""
    return f"{signed(one['low'])} to {signed(one['high'])}"


def says(name: str) -> str:
    """Return what a system is, for a person."""
    plain, _, small = name.partition(".")
    return BY_NAME[plain].says + (", small test pictures" if small else "")


def seeds_text(row: Mapping) -> str:
    """Return `one seed`, or `mean of 5 seeds`."""
    count = len(row["by_seed"])
    return "one seed" if count == 1 else f"mean of {count} seeds"


def change(row: Mapping) -> str:
    """Return a row's figures before and after, difference and interval."""
    before = row["before"]["value"]
    relative = row["relative_percent"]
    also = "" if relative is None else f", {signed(relative, 1)} %"
    return (
        f"{before:.2f} to {before + row['value']:.2f} % (difference {signed(row['value'])} "
        f"points{also}, 95 % interval {range_of(row)}, p {p_text(row['p'])}, {seeds_text(row)})"
    )


CLAIMS = {"better": "better", "worse": "worse: harm", "open": "no difference may be claimed"}


def row_of(results: Mapping, stage: str, system: str, against: str) -> Mapping | None:
    """Return a row of a table, None where it was not run."""
    return next(
        (
            row
            for row in results["tables"].get(stage, ())
            if (row["system"], row["against"]) == (system, against)
        ),
        None,
    )


def goals(results: Mapping) -> Iterator[tuple[str, bool, str]]:
    """Yield each goal of the primary comparison that can be judged: its words, met, found."""
    gain = row_of(results, PRIMARY, "clusters", "alone")
    if gain is not None and gain["relative_percent"] is not None:
        met = gain["relative_percent"] <= -GAIN_PERCENT and gain["high"] < 0
        yield (
            f"EER at least {GAIN_PERCENT:g} % lower than of labels alone, interval without 0",
            met,
            f"{signed(gain['relative_percent'], 1)} %, {range_of(gain)} points",
        )
    beside = row_of(results, PRIMARY, "clusters", "all")
    if beside is not None:
        met = beside["value"] <= ALL_MEAN and beside["high"] <= ALL_UPPER
        yield (
            f"against all labels at most {ALL_MEAN:g} points more in the mean, and "
            f"{ALL_UPPER:g} at the upper end",
            met,
            f"{signed(beside['value'])}, {range_of(beside)} points",
        )


def in_short(results: Mapping) -> list[str]:
    """Return the verdict, a sentence or two an entry, most important first."""
    said = [_primary(results)]
    said += [
        f"Goal: {wanted}: {'**met**' if met else '**missed**'} ({found})."
        for wanted, met, found in goals(results)
    ]
    for table in TABLES:
        if table.stage != PRIMARY:
            said += list(_of_table(results, table.stage, table.title))
    said += _all_alike(results)
    said.append(_seeds(results))
    return [one for one in said if one]


def _primary(results: Mapping) -> str:
    row = row_of(results, PRIMARY, "clusters", "alone")
    if row is None:
        return "**In short.** The primary comparison was not run here, so nothing is said of it."
    labelled = results["corpus"]["labelled"]["0.25"]
    others = results["corpus"]["train"]["people"] - labelled
    answer = {
        "better": "Yes",
        "worse": "No, it does harm",
        "open": "That may not be claimed",
    }[judged(row, PRIMARY)]
    return (
        f"**In short.** Are {others} people whom nobody named worth anything to {labelled} "
        f"labelled ones, where a teacher hears and sees? {answer}: clusters take the EER of "
        f"voices from {change(row)}."
    )


def _of_table(results: Mapping, stage: str, title: str) -> Iterator[str]:
    """Yield what a secondary table allows to say, negative answers too."""
    rows = results["tables"].get(stage, ())
    by_kind: dict[str, list[str]] = {"better": [], "worse": [], "open": []}
    for row in rows:
        by_kind[judged(row, stage)].append(
            f"{says(row['system'])} ({signed(row['value'])}, {range_of(row)})"
        )
    said = []
    if by_kind["better"]:
        said.append(f"better: {'; '.join(by_kind['better'])}")
    if by_kind["worse"]:
        said.append(f"harm: {'; '.join(by_kind['worse'])}")
    if by_kind["open"]:
        said.append(f"no difference may be claimed of: {'; '.join(by_kind['open'])}")
    if said:
        count = f", corrected for {len(rows)} compared" if len(rows) > 1 else ""
        text = ". ".join(one[0].upper() + one[1:] for one in said)
        yield f"**{title}** (points of EER{count}). {text}."


def _all_alike(results: Mapping) -> list[str]:
    """Return that a claim rests on all seeds alike, or on some."""
    row = row_of(results, PRIMARY, "clusters", "alone")
    if row is None or len(row["by_seed"]) < 2:
        return []
    lower = sum(value < 0 for value in row["by_seed"].values())
    return [
        f"With clusters the EER is lower in {lower} of {len(row['by_seed'])} seeds, each with "
        "another quarter labelled."
    ]


def _seeds(results: Mapping) -> str:
    counts = sorted({len(seeds) for seeds in results["seeds"].values()})
    if counts[-1] == 1:
        return (
            "All this is **one seed**: intervals cover other persons, neither other trainings nor "
            "another quarter of labelled people."
        )
    some = f"{counts[0]} to {counts[-1]}" if counts[0] != counts[-1] else f"{counts[0]}"
    return f"Intervals cover other persons and other seeds ({some} a system)."


def least_text(row: Mapping) -> str:
    """Return the least effect that a comparison could have told, in points."""
    return f"{row['least']:.1f}"


def advice(results: Mapping, system: str, against: str) -> tuple[str, str]:
    """Return better, worse, open, base or missing, and words for the decision table."""
    if system not in results["systems"]:
        return "missing", "not run here"
    if not against:
        return "base", "labels alone"
    row = next(
        (
            (row, stage)
            for stage, rows in results["tables"].items()
            for row in rows
            if (row["system"], row["against"]) == (system, against)
        ),
        None,
    )
    if row is None:
        return "missing", "not run here"
    kind = judged(*row)
    return kind, {
        "better": f"take it: {signed(row[0]['value'])} points ({range_of(row[0])})",
        "worse": f"do not: {signed(row[0]['value'])} points ({range_of(row[0])})",
        "open": f"may not be claimed{_of_several(row[0])}: {signed(row[0]['value'])} points "
        f"({range_of(row[0])}); less than {least_text(row[0])} could not be told",
    }[kind]


def _of_several(row: Mapping) -> str:
    """Return why an interval that leaves 0 out is no claim."""
    return "" if verdict(row) == "open" else ", as one of several compared"
