"""Open a system: the run folder of one sense, or what `avkd share` made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avkd_cli.config import ExtractConfig
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.decide import shared
from avkd_cli.steps.decide.decision import plain_cosines
from avkd_cli.steps.decide.embedders import Embedder, GraphEmbedder, RunEmbedder
from avkd_cli.steps.decide.sense import Hearing, Perception, Seeing
from avkd_cli.steps.decide.system import Channel, Verifier
from avkd_cli.storage.store import open_store
from avkd_cli.training.runs import RUN_FORMAT, read_description, read_json
from avkd_cli.verification import calibration
from avkd_cli.verification.calibration import Calibration

if TYPE_CHECKING:
    from avkd_cli.inputs.networks import Trained

CALIBRATION = "calibration.json"
"""Looked for in a run's folder."""
SENSES: Mapping[str, type[Perception]] = {one.name: one for one in (Hearing, Seeing)}
SENSE_OF = {"audio": "audio", "visual": "visual", "clips": "visual"}
"""The sense of each kind of network that takes one; clips are faces in a row."""


@dataclass(frozen=True)
class Provided:
    """What is given beside a system.

    Args:
        calibrations: files, each of one run of the system; none: those that lie with it.
        weights: of the face detector. like: store that new recordings are prepared alike, for
            runs of avkd 0.1, which do not say how theirs were.
        onnx: what avkd export made of the run, to be run in place of its network, without torch.
    """

    calibrations: Sequence[Path] = ()
    weights: Path | None = None
    like: str | None = None
    onnx: Path | None = None


NOTHING = Provided()


def open_system(path: Path, beside: Provided = NOTHING) -> Verifier:
    """Return a system, all that it needs checked.

    Raises:
        MissingInputError: it, or a file beside it, is not there.
        InputError: unfinished, damaged, of another kind; a calibration of another run.
        UsageError: it needs the weights of a face detector.
    """
    if not path.exists():
        raise MissingInputError(f"{path}: no such run or system; give a run of one sense")
    if path.is_file() or (path / shared.NAME).exists():
        if beside.onnx is not None:
            raise UsageError("--onnx is one network: name the run that it was exported from")
        with shared.unpacked(path) as folder:
            return open_shared(folder, path, beside)
    sense = open_sense(path, beside)
    channels = list(channels_of({sense.name: sense}))
    return Verifier(str(path), channels, calibrations_of(channels, path, beside))


def open_sense(
    run: Path,
    beside: Provided,
    extraction: Mapping[str, Any] | None = None,
    where: Path | None = None,
) -> Perception:
    """Return a run of one sense, ready for new recordings.

    Args:
        extraction: settings that its embeddings are made with. where: it is, for messages.

    Raises:
        MissingInputError, InputError: as `networks.load`; the run is of another kind, or does not
            say how its store was made.
    """
    embedder = embedder_of(run, beside, extraction or {}, where or run)
    sense = SENSE_OF.get(embedder.modality)
    if sense is None:
        raise InputError(
            f"{run}: is of --modality {embedder.modality}; verify takes a run of one sense, such "
            "as a student, or what avkd share made of a fusion"
        )
    prepared = preparation_of(run, sense, beside.like)
    return SENSES[sense](embedder, prepared, where or run, beside.weights)


def embedder_of(
    run: Path, beside: Provided, extraction: Mapping[str, Any], where: Path
) -> Embedder:
    """Return what embeds as a run does: its network, or the graph that was made of it."""
    if beside.onnx is None:
        from avkd_cli.inputs import networks  # torch

        known = extraction.keys() & ExtractConfig.__dataclass_fields__.keys()
        settings = ExtractConfig(**{name: extraction[name] for name in known})
        return RunEmbedder(networks.load(run), where, settings)
    graph, print_of = GraphEmbedder(beside.onnx), read_description(run)["fingerprint"]
    if graph.fingerprint != print_of:
        raise InputError(
            f"{beside.onnx}: is of another run ({graph.fingerprint[7:19]}) than {run} "
            f"({print_of[7:19]}); export that one"
        )
    return graph


def preparation_of(run: Path, sense: str, like: str | None) -> dict[str, Any]:
    """Return how the store of a run was made."""
    kind = SENSES[sense].kind
    if like is not None:
        return open_store(like, kind).preparation()
    said = read_json(run / "run.json", RUN_FORMAT).get("prepared", {})
    found = next((one for one in said.values() if one.get("kind") == kind), None)
    if found is None:
        raise InputError(
            f"{run}: does not say how its recordings were prepared (it is of avkd 0.1); give the "
            "store that it was trained on, or one made alike, by --like STORE"
        )
    return found


def calibrations_of(
    channels: Sequence[Channel], system: Path, beside: Provided, own: Sequence[Path] = ()
) -> dict[str, Calibration]:
    """Return the calibrations of channels by their runs: those given, or that lie there."""
    lying = own or [one for one in [system / CALIBRATION] if one.is_file()]
    found: dict[str, Calibration] = {}
    runs = [channel.fingerprint for channel in channels]
    for path in beside.calibrations or lying:
        model = calibration.read(path)
        check_calibration(model, path, runs, system)
        found[model.system] = model
    return found


def check_calibration(model: Calibration, path: Path, runs: Sequence[str], system: Path) -> None:
    """Raise InputError unless a calibration is of the plain cosines of one of these runs."""
    if not model.system:
        raise InputError(
            f"{path}: does not say whose scores it is for; make it again by avkd calibrate "
            "DEV.scores --of RUN"
        )
    if model.system not in runs:
        raise InputError(
            f"{path}: is the calibration of another run ({model.system[7:19]}) than {system} "
            f"({', '.join(one[7:19] for one in runs)}); make one of its scores"
        )
    plain = plain_cosines(model.system)
    if model.score_types != (plain,) or model.qualities:
        raise InputError(
            f"{path}: is for {', '.join((*model.score_types, *model.qualities))}; verify compares "
            f"plain cosines ({plain}): score the development list without --norm, --cohort, "
            "--sub-mean and --quality-store"
        )


def open_shared(folder: Path, path: Path, beside: Provided) -> Verifier:
    """Return the system in a folder that `avkd share` made; the path is for messages."""
    record = shared.read(folder, path)
    weights = folder / record["detector"] if record.get("detector") else None
    beside = Provided(beside.calibrations, beside.weights or weights, beside.like)
    parts = {name: open_part(folder, name, path, beside, record) for name in record["parts"]}
    channels = list(channels_of(parts))
    own = [folder / one for one in record["calibrations"]]
    return Verifier(str(path), channels, calibrations_of(channels, path, beside, own))


def open_part(
    folder: Path, name: str, path: Path, beside: Provided, record: Mapping[str, Any]
) -> "Perception | Trained":
    """Return one run of a shared system: a fusion's network, or a sense."""
    if name == shared.FUSION:
        from avkd_cli.inputs import networks  # torch

        return networks.load(folder / name)
    said = record["extraction"].get(name)
    return open_sense(folder / name, beside, said, Path(f"{path}: {name}"))


def channels_of(parts: Mapping[str, Any]) -> Iterator[Channel]:
    """Yield the channels of a system by parts, the best first: both senses, then single runs."""
    if shared.FUSION in parts:
        fusion = parts[shared.FUSION]
        yield Channel("the fusion of both senses", (parts["audio"], parts["visual"]), fusion)
    for name in sorted(parts.keys() - {shared.FUSION}):
        what = "the student" if name.endswith("-student") else "a run"
        if shared.FUSION not in parts or name.endswith("-student"):
            yield Channel(f"{what} that {parts[name].does}", (parts[name],))
