"""Read what `avkd` commands left in the folder of the record; return it as one plain object.

Only score files, JSON of `analyze` and of runs, and the table of seconds are read. Whatever is
not there, because a stage was not asked for, is left out of the result.
"""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from seeds import Measured

from avkd_cli.analysis.comparison import holm
from avkd_cli.analysis.robustness import Condition, harder, parse
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.analyze.inputs import aligned
from avkd_cli.storage.utterances import read_utterances
from avkd_cli.verification.figure import figure
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import person_numbers, resample_persons

SENSES = ("visual", "audio")
OTHER = {"audio": "visual", "visual": "audio"}
LOSSES = ("cos", "kl", "mmd", "cos-kl", "cos-mmd", "kl-mmd")
DRAWS = 2000
DCF = "min_dcf_0.01"


def gather(folder: Path, tuning: Mapping, openings: Mapping, best: Mapping[str, str]) -> dict:
    """Return everything that the page says, as numbers.

    Args:
        folder: of the record, with seed-N inside.
        tuning: what `make tune` found, {} before it was run.
        openings: how often the test was opened before.
        best: by sense the loss, or other way to teach, that the folds chose.

    Raises:
        MissingInputError: no seed was scored.
        InputError: score files of different trials, or runs of one system that differ in more
            than the seed.
    """
    seeds = seed_folders(folder)
    people = {one.id: one for one in read_utterances(folder / "people.jsonl").utterances}
    person_of = {id: one.person for id, one in people.items()}
    same_settings(seeds)
    main = measured({seed: path / "scores" for seed, path in seeds.items()}, person_of)
    systems = sorted({name for name, _ in main.column})
    return {
        "format": "avkd.results",
        "version": 1,
        "seeds": sorted(seeds),
        "corpus": corpus(people.values()),
        "trials": trials_of(seeds),
        "resamples": DRAWS,
        "best": dict(best),
        "tuning": dict(tuning),
        "openings": opened(openings, seeds),
        "networks": networks(seeds),
        "effort": effort(folder, seeds),
        "systems": {
            name: {"eer_percent": main.figure(name), DCF: main.figure(name, DCF)}
            for name in systems
        },
        "fusions": differences(main, [(name, "fusion-gate") for name in fused(systems)]),
        "students": {
            sense: students(main, [f"{sense}-kd-{loss}" for loss in losses(best[sense])], sense)
            for sense in SENSES
        },
        "contrasts": {sense: contrasts(main, sense) for sense in SENSES},
        "strong": {
            sense: students(
                main, [f"strong-{sense}-kd-{loss}" for loss in losses(best[sense])], sense
            )
            for sense in SENSES
        },
        "few": few(seeds, person_of, people, best),
        "noise": noise(seeds, person_of, best),
        "knew": knew(seeds),
        "alike": alike(seeds),
    }


def losses(best: str) -> tuple[str, ...]:
    """Return the paper's losses, and the best where it is another."""
    return LOSSES if best in LOSSES else (*LOSSES, best)


def seed_folders(folder: Path) -> dict[int, Path]:
    """Return by seed its folder, of those that were scored.

    Raises:
        MissingInputError: there is none.
    """
    found = {
        int(path.name.removeprefix("seed-")): path
        for path in folder.glob("seed-*")
        if any((path / "scores").glob("*.scores"))
    }
    if not found:
        raise MissingInputError(f"{folder}: no seed-*/scores/*.scores; run make results")
    return dict(sorted(found.items()))


# ---- scores ----------------------------------------------------------------------------------


def measured(folders: Mapping[int, Path], person_of: Mapping[str, str]) -> Measured:
    """Return the systems of all seeds, from the score files of a folder a seed."""
    read = {
        (path.name.removesuffix(".scores"), seed): read_scores(path)
        for seed, folder in folders.items()
        for path in sorted(folder.glob("*.scores"))
    }
    return resampled(read, person_of)


def resampled(read: Mapping[tuple[str, int], Scores], person_of: Mapping[str, str]) -> Measured:
    """Return systems measured on the trials that they share, persons drawn."""
    first, *_ = files = aligned(list(read.values()))
    persons = [person_of[id] for id in first.ids]
    enrol, test = person_numbers(
        [persons[index] for index in first.enrol.tolist()],
        [persons[index] for index in first.test.tolist()],
    )
    found = resample_persons(
        [one.score for one in files], first.label, enrol, test,
        wanted=[figure("eer"), figure(DCF)], n_resamples=DRAWS,
    )  # fmt: skip
    return Measured(found, {key: place for place, key in enumerate(read)})


def differences(main: Measured, pairs: Iterable[tuple[str, str]]) -> list[dict]:
    """Return each system's differences from another; p by Holm over all of them."""
    found = [
        {"system": name, "against": against, **main.difference(name, against)}
        for name, against in pairs
        if main.seeds(name) and main.seeds(against) and name != against
    ]
    corrected = holm([one["p"] for one in found]) if found else []
    for one, p in zip(found, corrected, strict=True):
        one["p_holm"] = float(p)
    return found


def fused(systems: Sequence[str]) -> list[str]:
    """Return the systems that have both senses, and the senses."""
    return [*SENSES, *(one for one in systems if one.startswith(("fusion-", "sum-")))]


def students(main: Measured, names: Sequence[str], baseline: str) -> list[dict]:
    """Return the students that were run, each against the baseline, with the losses' names."""
    run = {name for name, _ in main.column}
    found = differences(main, [(name, baseline) for name in names if name in run])
    for one in found:
        one["loss"] = one["system"].split("-kd-")[1]
    return found


def contrasts(main: Measured, sense: str) -> dict[str, dict]:
    """Return what the paper's findings are about: each term alone against each other."""
    run = {name for name, _ in main.column}
    pairs = [("cos", "kl"), ("cos", "mmd"), ("mmd", "kl")]
    return {
        f"{a}-{b}": main.difference(f"{sense}-kd-{a}", f"{sense}-kd-{b}")
        for a, b in pairs
        if {f"{sense}-kd-{a}", f"{sense}-kd-{b}"} <= run
    }


def few(
    seeds: Mapping[int, Path],
    person_of: Mapping[str, str],
    people: Mapping,
    best: Mapping[str, str],
) -> list[dict]:
    """Return by number of recordings a person the baseline, the best student, and the difference.

    The last row is of all recordings, with the seeds of the others.
    """
    names = [name for sense in SENSES for name in (sense, f"{sense}-kd-{best[sense]}")]
    sizes_of = {
        seed: [
            int(folder.parent.name.removeprefix("few-"))
            for folder in path.glob("few-*/scores")
            if whole(folder, names)
        ]
        for seed, path in seeds.items()
    }
    sizes = sorted({size for found in sizes_of.values() for size in found})
    rows = []
    for size in [*sizes, None] if sizes else []:
        inside = "scores" if size is None else f"few-{size}/scores"
        folders = {seed: seeds[seed] / inside for seed, found in sizes_of.items() if found}
        main = resampled(chosen(folders, names), person_of)
        counts = recordings(people.values())
        row = {
            "recordings": size,
            "at_least": min(counts) if size is None else min(size, *counts),
            "at_most": max(counts) if size is None else min(size, max(counts)),
            "utterances": sum(count if size is None else min(size, count) for count in counts),
        }
        rows.append(row | {sense: pair(main, sense, best[sense]) for sense in SENSES})
    return rows


def whole(folder: Path, names: Iterable[str]) -> bool:
    """Return whether all systems that are compared were scored, as an interrupted run's are not."""
    return all((folder / f"{name}.scores").exists() for name in names)


def chosen(folders: Mapping[int, Path], names: Sequence[str]) -> dict[tuple[str, int], Scores]:
    """Return the named systems' scores of every seed that has them all."""
    return {
        (name, seed): read_scores(folder / f"{name}.scores")
        for seed, folder in folders.items()
        if whole(folder, names)
        for name in names
    }


def pair(main: Measured, sense: str, loss: str) -> dict:
    """Return baseline, student and difference of one sense."""
    student = f"{sense}-kd-{loss}"
    return {
        "loss": loss,
        "baseline": main.figure(sense),
        "student": main.figure(student),
        "difference": main.difference(student, sense),
    }


def noise(
    seeds: Mapping[int, Path], person_of: Mapping[str, str], best: Mapping[str, str]
) -> dict[str, list[dict]]:
    """Return by sense the conditions, clean first: baseline, best student, difference.

    A seed counts where both systems were scored under every condition of the sense.
    """
    result = {}
    for sense in SENSES:
        names = (sense, f"{sense}-kd-{best[sense]}")
        found = {seed: spoilt(path / "noise", names) for seed, path in seeds.items()}
        every = {condition for one in found.values() for condition in one}
        ready = {seed: one for seed, one in found.items()
                 if every and all(len(one.get(c, ())) == len(names) for c in every)}  # fmt: skip
        rows = [
            {"condition": str(condition), "kind": condition.kind, "level": condition.level}
            | pair(resampled(under(ready, condition), person_of), sense, best[sense])
            for condition in sorted(every, key=harder)
            if ready
        ]
        if rows:
            result[sense] = rows
    return result


def spoilt(folder: Path, names: Sequence[str]) -> dict[Condition, dict[str, Path]]:
    """Return the score files of some systems by condition."""
    found: dict[Condition, dict[str, Path]] = {}
    for path in sorted(folder.glob("*.scores")):
        named = parse(path.name)
        if named is not None and named[0] in names:
            found.setdefault(named[1], {})[named[0]] = path
    return found


def under(
    ready: Mapping[int, Mapping[Condition, Mapping[str, Path]]], condition: Condition
) -> dict[tuple[str, int], Scores]:
    """Return every system's scores of all seeds under one condition."""
    return {
        (name, seed): read_scores(path)
        for seed, one in ready.items()
        for name, path in one[condition].items()
    }


# ---- what analyze said -----------------------------------------------------------------------


def knew(seeds: Mapping[int, Path]) -> dict[str, dict]:
    """Return by student the means over seeds of `analyze venn`: newly right, newly wrong, share.

    The share is of all newly right trials of all seeds together.
    """
    found = defaultdict(list)
    for path in seeds.values():
        for file in sorted((path / "analysis").glob("venn-*.json")):
            found[file.stem.removeprefix("venn-")].append(json.loads(file.read_bytes()))
    result = {}
    for name, venns in found.items():
        newly = sum(one["newly_right"] for one in venns)
        also = sum(one["newly_right_that_c_has_right"]["trials"] for one in venns)
        result[name] = {
            "newly_right": newly / len(venns),
            "newly_wrong": sum(one["newly_wrong"] for one in venns) / len(venns),
            "other_sense_had_right": also / newly if newly else None,
            # What chance gives: how often the other sense is right at all.
            "other_sense_is_right": statistics.fmean(
                1 - one["systems"]["c"]["error_rate"] for one in venns
            ),
        }
    return result


def alike(seeds: Mapping[int, Path]) -> dict[str, dict[str, dict]]:
    """Return by sense and system how alike its embeddings are to the teacher's, mean over seeds."""
    result: dict[str, dict] = {}
    for sense in SENSES:
        of_system = defaultdict(list)
        for path in seeds.values():
            file = path / "analysis" / f"pcc-{sense}.json"
            if not file.exists():
                continue
            for one in json.loads(file.read_bytes())["pairs"]:
                names = (one["a"], one["b"])
                teacher = [name for name in names if name.startswith("fusion-")]
                if len(teacher) == 1:
                    (system,) = set(names) - set(teacher)
                    of_system[system.removesuffix("-emb")].append(one)
        if of_system:
            result[sense] = {
                system: {
                    key: statistics.fmean(one[key] for one in found)
                    for key in ("pcc_per_segment", "linear_cka", "mean_cosine_distance")
                    if all(one.get(key) is not None for one in found)
                }
                | learnt(path / "runs" / system / "log.jsonl" for path in seeds.values())
                for system, found in of_system.items()
            }
    return result


def learnt(logs: Iterable[Path]) -> dict[str, float]:
    """Return COS at the end of training, a cosine distance too, mean over runs that had the term.

    With a projection it is of the projected embedding.
    """
    last = []
    for path in logs:
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        losses = [json.loads(line).get("losses", {}) for line in lines]
        last += [one["cos"] for one in losses if "cos" in one][-1:]
    return {"learnt_cosine_distance": statistics.fmean(last)} if last else {}


# ---- what was run ----------------------------------------------------------------------------


def recordings(people: Iterable) -> list[int]:
    """Return how many recordings each training person has."""
    counts = defaultdict(int)
    for one in people:
        if one.split == "train":
            counts[one.person] += 1
    return list(counts.values())


def corpus(people: Iterable) -> dict:
    """Return how many persons and utterances there are to train and to test."""
    people = list(people)
    train = [one for one in people if one.split == "train"]
    test = [one for one in people if one.split != "train"]
    return {
        "train_persons": len({one.person for one in train}),
        "train_utterances": len(train),
        "test_persons": len({one.person for one in test}),
        "test_utterances": len(test),
    }


def trials_of(seeds: Mapping[int, Path]) -> dict:
    """Return name, digest, counts and signature of the trials, from any system's metrics."""
    path = next(iter(sorted(next(iter(seeds.values())).glob("scores/*.metrics.json"))))
    found = json.loads(path.read_bytes())
    return found["trials"] | found["counts"] | {"signature": found["signature"]}


def opened(openings: Mapping, seeds: Mapping) -> dict:
    """Return how often the people of the test were scored: before the record, and by it."""
    before = openings.get("before", [])
    count = sum(one["openings"] for one in before)
    return {"before": before, "record": len(seeds), "total": count + len(seeds)}


def run_files(seeds: Mapping[int, Path]) -> dict[tuple[str, int], dict]:
    """Return run.json of every run, by its path in the seed's folder and by seed."""
    return {
        (str(path.parent.relative_to(folder)), seed): json.loads(path.read_bytes())
        for seed, folder in seeds.items()
        for path in sorted(folder.glob("**/runs/*/run.json"))
    }


def same_settings(seeds: Mapping[int, Path]) -> None:
    """Refuse to take means over runs that differ in more than their seed.

    Raises:
        InputError: naming the run and the settings.
    """
    first: dict[str, tuple[int, dict]] = {}
    for (name, seed), run in run_files(seeds).items():
        config = {key: value for key, value in run["config"].items() if key != "seed"}
        before, settings = first.setdefault(name, (seed, config))
        differ = sorted(key for key in config | settings if config.get(key) != settings.get(key))
        if differ:
            raise InputError(
                f"seed-{seed}/{name}: {', '.join(differ)} differ from those of seed-{before}; "
                "take another WORK_RESULTS, or remove the older runs"
            )


TOLD = (
    "model", "width", "embedding_size", "epochs", "max_steps", "batch_size", "optimizer", "lr",
    "margin", "scale", "dropout", "centre", "start", "speed_classes", "augment",
)  # fmt: skip


def networks(seeds: Mapping[int, Path]) -> dict[str, dict]:
    """Return the settings of the two encoders and of the fusions, from their runs."""
    runs = {name: run for (name, _), run in run_files(seeds).items()}
    return {
        name.removeprefix("runs/"): {
            key: run["config"][key] for key in TOLD if run["config"].get(key) not in (None, "")
        }
        for name, run in sorted(runs.items())
        if "-kd-" not in name and name.startswith("runs/")
    }


def effort(folder: Path, seeds: Mapping[int, Path]) -> dict:
    """Return how many networks were trained, how long commands took, and with which versions."""
    runs = run_files(seeds)
    seconds = defaultdict(float)
    for line in (folder / "times.tsv").read_text("utf-8").splitlines():
        name, took = line.split("\t")
        seconds[kind_of(name)] += float(took)
    versions = {
        key: sorted({str(run["made_by"].get(key)) for run in runs.values()})
        for key in ("avkd", "torch")
    }
    return {"trained": len(runs), "seconds": dict(sorted(seconds.items())), **versions}


def kind_of(name: str) -> str:
    """Return what a timed command was for: tune, train, embed, prepare or spoil."""
    if name.startswith(("tune/", "ideas/")):
        return "tune"
    if "/runs/" in name:
        return "train"
    if name.startswith("seed-"):
        return "embed"
    return "spoil" if name.startswith("noise/") else "prepare"
