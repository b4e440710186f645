"""What the numbers say, in sentences computed from them. Pure."""

from collections.abc import Mapping, Sequence

from avkd_cli.analysis.table import number
from avkd_cli.analysis.tables import by_cell, list_groups, paper_of, paper_tables
from avkd_cli.papers.form import Paper, System

ORGAN = {"audio": "voice", "visual": "face"}
DOES = {"audio": "only hear", "visual": "only see"}
NO_INTERVAL = (
    "No intervals were computed: differences of this size may be due to the choice of persons, "
    "of the seed, or of the lowest among several."
)
INTERVAL = (
    "Intervals are of 95 %, over persons; one that holds 0 claims nothing. That the lowest of "
    "several {taught}s was chosen is not counted in, nor is another seed of the training."
)


def glance(arranged: Mapping, differences: Sequence[Mapping] = ()) -> list[str]:
    """Return at most three sentences for somebody who knows no error rate, on the first list.

    Args:
        arranged, differences: as `sentences`.
    """
    paper, cells = paper_of(arranged), by_cell(arranged["results"])
    name = next(iter(list_groups(arranged).get("main", [])), None)
    if name is None:
        return []
    known = by_cell(differences)
    families = sorted(paper.families(), key=paper.order)
    told = [_both_senses(paper, cells, name)]
    told += [_one_sense(paper, cells, name, base, known) for base in families]
    return [text for text in told if text][:3]


def _both_senses(paper: Paper, cells: Mapping, name: str) -> str:
    errs = _fusion_errors(paper, cells, name)
    if errs is None:
        return ""
    voice, face, both = (f"{eer:.1f}" for eer in errs)
    return (
        f"Asked whether two recordings are of one person, the voice alone errs in {voice} of 100 "
        f"cases, the face alone in {face}, both together in {both} (equal error rates, "
        f"{paper.list_label(name)})."
    )


def _one_sense(paper: Paper, cells: Mapping, name: str, base: str, known: Mapping) -> str:
    found, sense = _at_hand(paper, cells, name, base), paper.system(base).sense
    if not found or sense not in DOES:
        return ""
    best, before = cells[found[0].name, name]["eer_percent"], cells[base, name]["eer_percent"]
    better = sum(cells[one.name, name]["eer_percent"] < before for one in found)
    one = known.get((found[0].name, name))
    sure = "" if one is None else ", too little to be told from chance"
    sure = ", more than chance" if one is not None and one["verdict"] != "open" else sure
    return (
        f"Of {len(found)} {paper.taught}s that {DOES[sense]}, {better} err less often than the "
        f"same network taught by labels alone; the best errs in {best:.1f} of 100 cases where that "
        f"one errs in {before:.1f}{sure}."
    )


def sentences(
    arranged: Mapping,
    venns: Sequence[Mapping] = (),
    differences: Sequence[Mapping] = (),
    venn_list: str | None = None,
) -> list[str]:
    """Return a few sentences on fusion, on what is held against a baseline, and what it corrected.

    Args:
        arranged: what `tables.arrange` returns.
        venns: regions of systems against their baselines, by system and list.
        differences: EER differences from the baselines with their intervals, by system and list.
        venn_list: list whose corrected trials are told of.
    """
    paper, cells = paper_of(arranged), by_cell(arranged["results"])
    lists, known = list_groups(arranged).get("main", []), by_cell(differences)
    families = sorted(paper.families(), key=paper.order)
    taught = {base: on_family(paper, cells, lists, base, known) for base in families}
    together = "; ".join(filter(None, (_fusion_on(paper, cells, name) for name in lists)))
    found = [f"Voice and face together: {together}." if together else ""]
    for base, text in taught.items():
        found += [text, on_corrected(paper, cells, base, venn_list, venns)]
    if any(taught.values()):
        found.append(INTERVAL.format(taught=paper.taught) if differences else NO_INTERVAL)
    found += on_gains(arranged)
    if any(one["ours"] for one in paper_tables(arranged)):
        found.append(paper.claim)
    return [text for text in found if text]


def _fusion_on(paper: Paper, cells: Mapping, name: str) -> str:
    """Return how the senses together compare with each alone, where all three are there."""
    errs = _fusion_errors(paper, cells, name)
    if errs is None:
        return ""
    *single, both = errs
    return (
        f"{paper.list_label(name)} {both:.2f} % EER, where the voice alone has {single[0]:.2f} % "
        f"and the face alone {single[1]:.2f} % ({change(min(single), both)} than the better one)"
    )


def _fusion_errors(paper: Paper, cells: Mapping, name: str) -> tuple[float, float, float] | None:
    """Return the EERs of the voice, the face and the best fusion, where all three are there."""
    fusions = [s for s, on in cells if on == name and paper.system(s).sense == "fusion"]
    alone = [paper.alone(sense) for sense in ORGAN]
    single = [cells[s, name]["eer_percent"] for s in alone if (s, name) in cells]
    if len(single) < len(ORGAN) or not fusions:
        return None
    return single[0], single[1], min(cells[s, name]["eer_percent"] for s in fusions)


def change(before: float, after: float) -> str:
    """Return how an error rate differs from another: `27 % lower`."""
    if before in (0, after):
        return "no lower"
    share = 100 * (after - before) / before
    return f"{abs(share):.0f} % {'lower' if share < 0 else 'higher'}"


def _at_hand(paper: Paper, cells: Mapping, name: str, base: str) -> list[System]:
    """Return the systems held against a baseline on a list, lowest EER first."""
    if (base, name) not in cells:
        return []
    found = [one for one in paper.families()[base] if (one.name, name) in cells]
    return sorted(found, key=lambda one: cells[one.name, name]["eer_percent"])


def on_family(paper: Paper, cells: Mapping, lists: Sequence[str], base: str, known: Mapping) -> str:
    """Return how many systems are better than their baseline, and which is the best."""
    told = []
    for name in lists:
        found = _at_hand(paper, cells, name, base)
        if not found:
            continue
        eers = [cells[one.name, name]["eer_percent"] for one in found]
        before = cells[base, name]["eer_percent"]
        told.append(
            f"{paper.list_label(name)} {sum(one < before for one in eers)} of {len(eers)}, the "
            f"lowest {found[0].brief} with {eers[0]:.2f} % against {before:.2f} %"
            f"{_interval(known.get((found[0].name, name)))}"
        )
    if not told:
        return ""
    sense = paper.system(base).sense
    where = f"{ORGAN[sense]} only" if sense in ORGAN else paper.label(base)
    noun = f"{paper.taught}s".capitalize()
    return f"{noun} with a lower EER than their baseline, {where}: {'; '.join(told)}."


def _interval(one: Mapping | None) -> str:
    if one is None:
        return ""
    low, high = one["interval"]
    text = f" ({one['difference']:+.2f} points, interval {low:+.2f} to {high:+.2f})"
    return text.replace("-", "−")


def on_corrected(
    paper: Paper, cells: Mapping, base: str, name: str | None, venns: Sequence[Mapping]
) -> str:
    """Return what the best system corrected and broke, and what the other sense knew of it."""
    best = _at_hand(paper, cells, name, base)[:1] if name else []
    for one in venns:
        if best and (one["system"], one["list"]) == (best[0].name, name):
            return _corrected(paper, one, best[0])
    return ""


def _corrected(paper: Paper, one: Mapping, who: System) -> str:
    words = ["the", ORGAN.get(who.sense, ""), paper.taught, who.brief]
    text = (
        f"On {paper.list_label(one['list'])}, each deciding at its own EER, "
        f"{' '.join(filter(None, words))} corrects {one['newly_right']:,} of the baseline's "
        f"{one['newly_right'] + one['both_wrong']:,} errors and breaks {one['newly_wrong']:,} "
        "trials"
    )
    if one.get("other_share") is None:
        return text + "."
    return text + (
        f"; the {who.other} baseline has {100 * one['other_share']:.0f} % of the corrected "
        f"right, and {100 * one['other_of_errors']:.0f} % of all those errors."
    )


def on_gains(arranged: Mapping) -> list[str]:
    """Return how many of a table's relative changes are for the better, table by table."""
    told = []
    for one in arranged["tables"]:
        for place, column in enumerate(one["columns"]):
            found = [row["cells"][place]["value"] for row in one["rows"]]
            found = [value for value in found if value is not None]
            if column["relative"] and found:
                better = sum(value > 0 for value in found)
                text = f"{one['title']}, {column['label']}: {better} of {len(found)} for the better"
                ends = dict.fromkeys(number(end, "+.1f").text for end in (min(found), max(found)))
                told.append(f"{text}, {' to '.join(ends)} %.")
    return told
