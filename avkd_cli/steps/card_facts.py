"""What a run's card says of its training: counted where it is trained, kept as card.json."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.analysis.breakdown import quartiles
from avkd_cli.analysis.card import to_markdown
from avkd_cli.errors import InputError
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.teachers import BothSenses
from avkd_cli.steps.analyze.curves import log_lines
from avkd_cli.storage import durable, manifest, names
from avkd_cli.storage.store import EmbeddingStore, RaggedStore, Store
from avkd_cli.storage.utterances import Utterance, read_utterances, value_of
from avkd_cli.training.runs import MODEL_FORMAT, RUN_FORMAT, Run, read_json

FORMAT, VERSION = "avkd.card", 1
RECORD, CARD = "card.json", "MODEL.md"
COLUMNS = tuple(
    "sex gender age language native_language accent nationality country ethnicity".split()
)
"""What a list may say of people that a system should serve alike."""
NEEDED = ("step", "modality", "network", "settings", "trained_on")
"""What a card cannot be written without."""


def keep(run: Run, job: Job, weights: int) -> None:
    """Write what is known of a training, and the card made of it, before the model is published."""
    facts = {
        "trained_on": trained_on(job),
        "weights": weights,
        "teacher": None if job.teacher is None else of_store(job.teacher),
        "rests_on": [
            of_store(one) for one in job.prepared.values() if isinstance(one, EmbeddingStore)
        ],
        "validation": best_of(run.path),
    }
    write(run.path, facts | of_run(run.plan.to_json(), job.modality, job.description.name))


def of_run(plan: Mapping[str, Any], modality: str, network: str) -> dict[str, Any]:
    """Return what the settings of a run say."""
    return {
        "step": plan["step"],
        "fingerprint": plan["fingerprint"],
        "avkd": manifest.made_by()["avkd"],
        "modality": modality,
        "network": network,
        "settings": plan["config"],
        "prepared": {
            sense: {"step": one["step"], **one["config"]}
            for sense, one in plan.get("prepared", {}).items()
        },
    }


def write(run: Path, facts: Mapping[str, Any]) -> str:
    """Write the facts of a card and the card; return its text."""
    text = to_markdown(facts)
    durable.write_json(run / RECORD, {"format": FORMAT, "version": VERSION, **facts})
    durable.write_text(run / CARD, text)
    return text


def read(run: Path) -> dict[str, Any]:
    """Return the facts of a run's card; of a run without one what its other files say.

    Raises:
        MissingInputError, InputError: no finished run, or a damaged one.
    """
    model = read_json(run / "model.json", MODEL_FORMAT)
    if (run / RECORD).is_file():
        return kept(run / RECORD, model["fingerprint"])
    plan = read_json(run / "run.json", RUN_FORMAT)
    persons = model.get("persons", model.get("classes"))
    facts = {
        "trained_on": {
            "utterances": model.get("n_utterances"),
            "persons": persons and len(persons),
            "label": model.get("label", "person"),
            "hours": None,
            "faces": None,
            "columns": {},
        },
        "weights": None,
        "teacher": None,
        "rests_on": [],
        "validation": best_of(run),
    }
    return facts | of_run(plan, model["network"]["modality"], model["network"]["name"])


def kept(path: Path, fingerprint: str) -> dict[str, Any]:
    """Return the facts of a file that a run with this fingerprint left."""
    try:
        found = json.loads(path.read_bytes())
        whole = found["format"] == FORMAT and found["version"] == VERSION
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: damaged: {error!r}; remove it") from None
    if not whole or found.get("fingerprint") != fingerprint:
        raise InputError(f"{path}: is of another run; remove it")
    if missing := [name for name in NEEDED if name not in found]:
        raise InputError(f"{path}: damaged: it has no {missing[0]}; remove it")
    return {name: value for name, value in found.items() if name not in ("format", "version")}


def trained_on(job: Job) -> dict[str, Any]:
    """Return who and how much is trained on."""
    chosen = job.chosen
    seconds, faces = None, None
    for store in job.prepared.values():
        rows = [store.row_of[one] for one in chosen.ids if one in store.row_of]
        if isinstance(store, RaggedStore) and store.kind == "avkd.audio":
            seconds = float(np.nansum(store.column("duration_s")[rows]))
        elif isinstance(store, RaggedStore) and store.kind == "avkd.faces":
            faces = int(store.lengths[rows].sum())
    return {
        "utterances": len(chosen.ids),
        "persons": len(chosen.persons),
        "classes": len(chosen.classes),
        "label": chosen.label,
        "named_by_teacher": len(chosen.of_teacher),
        "hours": None if seconds is None else round(seconds / 3600, 4),
        "faces": faces,
        "columns": columns_of(job),
    }


def columns_of(job: Job) -> dict[str, dict[str, Any]]:
    """Return the shares of the training utterances by column of --list."""
    if job.list_file is None:
        return {}
    listed = {one.id: one for one in read_utterances(job.list_file).utterances}
    known: dict[str, str] = {}
    for store in job.prepared.values():
        known |= dict(zip(store.ids, store.persons, strict=True))
    known |= {id: one.person for id, one in listed.items() if one.person}
    ids = job.chosen.ids
    return dict(shares([listed.get(one) for one in ids], [known.get(one, "") for one in ids]))


def shares(
    lines: Sequence[Utterance | None], persons: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each column that some line has, with the utterances and persons of each value."""
    for name in COLUMNS:
        values = ["" if one is None else value_of(one, name) for one in lines]
        if any(values):
            found: dict[str, list[str]] = defaultdict(list)
            for value, person in zip(in_bands(values), persons, strict=True):
                found[value].append(person)
            yield (
                name,
                {
                    value: {"utterances": len(whose), "persons": len(set(whose) - {""})}
                    for value, whose in sorted(found.items())
                },
            )


def in_bands(values: Sequence[str]) -> list[str]:
    """Return numbers such as ages as quarters; all else as it is."""
    try:
        numbers = [float(one) if one else np.nan for one in values]
    except ValueError:
        return list(values)
    return quartiles(numbers)


def of_persons(run: Path, people: Mapping[str, Utterance]) -> dict[str, dict[str, Any]]:
    """Return the shares of those utterances of a list whose persons a finished run knows."""
    model = read_json(run / "model.json", MODEL_FORMAT)
    entries = model.get("persons") or model.get("classes") or []
    known = names.known(entries, {one.person for one in people.values()})
    mine = [one for one in people.values() if one.person in known and one.split in ("", "train")]
    return dict(shares(mine, [one.person for one in mine]))


def of_store(store: Store | BothSenses) -> dict[str, Any]:
    """Return what a store of embeddings, or two that teach together, say of who made them."""
    if isinstance(store, BothSenses):
        first = of_store(store.stores[0])
        senses = {"modality": "both senses", "run": None, "fingerprint": store.fingerprint}
        return first | senses | {"utterances": len(store.ids)}
    said = store.manifest
    return {
        "kind": store.kind,
        "modality": said.get("modality"),
        "role": said.get("role"),
        "run": said.get("inputs", {}).get("run"),
        "fingerprint": store.fingerprint,
        "utterances": len(store),
    }


def best_of(run: Path) -> dict[str, float] | None:
    """Return the best validation of a run, its step and figures; None where there was none."""
    found, log = [], run / "log.jsonl"
    for line in log_lines(log) if log.is_file() else ():
        measured = line.get("validation")
        if isinstance(measured, dict) and isinstance(measured.get("eer"), float):
            found.append({"step": line["step"], **measured})
    return min(found, key=lambda one: one["eer"], default=None)
