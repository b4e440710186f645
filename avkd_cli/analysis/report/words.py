"""What the numbers say, in sentences computed from them. Pure."""

from collections.abc import Mapping, Sequence

from avkd_cli.analysis.table import number
from avkd_cli.analysis.tables import by_cell, list_groups, paper_of, paper_tables
from avkd_cli.papers.form import System

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
    """Return at most three sentences for somebody who knows no error rate, on the first list."""
    said = Sentences(arranged, differences)
    if not said.lists:
        return []
    on = said.lists[0]
    told = [said.both_senses(on), *(said.one_sense(on, base) for base in said.families)]
    return list(filter(None, told))[:3]


def sentences(
    arranged: Mapping,
    venns: Sequence[Mapping] = (),
    differences: Sequence[Mapping] = (),
    venn_list: str | None = None,
) -> list[str]:
    """Return a few sentences on fusion, on what is held against a baseline, and what it corrected.

    Args:
        venns: regions of systems against their baselines, by system and list.
        differences: EER differences from the baselines with their intervals, by system and list.
        venn_list: list whose corrected trials are told of.
    """
    said = Sentences(arranged, differences)
    taught = {base: said.family(base) for base in said.families}
    found = [said.fusion()]
    for base, text in taught.items():
        found += [text, said.corrected(base, venn_list, by_cell(venns))]
    if any(taught.values()):
        found.append(INTERVAL.format(taught=said.paper.taught) if differences else NO_INTERVAL)
    found += on_gains(arranged)
    if any(one["ours"] for one in paper_tables(arranged)):
        found.append(said.paper.claim)
    return list(filter(None, found))


class Sentences:
    """What may be said of arranged results; "" where there is nothing to say.

    Attributes:
        eer: in percent, by system and list. known: differences from the baselines, by the same.
        lists: of the main tables. families: baselines that systems are held against.
    """

    def __init__(self, arranged: Mapping, differences: Sequence[Mapping]) -> None:
        self.paper = paper_of(arranged)
        results = by_cell(arranged["results"])
        self.eer = {place: one["eer_percent"] for place, one in results.items()}
        self.known = by_cell(differences)
        self.lists = list_groups(arranged).get("main", [])
        self.families = sorted(self.paper.families(), key=self.paper.order)

    def at_hand(self, on: str | None, base: str) -> list[System]:
        """Return the systems held against a baseline on a list, lowest EER first."""
        if (base, on) not in self.eer:
            return []
        found = [one for one in self.paper.families()[base] if (one.name, on) in self.eer]
        return sorted(found, key=lambda one: self.eer[one.name, on])

    def senses(self, on: str) -> tuple[float, float, float] | None:
        """Return the EERs of the voice, the face and the best fusion, where all three are there."""
        fusions = [s for s, at in self.eer if at == on and self.paper.system(s).sense == "fusion"]
        alone = [self.eer.get((self.paper.alone(sense), on)) for sense in ORGAN]
        if None in alone or not fusions:
            return None
        return *alone, min(self.eer[system, on] for system in fusions)

    def both_senses(self, on: str) -> str:
        """Return how often the senses err, alone and together."""
        errs = self.senses(on)
        if errs is None:
            return ""
        voice, face, both = (f"{eer:.1f}" for eer in errs)
        return (
            f"Asked whether two recordings are of one person, the voice alone errs in {voice} of "
            f"100 cases, the face alone in {face}, both together in {both} (equal error rates, "
            f"{self.paper.list_label(on)})."
        )

    def one_sense(self, on: str, base: str) -> str:
        """Return how often what is held against a baseline errs, and whether that may be chance."""
        found, sense = self.at_hand(on, base), self.paper.system(base).sense
        if not found or sense not in DOES:
            return ""
        best, before = self.eer[found[0].name, on], self.eer[base, on]
        better = sum(self.eer[one.name, on] < before for one in found)
        one = self.known.get((found[0].name, on))
        sure = "" if one is None else ", too little to be told from chance"
        sure = ", more than chance" if one is not None and one["verdict"] != "open" else sure
        return (
            f"Of {len(found)} {self.paper.taught}s that {DOES[sense]}, {better} err less often "
            f"than the same network taught by labels alone; the best errs in {best:.1f} of 100 "
            f"cases where that one errs in {before:.1f}{sure}."
        )

    def fusion(self) -> str:
        """Return how the senses together compare with each alone, where all three are there."""
        told = []
        for on in self.lists:
            if errs := self.senses(on):
                voice, face, both = errs
                told.append(
                    f"{self.paper.list_label(on)} {both:.2f} % EER, where the voice alone has "
                    f"{voice:.2f} % and the face alone {face:.2f} % "
                    f"({change(min(voice, face), both)} than the better one)"
                )
        return f"Voice and face together: {'; '.join(told)}." if told else ""

    def family(self, base: str) -> str:
        """Return how many systems are better than their baseline, and which is the best."""
        told = []
        for on in self.lists:
            if found := self.at_hand(on, base):
                eers, before = [self.eer[one.name, on] for one in found], self.eer[base, on]
                told.append(
                    f"{self.paper.list_label(on)} {sum(one < before for one in eers)} of "
                    f"{len(eers)}, the lowest {found[0].brief} with {eers[0]:.2f} % against "
                    f"{before:.2f} %{_interval(self.known.get((found[0].name, on)))}"
                )
        if not told:
            return ""
        sense = self.paper.system(base).sense
        where = f"{ORGAN[sense]} only" if sense in ORGAN else self.paper.label(base)
        noun = f"{self.paper.taught}s".capitalize()
        return f"{noun} with a lower EER than their baseline, {where}: {'; '.join(told)}."

    def corrected(self, base: str, on: str | None, venns: Mapping) -> str:
        """Return what the best system corrected and broke, and what the other sense knew of it."""
        who = next(iter(self.at_hand(on, base)), None)
        one = who and venns.get((who.name, on))
        if not one:
            return ""
        words = filter(None, ["the", ORGAN.get(who.sense, ""), self.paper.taught, who.brief])
        text = (
            f"On {self.paper.list_label(on)}, each deciding at its own EER, {' '.join(words)} "
            f"corrects {one['newly_right']:,} of the baseline's "
            f"{one['newly_right'] + one['both_wrong']:,} errors and breaks "
            f"{one['newly_wrong']:,} trials"
        )
        if one.get("other_share") is None:
            return text + "."
        return text + (
            f"; the {who.other} baseline has {100 * one['other_share']:.0f} % of the corrected "
            f"right, and {100 * one['other_of_errors']:.0f} % of all those errors."
        )


def change(before: float, after: float) -> str:
    """Return how an error rate differs from another: `27 % lower`."""
    if before in (0, after):
        return "no lower"
    share = 100 * (after - before) / before
    return f"{abs(share):.0f} % {'lower' if share < 0 else 'higher'}"


def _interval(one: Mapping | None) -> str:
    if one is None:
        return ""
    low, high = one["interval"]
    text = f" ({one['difference']:+.2f} points, interval {low:+.2f} to {high:+.2f})"
    return text.replace("-", "−")


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
