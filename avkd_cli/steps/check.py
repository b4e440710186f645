"""Verify stores and runs: digests, chunks, indices, counts; against each other and the media."""

import functools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from avkd_cli.config import CropFacesConfig, PrepAudioConfig
from avkd_cli.errors import InputError, Rejected, UsageError
from avkd_cli.steps.check_run import faults_of_run, is_run
from avkd_cli.steps.decide import shared
from avkd_cli.storage import verify
from avkd_cli.storage.build import media_fingerprint
from avkd_cli.storage.readers import RaggedStore
from avkd_cli.storage.record import Process
from avkd_cli.storage.specs import SPECS
from avkd_cli.storage.store import open_store, resolve_input
from avkd_cli.storage.utterances import UtteranceList, read_utterances


@dataclass
class CheckedStore:
    """What was found of one store."""

    path: Path
    faults: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, str | list[str]]:
        """Return it as `--json` prints it."""
        return {"path": str(self.path), "faults": self.faults}


@dataclass(frozen=True)
class MadeFrom:
    """What `--source` needs.

    Args:
        utterances: the list that the store was made from.
        root: as it was given then.
        detector_weights: as they were given then.
        sample: rows that are made again and compared.
    """

    utterances: str | Path
    root: Path | None = None
    detector_weights: Path | None = None
    sample: int = 20


def check(
    stores: Sequence[str | Path],
    *,
    against: str | Path | None = None,
    source: MadeFrom | None = None,
) -> list[CheckedStore]:
    """Return what was found of each store, run or shared system.

    Args:
        stores: their paths, or those of runs and of what `avkd share` made.
        against: a store that each must agree with: ids, persons, dimension.
        source: what each was made from.

    Raises:
        MissingInputError: a store, or the list, is not there.
        UsageError: a store of embeddings or sequences has no media to decode, a run no store to be
            compared with.
    """
    found = []
    for argument in stores:
        if is_run(Path(argument)):
            found.append(
                CheckedStore(Path(argument), _faults_of_run(Path(argument), against, source))
            )
            continue
        if shared.is_system(Path(argument)):
            refuse_for_systems(Path(argument), against, source)
            found.append(
                CheckedStore(Path(argument), list(shared.faults_of_system(Path(argument))))
            )
            continue
        one = CheckedStore(resolve_input(argument))
        one.faults += verify.faults_of_store(one.path)
        if not one.faults and against is not None:
            one.faults += verify.faults_against(open_store(one.path), open_store(against))
        if not one.faults and source is not None:
            one.faults += faults_of_source(one.path, source)
        found.append(one)
    return found


def _faults_of_run(path: Path, against: object, source: object) -> list[str]:
    if against is not None or source is not None:
        raise UsageError(f"{path} is a run; --against and --source are for stores")
    return list(faults_of_run(path))


def refuse_for_systems(path: Path, against: object, source: object) -> None:
    """Raise UsageError for what is asked of stores alone."""
    if against is not None or source is not None:
        raise UsageError(f"{path}: is a shared system; --against and --source are for stores")


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
    process, settings = process_of(store, source)
    rows = np.unique(np.linspace(0, len(store) - 1, min(source.sample, len(store))).astype(int))
    place = {utterance.id: index for index, utterance in enumerate(listed.utterances)}
    for row in rows.tolist():
        index = place[store.ids[row]]
        if fault := difference(store, row, listed, index, process, settings):
            yield f"row {row}, {store.ids[row]!r}: {fault}"


def difference(
    store: RaggedStore,
    row: int,
    listed: UtteranceList,
    index: int,
    process: Process,
    settings: PrepAudioConfig | CropFacesConfig,
) -> str:
    """Return how a row differs from what its recording gives now; "" if it does not."""
    try:
        record = process(listed.utterances[index], listed.resolve, settings)
    except Rejected as error:
        return f"is rejected now: {error.code}: {error.detail}"
    stored, found = store.read([row])[0], record.unpacked()
    if found.shape != stored.shape:
        return f"has {len(stored)} {store.long_name}, its source gives {len(found)}"
    if found.tobytes() != stored.tobytes():
        return f"{store.long_name} are not those of its source"
    return ""


def process_of(
    store: RaggedStore, source: MadeFrom
) -> tuple[Process, PrepAudioConfig | CropFacesConfig]:
    """Return the function that made a store's records, and its settings."""
    step, config = store.manifest["step"], store.config
    if step == "prep-audio":
        from avkd_cli.steps import prep_audio

        return prep_audio.process_utterance, PrepAudioConfig(**config)
    if step == "crop-faces":
        from avkd_cli.steps import crop_faces
        from avkd_cli.vision.detectors import find_weights

        settings = CropFacesConfig(**config)
        weights = find_weights(source.detector_weights, settings.detector)
        return functools.partial(crop_faces.process_utterance, weights=weights), settings
    raise InputError(f"{store.path}: made by {step}, which has no source to decode")


def print_checked(found: Sequence[CheckedStore], as_json: bool) -> None:
    """Print one line a fault, or all as JSON, on stdout.

    Raises:
        InputError: there are faults.
    """
    import json

    count = sum(len(one.faults) for one in found)
    if as_json:
        print(json.dumps({"stores": [r.to_json() for r in found], "faults": count}))
    else:
        for one in found:
            for fault in one.faults:
                print(f"{one.path}: {fault}")
    if count:
        bad = sum(bool(one.faults) for one in found)
        faults = "1 fault" if count == 1 else f"{count} faults"
        raise InputError(f"{faults} in {bad} of {counted(found)}; make these again")
    print(f"{counted(found)} {'is' if len(found) == 1 else 'are'} whole", file=sys.stderr)


def counted(found: Sequence[CheckedStore]) -> str:
    """Return how many stores and runs there are, as `2 stores and 1 run`."""
    runs = sum(is_run(one.path) for one in found)
    systems = sum(shared.is_system(one.path) for one in found)
    numbers = {"store": len(found) - runs - systems, "run": runs, "system": systems}
    words = [f"{n} {name}{'s' * (n > 1)}" for name, n in numbers.items() if n]
    return " and ".join(words)
