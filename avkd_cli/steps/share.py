"""`avkd share`: all that verify needs of one or several runs, in one folder or tar."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.inputs.networks import Trained
from avkd_cli.steps.card_facts import CARD
from avkd_cli.steps.decide import opening, shared
from avkd_cli.steps.decide.opening import CALIBRATION, SENSE_OF, SENSES, Provided
from avkd_cli.steps.decide.shared import FUSION
from avkd_cli.storage import durable, places
from avkd_cli.storage.making import Making
from avkd_cli.training import checkpoint
from avkd_cli.training.runs import MODEL_FORMAT, RUN_FORMAT, VERSION, read_json
from avkd_cli.verification import calibration

KEPT = ("modality", "role", "network", "n_utterances", "fingerprint", "inputs")
"""Of model.json; classes and persons stay where they are."""


@dataclass
class Parts:
    """The runs of a system, by part, and how what they take was made: recordings, embeddings."""

    runs: dict[str, Path] = field(default_factory=dict)
    trained: dict[str, Trained] = field(default_factory=dict)
    prepared: dict[str, dict[str, Any]] = field(default_factory=dict)
    extraction: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def add(self, name: str, run: Path, trained: Trained) -> None:
        """Add a run; UsageError where that part is there."""
        if name in self.runs:
            raise UsageError(f"{run} and {self.runs[name]} are both {name}; give one")
        self.runs[name], self.trained[name] = run, trained


def share(
    runs: Sequence[Path],
    output: Path,
    *,
    students: Mapping[str, Path] | None = None,
    calibrations: Sequence[Path] = (),
    detector_weights: Path | None = None,
    mode: int = 0o600,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write a system and return its record.

    Raises:
        UsageError: a run too many or too few.
        MissingInputError, InputError: a run is unfinished, damaged, of another kind, on imported
            embeddings, or not of the others; a calibration is of none of them.
        OutputError: something else is in the way.
    """
    parts = parts_of(runs, students or {})
    chosen = chosen_calibrations(parts, calibrations)
    weights = weights_of(parts, detector_weights)
    with tempfile.TemporaryDirectory(prefix="avkd-share-") as work:
        folder = Path(work) / "system"
        record = write_system(folder, parts, chosen, weights, mode)
        publish(folder, output, mode, overwrite=overwrite)
    return record


def parts_of(runs: Sequence[Path], students: Mapping[str, Path]) -> Parts:
    """Return the runs by what they are in the system, each checked against the others."""
    parts = Parts()
    for run in runs:
        trained = networks.load(run)
        modality = trained.description.modality
        part = FUSION if modality == FUSION else SENSE_OF.get(modality)
        if part is None:
            raise InputError(
                f"{run}: is of --modality {modality}; share takes a run of one sense, or a fusion "
                "with the two runs whose embeddings it fuses"
            )
        parts.add(part, run, trained)
    check_parts(parts, students)
    for sense, run in students.items():
        trained = networks.load(run)
        if SENSE_OF.get(trained.description.modality) != sense:
            raise InputError(
                f"--student {sense}={run}: is of --modality {trained.description.modality}"
            )
        parts.add(f"{sense}-student", run, trained)
    for name, run in parts.runs.items():
        sense = name.removesuffix("-student")
        try:
            parts.prepared[name] = (
                {} if name == FUSION else {sense: opening.preparation_of(run, sense, None)}
            )
        except InputError:
            raise InputError(
                f"{run}: does not say how its recordings were prepared (it is of avkd 0.1), so "
                "nobody else could prepare theirs alike; train it again to share it"
            ) from None
    return parts


def check_parts(parts: Parts, students: Mapping[str, Path]) -> None:
    """Raise UsageError or InputError unless these runs make a system."""
    if FUSION not in parts.runs:
        if len(parts.runs) != 1:
            raise UsageError("several runs of one sense make no system; give the fusion of both")
        if students:
            raise UsageError("--student is for a fusion, where a sense may be missing")
        return
    said = read_json(parts.runs[FUSION] / "run.json", RUN_FORMAT).get("prepared", {})
    for sense in SENSES:
        if sense not in parts.runs:
            raise UsageError(
                f"{parts.runs[FUSION]} is a fusion: name the {sense} run behind it as well, whose "
                "embeddings it fuses"
            )
        check_source(parts, sense, said.get(sense))


def check_source(parts: Parts, sense: str, made: Mapping[str, Any] | None) -> None:
    """Raise InputError unless the fusion was trained on the embeddings of this run."""
    fusion, run = parts.runs[FUSION], parts.runs[sense]
    if made is None:
        raise InputError(
            f"{fusion}: does not say how its embeddings were made (it is of avkd 0.1); train it "
            "again to share it"
        )
    if made["step"] != "extract-embeddings" or "run" not in made["inputs"]:
        raise InputError(
            f"{fusion}: rests on imported {sense} embeddings (made by {made['step']}): there is no "
            "network to run on new recordings"
        )
    if made["inputs"]["run"] != parts.trained[sense].fingerprint:
        raise InputError(
            f"{run}: is not the {sense} run whose embeddings {fusion} fuses "
            f"({made['inputs']['run'][7:19]}); name that one"
        )
    parts.extraction[sense] = made["config"]


def chosen_calibrations(parts: Parts, given: Sequence[Path]) -> dict[str, Path]:
    """Return a calibration file of each run that answers, by part."""
    answering = [
        name
        for name in parts.runs
        if FUSION not in parts.runs or name == FUSION or name.endswith("-student")
    ]
    prints = {parts.trained[name].fingerprint: name for name in answering}
    lying = [parts.runs[name] / CALIBRATION for name in answering]
    files = list(given) or [one for one in lying if one.is_file()]
    found: dict[str, Path] = {}
    for path in files:
        model = calibration.read(path)
        opening.check_calibration(model, path, list(prints), parts.runs[answering[0]])
        if prints[model.system] in found:
            raise UsageError(f"{path} and {found[prints[model.system]]} calibrate one run")
        found[prints[model.system]] = path
    if lacking := [name for name in answering if name not in found]:
        raise InputError(
            f"{parts.runs[lacking[0]]}: has no calibration, so what is shared could not answer; "
            "make one by avkd calibrate, and give it by --calibration"
        )
    return found


def weights_of(parts: Parts, given: Path | None) -> Path | None:
    """Return the file of the weights of these faces; a folder may have been given."""
    if given is None:
        return None
    senses = [
        opening.open_sense(run, Provided(weights=given))
        for name, run in parts.runs.items()
        if name.startswith("visual")
    ]
    if not senses:
        raise UsageError("--detector-weights are for faces, and no run here sees any")
    return senses[0].weights.path  # type: ignore[attr-defined, union-attr]


def write_system(
    folder: Path, parts: Parts, calibrations: Mapping[str, Path], weights: Path | None, mode: int
) -> dict[str, Any]:
    """Write every file of a system into a new folder; return its record."""
    folder.mkdir()
    for name, trained in parts.trained.items():
        write_part(folder / name, parts.runs[name], trained, parts.prepared[name])
    copied = {f"calibration-{name}.json": path for name, path in calibrations.items()}
    detector = {} if weights is None else {"detector.onnx": weights}
    for name, path in (copied | detector).items():
        shutil.copyfile(path, folder / name)
    record = {
        "parts": list(parts.runs),
        "extraction": dict(parts.extraction),
        "calibrations": list(copied),
        "detector": next(iter(detector), None),
    }
    shared.write(folder, record, mode)
    return record


def write_part(folder: Path, run: Path, trained: Trained, prepared: dict[str, Any]) -> None:
    """Write a run's network, its card, and how to prepare for it; no head, class or person."""
    folder.mkdir()
    tensors = {f"network.{key}": value.cpu() for key, value in trained.network.state_dict().items()}
    entry = checkpoint.save_tensors(folder / "model.safetensors", tensors)
    if (run / CARD).is_file():
        shutil.copyfile(run / CARD, folder / CARD)
    model = {
        "format": MODEL_FORMAT,
        "version": VERSION,
        **{key: trained.record[key] for key in KEPT if key in trained.record},
        "network": networks.to_json(trained.description),
        "heads": {},
        "label": trained.label,
        "persons": [],
        "files": {"model.safetensors": entry},
    }
    durable.write_json(folder / "model.json", model)
    if prepared:
        said = {"step": trained.record.get("role"), "fingerprint": trained.fingerprint}
        plan = {"format": RUN_FORMAT, "version": VERSION, **said, "prepared": prepared}
        durable.write_json(folder / "run.json", plan)


def publish(folder: Path, output: Path, mode: int, *, overwrite: bool) -> None:
    """Put a finished system where it is to be; the same again is only given a new time.

    Raises:
        OutputError: something else is there, without `overwrite`; or anything but a system.
    """
    if output.exists():
        if not shared.is_system(output) and not (overwrite and output.is_file()):
            raise OutputError(f"{output}: exists and is no shared system; choose another -o")
        if equal(folder, output) and not overwrite:
            os.utime(output)
            return
        if not overwrite:
            raise OutputError(f"{output}: is another system; choose another -o, or --overwrite")
        places.remove_tree(output) if output.is_dir() else output.unlink()
    if output.suffix == ".tar":
        shared.pack(folder, output, mode)
        return
    durable.make_directory(output.parent)
    system = Making(output, first=shared.NAME, last=shared.NAME)
    with system.locked():
        system.drop()
        shutil.copytree(folder, system.work)
        system.publish(overwrite=False)


def equal(folder: Path, output: Path) -> bool:
    """Return whether what is there is the same system, digest by digest."""
    try:
        with shared.unpacked(output) as there:
            return shared.read(there, output) == shared.read(folder, folder)
    except InputError:
        return False
