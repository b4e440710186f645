"""A model's card as Markdown, from the facts of a run. Pure.

Reference: M. Mitchell et al., "Model cards for model reporting", FAT* 2019 (what a card says).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from avkd_cli.analysis.render import as_plain_markdown
from avkd_cli.analysis.table import Cell, table
from avkd_cli.analysis.templates import rendered
from avkd_cli.analysis.text import decimal, limited

Facts = dict[str, Any]

UNKNOWN = "what its stores hold"
SENSES = {
    "audio": ("a voice encoder", "sound"),
    "visual": ("a face encoder", "aligned pictures of a face"),
    "fusion": ("a fusion of both senses", "stored embeddings of a voice and a face"),
    "pair": ("a pair of branches", "a voice and a face, in one space"),
    "sequence": ("an aggregator over time", "stored embeddings of a film's frames"),
    "clips": ("an encoder of films", "faces in a row"),
    "joint": ("a joint network", "sound and film of one clip"),
}
FEWEST = 10  # persons of a group whose rates say something of the group
KEPT = ("features", "n_mels", "dtype", "detector", "mode", "fps", "disturb")
"""Settings of a preparation that a card names."""
USUAL: Facts = {
    "weights": None,
    "licence": "",
    "prepared": {},
    "teacher": None,
    "rests_on": (),
    "validation": None,
    "figures": (),
    "avkd": None,
}
"""Facts that a run need not have."""
OF_TRAINING: Facts = {"hours": None, "faces": None, "classes": None, "named_by_teacher": 0}


def to_markdown(facts: Facts) -> str:
    """Return a card of facts as `steps.card_facts` writes them."""
    given = USUAL | {key: value for key, value in facts.items() if value is not None}
    figures = [{"seen": None, "groups": None, **one} for one in given["figures"]]
    text = rendered(
        "card.md",
        **given | {"figures": figures, "trained_on": OF_TRAINING | facts["trained_on"]},
        kind=SENSES.get(facts["modality"], (f"a network of modality {facts['modality']}", UNKNOWN)),
        kept=KEPT,
        count=count,
        store=described,
        group_table=group_table,
        worst=worst,
        all_settings=settings(facts),
        shares=list(shares(facts)),
        performance=performance(figures),
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def shares(facts: Facts) -> Iterator[str]:
    """Yield a table for each column that was given of the training people."""
    for name, groups in (facts["trained_on"].get("columns") or {}).items():
        whole = sum(one["utterances"] for one in groups.values()) or 1
        rows = []
        for value, one in groups.items():
            share = f"{100 * one['utterances'] / whole:.1f} %"
            rows.append([value or "not given", f"{one['persons']}", f"{one['utterances']}", share])
        yield plain((name, "people", "recordings", "share"), rows)


def described(store: Mapping[str, Any]) -> str:
    """Return what a store of embeddings is called."""
    what = " ".join(filter(None, (store.get("modality"), store.get("role"))))
    run = store.get("run")
    whose = f"run `{run}`" if run else f"imported, store `{store['fingerprint']}`"
    return (
        f"embeddings of {what or 'another network'} ({whose}), {store['utterances']:,} recordings"
    )


def settings(facts: Facts) -> str:
    """Return all settings."""
    rows = sorted((name, str(value)) for name, value in facts["settings"].items())
    return plain(("setting", "value"), [[Cell(one, style="code") for one in row] for row in rows])


def performance(figures: Sequence[Facts]) -> str:
    """Return its figures, on the lists that it was tried on; "" for none."""
    if not figures:
        return ""
    priors = list(figures[0]["min_dcf"])
    head = ("list", "people", "trials", "EER in % (95 %)", *(f"minDCF {p} (95 %)" for p in priors))
    rows = []
    for one in figures:
        limits = one.get("intervals") or {}
        dcf = limits.get("min_dcf") or {}
        costs = [limited(one["min_dcf"].get(p), dcf.get(p), ".3f") for p in priors]
        eer = limited(one["eer_percent"], limits.get("eer_percent"), ".2f")
        rows.append([one["list"], count(one.get("persons")), count(one["trials"]), eer, *costs])
    return plain(head, rows)


def group_table(name: str, groups: Sequence[Mapping[str, Any]]) -> str:
    """Return error rates by group; few persons have no rates, which would be about them."""
    rows = []
    for one in groups:
        rates = (one["miss_percent"], one["false_alarm_percent"])
        miss, false_alarm = (decimal(None if few(one) else rate, ".2f") for rate in rates)
        row = (one["name"], count(one["persons"]), count(one["targets"]), miss)
        rows.append((*row, count(one["nontargets"]), false_alarm))
    head = (name, "people", "targets", "missed in %", "nontargets", "false alarms in %")
    return plain(head, rows)


def few(row: Mapping[str, Any]) -> bool:
    """Return whether a group has too few persons to say something of it."""
    return row["persons"] < FEWEST


def worst(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return which group is missed most, where there are several to compare."""
    known = [row for row in rows if not few(row) and row["miss_percent"] is not None]
    high = max(known, key=lambda row: row["miss_percent"], default=None)
    low = min(known, key=lambda row: row["miss_percent"], default=None)
    if not known or high["miss_percent"] == low["miss_percent"]:
        return ""
    return (
        f"By {name} people are missed most often at {high['name']} ({high['miss_percent']:.2f} %), "
        f"least at {low['name']} ({low['miss_percent']:.2f} %); no interval says here whether that "
        "is chance."
    )


def count(value: int | None) -> str:
    """Return a count."""
    return "unknown" if value is None else f"{value:,}"


def plain(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table of words."""
    return as_plain_markdown(table(head, rows, align="l"))
