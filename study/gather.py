"""Read what commands left in the folder of the study; return it as one plain object.

Only what belongs to the plan at hand is read: scores made by other words are refused.
"""

import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

from avkd_cli.analysis.comparison import holm
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.analyze.compare import provenance
from avkd_cli.steps.analyze.inputs import aligned, read_labelled
from avkd_cli.storage.utterances import read_whole
from avkd_cli.verification.figure import EER
from study.choose import chosen_of
from study.figures import blocks_of, resampled
from study.lists import draw, parted, strata_of
from study.plan import Chosen, Plan
from study.run import Account, missing
from study.seeds import Measured
from study.systems import BY_NAME, TABLES

DRAWS, QUICK_DRAWS = 2000, 200
FORMAT, VERSION = "avkd.study", 1
OPENINGS = Path(__file__).parent / "openings.json"


def gather(plan: Plan, chosen: Mapping) -> dict:
    """Return everything that the page says, as numbers.

    Args:
        plan: of the study, without lines.
        chosen: the file of choices, {} where settings are the usual ones.

    Raises:
        MissingInputError: nothing was scored.
        InputError: scores of different trials, or of no system of the study.
        OutputError: scores that were made by other words than the plan's.
    """
    account = Account(plan.work)
    found = scored(plan, account)
    if not found:
        raise MissingInputError(f"{plan.work}: no seed-*/scores/*.scores; run make results")
    people = plan.recordings.listed()
    files = aligned(read_labelled(list(found.values())))
    blocks = blocks_of(files[0], people, plan.people.block)
    draws = QUICK_DRAWS if plan.quick else DRAWS
    of_blocks, pooled, persons = resampled(files, people, blocks, draws)
    column = {key: place for place, key in enumerate(found)}
    main, beside = Measured(of_blocks, column), Measured(pooled, column)
    names = sorted({name for name, _ in found})
    return {
        "format": FORMAT,
        "version": VERSION,
        "quick": bool(plan.quick),
        "settings": settings(plan, chosen),
        "corpus": corpus(plan, files[0], blocks, persons),
        "signature": provenance(files[0], (EER,))["signature"],
        "draws": draws,
        "seeds": {name: main.seeds(name) for name in names},
        "systems": {
            name: {"eer": main.figure(name), "pooled": beside.figure(name)} for name in names
        },
        "tables": {table.stage: rows(table.pairs, main, beside) for table in TABLES},
        "clusters": clusters(plan, account, found),
        "noise": noise(plan, found),
        "openings": openings(plan, found),
        "effort": effort(account),
        "made_by": made_by(plan, found),
    }


def scored(plan: Plan, account: Account) -> dict[tuple[str, int], Path]:
    """Return by system and seed the finished score files; `.small` ends those of small faces.

    Raises:
        InputError: a file of no system. OutputError: one made by other words than the plan's.
    """
    found = {}
    for path in sorted(plan.work.glob("seed-*/scores/*.scores")):
        seed, name = int(path.parts[-3].removeprefix("seed-")), path.name.removesuffix(".scores")
        one = BY_NAME.get(name.removesuffix(".small"))
        if one is None:
            raise InputError(f"{path}: {name} is no system of the study; move it elsewhere")
        for made in plan.scored(plan.recordings.seed(seed), one):
            if made == path and not missing(plan.lines, [path], account):
                found[name, seed] = path
    return found


def rows(pairs: Iterable[tuple[str, str]], main: Measured, beside: Measured) -> list[dict]:
    """Return a table's differences that can be told, with p corrected for all of them."""
    there = {name for name, _ in main.column}
    found = []
    for system, against in pairs:
        if system in there and against in there and main.seeds(system, against):
            one = main.difference(system, against)
            pooled = beside.difference(system, against)
            one["least"] = (one["high"] - one["low"]) / 2
            one["pooled"] = {key: pooled[key] for key in ("value", "low", "high")}
            found.append({"system": system, "against": against, **one})
    for one, p in zip(found, holm([one["p"] for one in found]).tolist(), strict=True):
        one["p_holm"] = p
    return found


def settings(plan: Plan, said: Mapping) -> dict:
    """Return what students were trained with, and where it was chosen."""
    chosen = chosen_of(dict(said)) if said else Chosen()
    return {
        "steps": chosen.steps,
        "regularisation": chosen.regularisation,
        "weight": chosen.weight,
        "choice": dict(said),
        "imported": sorted(plan.people.imported),
    }


def corpus(plan: Plan, scores, blocks, persons: int) -> dict:
    """Return how many people and recordings there are, and how many are labelled at each share."""
    listed = read_whole(str(plan.recordings.listed()))
    train, test = parted(listed)
    strata = strata_of(train, plan.people.by)
    shares = sorted({one.labelled for one in BY_NAME.values()})
    labelled = {f"{share:g}": len(draw(strata, share, 0)) for share in shares}
    return {
        "train": {"people": len(strata), "recordings": len(train)},
        "test": {"people": persons, "recordings": len(test)},
        "trials": {
            "targets": int((scores.label == 1).sum()),
            "nontargets": int((scores.label == 0).sum()),
            "across_blocks": int((blocks == "").sum()),
        },
        "blocks": sorted(set(blocks.tolist()) - {""}),
        "labelled": labelled,
    }


def clusters(plan: Plan, account: Account, found: Iterable[tuple[str, int]]) -> dict:
    """Return by system the clusters of its teacher, held against who they are, mean over seeds."""
    by_system: dict[str, list[dict]] = {}
    for name, seed in found:
        path = plan.looked_at(plan.recordings.seed(seed), BY_NAME[name.removesuffix(".small")])
        if path is not None and not missing(plan.lines, [path], account):
            report = json.loads(path.read_bytes())
            one = {key: report["truth"][key] for key in ("f", "purity", "nmi")}
            one |= {"clusters": report["clusters"], "noise": report["noise"]}
            one |= {"labelled_f": report["labelled"]["f"]}
            by_system.setdefault(name.removesuffix(".small"), []).append(one)
    return {
        name: {key: statistics.fmean(one[key] for one in reports) for key in reports[0]}
        for name, reports in by_system.items()
    }


def noise(plan: Plan, found: Iterable[tuple[str, int]]) -> dict[str, dict]:
    """Return by spoilt system the noise that was added and the F that it gave, mean over seeds."""
    said: dict[str, list[dict]] = {}
    for name, seed in found:
        if name.startswith("spoilt-"):
            path = plan.recordings.seed(seed).folder / BY_NAME[name].teacher / "report.json"
            said.setdefault(name, []).append(json.loads(path.read_bytes()))
    return {
        name: {
            key: statistics.fmean(one[key] for one in reports) for key in ("noise", "pairwise_f")
        }
        for name, reports in said.items()
    }


def openings(plan: Plan, found: Iterable[tuple[str, int]]) -> dict:
    """Return how often the test was opened: before, and here once for each score file."""
    said = json.loads(OPENINGS.read_bytes())
    before = said["before"] if plan.people.trials.name == said["trials"] else []
    return {"before": before, "here": len(list(found))}


def effort(account: Account) -> dict:
    """Return how many networks were trained and what commands took, in seconds."""
    made = [one for one in account.done.values() if one["words"][0] in ("train-teacher", "distill")]
    return {
        "networks": len(made),
        "seconds": sum(one["seconds"] for one in account.done.values()),
        "training_seconds": sum(one["seconds"] for one in made),
    }


def made_by(plan: Plan, found: Iterable[tuple[str, int]]) -> str:
    """Return the versions that trained the first system's run."""
    name, seed = next(iter(found))
    one = BY_NAME[name.removesuffix(".small")]
    said = json.loads((plan.student(plan.recordings.seed(seed), one) / "run.json").read_bytes())[
        "made_by"
    ]
    return ", ".join(f"{what} {said[what]}" for what in ("avkd", "torch"))
