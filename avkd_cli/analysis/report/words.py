"""What the numbers say, in sentences computed from them. Pure."""

from collections.abc import Mapping, Sequence

from avkd_cli.analysis.systems import SENSES, list_label, students, system
from avkd_cli.analysis.tables import by_cell, list_groups

ORGAN = {"audio": "voice", "visual": "face"}
OTHER = {"audio": "visual", "visual": "audio"}
NO_INTERVAL = (
    "No intervals were computed: differences of this size may be due to the choice of persons, "
    "of the seed, or of the lowest among several."
)
INTERVAL = (
    "Intervals are of 95 %, over persons; one that holds 0 claims nothing. That the lowest of "
    "several students was chosen is not counted in, nor is another seed of the training."
)


def sentences(
    arranged: Mapping,
    venns: Sequence[Mapping] = (),
    differences: Sequence[Mapping] = (),
    venn_list: str | None = None,
) -> list[str]:
    """Return a few sentences on fusion, students and what they corrected.

    Args:
        arranged: what `tables.arrange` returns.
        venns: regions of students against their baselines, by system and list.
        differences: EER differences of students with their intervals, by system and list.
        venn_list: list whose corrected trials are told of.
    """
    cells, lists = by_cell(arranged), list_groups(arranged)["main"]
    found = [on_fusion(cells, lists)]
    taught = [on_students(cells, lists, sense, differences) for sense in SENSES]
    for sense, text in zip(SENSES, taught, strict=True):
        found += [text, on_corrected(cells, sense, venn_list, venns)]
    if any(taught):
        found.append(INTERVAL if differences else NO_INTERVAL)
    return [text for text in found if text]


def on_fusion(cells: Mapping, lists: Sequence[str]) -> str:
    """Return how the senses together compare with each alone, where all three are there."""
    told = [_fusion_on(cells, name) for name in lists]
    told = [one for one in told if one]
    return f"Voice and face together: {'; '.join(told)}." if told else ""


def _fusion_on(cells: Mapping, name: str) -> str:
    fusions = [s for s, on in cells if on == name and s.startswith("fusion-")]
    single = [cells[s, name]["eer_percent"] for s in SENSES if (s, name) in cells]
    if len(single) < len(SENSES) or not fusions:
        return ""
    both = min(cells[s, name]["eer_percent"] for s in fusions)
    return (
        f"{list_label(name)} {both:.2f} % EER, where the voice alone has {single[0]:.2f} % and the "
        f"face alone {single[1]:.2f} % ({change(min(single), both)} than the better one)"
    )


def change(before: float, after: float) -> str:
    """Return how an error rate differs from another: `27 % lower`."""
    if before in (0, after):
        return "no lower"
    share = 100 * (after - before) / before
    return f"{abs(share):.0f} % {'lower' if share < 0 else 'higher'}"


def _taught(cells: Mapping, name: str, sense: str) -> list[str]:
    """Return the students on a list, lowest EER first; none where the baseline is missing."""
    if (sense, name) not in cells:
        return []
    found = [s for s in students(sense)[1:] if (s, name) in cells]
    return sorted(found, key=lambda s: cells[s, name]["eer_percent"])


def on_students(
    cells: Mapping, lists: Sequence[str], sense: str, differences: Sequence[Mapping] = ()
) -> str:
    """Return how many students are better than their baseline, and which is the best."""
    known = {(one["system"], one["list"]): one for one in differences}
    told = []
    for name in lists:
        taught = _taught(cells, name, sense)
        if not taught:
            continue
        best, base = taught[0], cells[sense, name]["eer_percent"]
        lower = sum(cells[s, name]["eer_percent"] < base for s in taught)
        told.append(
            f"{list_label(name)} {lower} of {len(taught)}, the lowest {system(best).loss_label} "
            f"with {cells[best, name]['eer_percent']:.2f} % against {base:.2f} %"
            f"{_interval(known.get((best, name)))}"
        )
    if not told:
        return ""
    return f"Students with a lower EER than their baseline, {ORGAN[sense]} only: {'; '.join(told)}."


def _interval(one: Mapping | None) -> str:
    if one is None:
        return ""
    low, high = one["interval"]
    text = f" ({one['difference']:+.2f} points, interval {low:+.2f} to {high:+.2f})"
    return text.replace("-", "−")


def on_corrected(cells: Mapping, sense: str, name: str | None, venns: Sequence[Mapping]) -> str:
    """Return what the best student corrected and broke, and what the other sense knew of it."""
    best = _taught(cells, name, sense)[:1] if name else []
    for one in venns:
        if best and (one["system"], one["list"]) == (best[0], name):
            return _corrected(one, sense)
    return ""


def _corrected(one: Mapping, sense: str) -> str:
    text = (
        f"On {list_label(one['list'])}, each deciding at its own EER, the {ORGAN[sense]} student "
        f"{system(one['system']).loss_label} corrects {one['newly_right']:,} of the baseline's "
        f"{one['newly_right'] + one['both_wrong']:,} errors and breaks {one['newly_wrong']:,} "
        "trials"
    )
    if one.get("other_share") is None:
        return text + "."
    return text + (
        f"; the {OTHER[sense]} baseline has {100 * one['other_share']:.0f} % of the corrected "
        f"right, and {100 * one['other_of_errors']:.0f} % of all those errors."
    )
