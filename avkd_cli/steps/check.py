"""Verify stores and runs: digests, chunks, indices, counts; against each other and the media."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from avkd_cli.config import CropFacesConfig, PrepAudioConfig
from avkd_cli.errors import AvkdError, InputError, Rejected, UsageError
from avkd_cli.steps.decide import shared
from avkd_cli.storage import verify
from avkd_cli.storage.build import media_fingerprint
from avkd_cli.storage.readers import RaggedStore
from avkd_cli.storage.record import Record
from avkd_cli.storage.specs import SPECS
from avkd_cli.storage.store import open_store, resolve_input
from avkd_cli.storage.utterances import Utterance, read_utterances
from avkd_cli.training import checkpoint
from avkd_cli.training.runs import RUN_FORMAT, read_json, read_model


@dataclass(frozen=True)
class Examined:
    """What was found of one store, run or shared system."""

    kind: str
    path: Path
    faults: list[str]


@dataclass(frozen=True)
class MadeFrom:
    """The list that a store was made from, root and weights as they were given then, and how many
    rows are made again and compared.
    """

    utterances: str | Path
    root: Path | None
    detector_weights: Path | None
    sample: int


def check(
    stores: Sequence[str | Path],
    *,
    against: str | Path | None = None,
    source: str | Path | None = None,
    root: Path | None = None,
    detector_weights: Path | None = None,
    sample: int = 20,
) -> list[Examined]:
    """Return what was found of each store, run or shared system.

    Raises:
        MissingInputError: a store, or the list, is not there.
        UsageError: a store of embeddings or sequences has no media to decode, a run no store to be
            compared with.
    """
    made_from = MadeFrom(source, root, detector_weights, sample) if source else None
    return [checked(argument, against, made_from) for argument in stores]


def is_run(path: Path) -> bool:
    """Return whether a folder is a run, finished or not."""
    return any((path / name).is_file() for name in ("run.json", "model.json"))


def faults_of_run(path: Path) -> Iterator[str]:
    """Yield what is wrong with a run; an unfinished one is a fault, with how far it is."""
    try:
        record = read_json(path / "run.json", RUN_FORMAT)
    except AvkdError as error:
        yield _without(path, error)
        record = {}
    if (path / "model.json").is_file():
        try:
            description, _ = read_model(path)
            if record and description.get("fingerprint") != record.get("fingerprint"):
                yield "model.json is of another plan than run.json (fingerprint)"
        except AvkdError as error:
            yield _without(path, error)
    else:
        yield f"not finished ({_stands(path)}); the command that began it goes on"
    for folder in checkpoint.folders(path):
        try:
            checkpoint.read(folder)
        except AvkdError as error:
            yield _without(path, error)


def _stands(path: Path) -> str:
    try:
        status = json.loads((path / "status.json").read_text("utf-8"))
    except (OSError, ValueError):
        return "of unknown status"
    step, total = status.get("step"), status.get("total")
    of = f" of {total:,}" if isinstance(total, int) else ""
    return status.get("state", "") + (f", step {step:,}{of}" if isinstance(step, int) else "")


def _without(path: Path, error: AvkdError) -> str:
    """Return what an error says, without the run's path before it."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"{path}/")


OTHERS = (
    ("run", is_run, faults_of_run, " is a run"),
    ("system", shared.is_system, shared.faults_of_system, ": is a shared system"),
)
"""What is no store: what it is called, how it is known and looked at, and what is said of it."""


def checked(argument: str | Path, against: str | Path | None, source: MadeFrom | None) -> Examined:
    """Return what was found of one."""
    path = Path(argument)
    for kind, is_one, faults_of, said in OTHERS:
        if is_one(path):
            if against is not None or source is not None:
                raise UsageError(f"{path}{said}; --against and --source are for stores")
            return Examined(kind, path, list(faults_of(path)))
    path = resolve_input(argument)
    faults = list(verify.faults_of_store(path))
    if not faults and against is not None:
        faults += verify.faults_against(open_store(path), open_store(against))
    if not faults and source is not None:
        faults += faults_of_source(path, source)
    return Examined("store", path, faults)


Remaker = Callable[[Utterance], Record]


def faults_of_source(path: Path, source: MadeFrom) -> Iterator[str]:
    """Yield what differs between a store and the media that it was made from.

    A sample of rows, evenly spaced, is decoded again and compared bit for bit; so another
    version of a decoder is a fault as well.
    """
    store = open_store(path)
    if not isinstance(store, RaggedStore) or not SPECS[store.kind].media:
        raise UsageError(f"{path}: --source is for stores of sound or faces")
    listed = read_utterances(source.utterances, source.root)
    inputs = store.manifest["inputs"]
    if listed.digest != inputs["list"]:
        yield f"{listed.name} is not the list that it was made from (digest)"
        return
    if media_fingerprint(listed, SPECS[store.kind]) != inputs["media"]:
        yield "a media file has another size than when the store was made"
    remade = remaker(store, source, listed.resolve)
    rows = np.unique(np.linspace(0, len(store) - 1, min(source.sample, len(store))).astype(int))
    utterances = {one.id: one for one in listed.utterances}
    for row in rows.tolist():
        if fault := difference(store, row, remade, utterances[store.ids[row]]):
            yield f"row {row}, {store.ids[row]!r}: {fault}"


def difference(store: RaggedStore, row: int, remade: Remaker, utterance: Utterance) -> str:
    """Return how a row differs from what its recording gives now; "" if it does not."""
    try:
        record = remade(utterance)
    except Rejected as error:
        return f"is rejected now: {error.code}: {error.detail}"
    stored, found = store.read([row])[0], record.unpacked()
    if found.shape != stored.shape:
        return f"has {len(stored)} {store.long_name}, its source gives {len(found)}"
    if found.tobytes() != stored.tobytes():
        return f"{store.long_name} are not those of its source"
    return ""


def remaker(store: RaggedStore, source: MadeFrom, resolve: Callable[[str], Path]) -> Remaker:
    """Return what makes a record of a recording as the store's were made."""
    step, config = store.manifest["step"], store.config
    if step == "prep-audio":
        from avkd_cli.steps import prep_audio

        settings = PrepAudioConfig(**config)
        return partial(prep_audio.process_utterance, resolve=resolve, config=settings)
    if step == "crop-faces":
        from avkd_cli.steps import crop_faces
        from avkd_cli.vision.detectors import find_weights

        faces = CropFacesConfig(**config)
        weights = find_weights(source.detector_weights, faces.detector)
        how = {"resolve": resolve, "config": faces, "weights": weights}
        return partial(crop_faces.process_utterance, **how)
    raise InputError(f"{store.path}: made by {step}, which has no source to decode")


def print_checked(found: Sequence[Examined], as_json: bool) -> None:
    """Print one line a fault, or all as JSON, on stdout.

    Raises:
        InputError: there are faults.
    """
    count = sum(len(one.faults) for one in found)
    if as_json:
        stores = [{"path": str(one.path), "faults": one.faults} for one in found]
        print(json.dumps({"stores": stores, "faults": count}))
    else:
        for one in found:
            for fault in one.faults:
                print(f"{one.path}: {fault}")
    if count:
        bad = sum(bool(one.faults) for one in found)
        faults = "1 fault" if count == 1 else f"{count} faults"
        raise InputError(f"{faults} in {bad} of {counted(found)}; make these again")
    print(f"{counted(found)} {'is' if len(found) == 1 else 'are'} whole", file=sys.stderr)


def counted(found: Sequence[Examined]) -> str:
    """Return how many there are, as `2 stores and 1 run`."""
    numbers = Counter(one.kind for one in found)
    kinds = [name for name in ("store", "run", "system") if numbers[name]]
    return " and ".join(f"{numbers[name]} {name}{'s' * (numbers[name] > 1)}" for name in kinds)
