"""`avkd export`: a network of one sense as an ONNX graph that takes samples, or a face's pixels.

What runs it needs no torch and no avkd: onnxruntime, and sound at 16 kHz or an aligned crop.
"""

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avkd_cli.config import PrepAudioConfig
from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.said import tell
from avkd_cli.steps.card import card_of
from avkd_cli.steps.decide.embedders import FORMAT, session_of
from avkd_cli.steps.export_check import cases_of, checked
from avkd_cli.storage import durable, manifest
from avkd_cli.training.runs import RUN_FORMAT, read_json

if TYPE_CHECKING:
    from torch import nn

    from avkd_cli.inputs.networks import Trained

VERSION = 1
OPSET = 18
ONE_SENSE = ("audio", "visual")
UNSTATED = "not stated by whoever exported it"


@dataclass(frozen=True)
class Interface:
    """What goes into a graph.

    Args:
        name: of the input. example: to trace the graph with. axes: names of its free axes.
        meaning: for the metadata.
    """

    name: str
    example: np.ndarray
    axes: dict[int, str]
    meaning: str


def export(
    run: Path,
    output: Path,
    *,
    check: Sequence[str] = (),
    licence: str = "",
    overwrite: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Write the network of a run as ONNX, if it gives the run's embeddings; return what it says.

    Raises:
        UsageError: the exporter is not installed.
        MissingInputError, InputError: no such run; unfinished, damaged, or of another kind;
            recordings that are not there or cannot be used.
        OutputError: another file is in the way.
        AvkdError: the graph does not give the run's embeddings.
    """
    from avkd_cli.inputs import networks  # torch

    require_exporter()
    trained = networks.load(run)
    modality = trained.description.modality
    if modality not in ONE_SENSE:
        raise InputError(
            f"{run}: is of modality {modality}; export takes a network of one sense, which hears "
            "sound or sees a face: a student, or the encoders that this one rests on"
        )
    if (done := described(output)) and not overwrite:
        return finished(output, done, trained.fingerprint, quiet)
    prepared = preparation(run, trained)
    cases = cases_of(modality, check, prepared, size_of(trained))
    with silence():
        model = graph(trained, prepared, interface(trained))
    found, told = checked(run, model.SerializeToString(), trained, cases)
    said = metadata(run, trained, prepared, found, licence)
    for name, value in said.items():
        model.metadata_props.add(key=name, value=value)
    durable.write_bytes(output, model.SerializeToString())
    if not quiet:
        tell("export", f"{output}: {told}")
    return line(output, said)


def require_exporter() -> None:
    """Raise UsageError unless torch's exporter can work."""
    try:
        import onnxscript  # noqa: F401
    except ImportError:
        raise UsageError(
            "export needs onnxscript, with which torch's exporter to ONNX is written; install it: "
            "pip install 'avkd[export]'"
        ) from None


def preparation(run: Path, trained: "Trained") -> PrepAudioConfig:
    """Return how the run's sound was prepared; runs of avkd 0.1 say it by their front end."""
    front = trained.description.front_end
    said = read_json(run / "run.json", RUN_FORMAT).get("prepared", {}).get("audio", {})
    given = said.get("config", {})
    given = {name: given[name] for name in PrepAudioConfig.__dataclass_fields__ if name in given}
    if trained.description.modality == "audio":
        given |= {"features": front["features"]}
        if front["features"] != "spectrogram":
            given["n_mels"] = front["n_mels"]
    return PrepAudioConfig(**given)


def size_of(trained: "Trained") -> tuple[int, int, int]:
    """Return height, width and channels of the crops that a network takes."""
    model = trained.description.model
    return model.get("height", 112), model.get("width_px", 96), model.get("in_channels", 3)


def interface(trained: "Trained") -> Interface:
    """Return what goes into the graph of a network."""
    if trained.description.modality == "audio":
        noise = np.random.default_rng(0).normal(0, 0.1, (2, 24_000)).astype(np.float32)
        meaning = (
            "(batch, samples) float32, mono, 16 kHz, full scale 1; at least 400, as long as you "
            "like; no padding: sounds of a batch have one length"
        )
        return Interface("samples", noise, {0: "batch", 1: "samples"}, meaning)
    height, width, channels = size_of(trained)
    pixels = np.random.default_rng(0).integers(0, 256, (2, height, width, channels), np.uint8)
    of = "RGB" if channels == 3 else "grey"
    meaning = (
        f"(batch, {height}, {width}, {channels}) uint8, {of}: crops aligned as avkd crop-faces "
        "does; the embedding of several faces of one recording is their mean"
    )
    return Interface("faces", pixels, {0: "batch"}, meaning)


def graph(trained: "Trained", prepared: PrepAudioConfig, given: Interface) -> Any:
    """Return the graph of a network as an ONNX ModelProto."""
    import torch

    from avkd_cli.inputs.graphs import graph_of

    front = trained.description.front_end
    made: nn.Module = graph_of(trained.network.cpu(), front, prepared.dtype).eval()
    program = torch.onnx.export(
        made,
        (torch.from_numpy(given.example),),
        input_names=[given.name],
        output_names=["embedding"],
        dynamic_shapes=(given.axes,),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    return bare(program.model_proto)


def bare(model: Any) -> Any:
    """Return a model without what the exporter notes of its sources, such as paths of this disk."""
    del model.metadata_props[:]
    parts = [model.graph, *model.functions]
    for part in parts:
        del part.metadata_props[:]
        for name in ("node", "input", "output", "value_info", "initializer"):
            for one in getattr(part, name, ()):
                if hasattr(one, "metadata_props"):
                    del one.metadata_props[:]
                if hasattr(one, "doc_string"):
                    one.ClearField("doc_string")
    model.producer_name, model.producer_version = "avkd", str(manifest.made_by()["avkd"])
    return model


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what the exporter says of itself from a person, who can do nothing about it."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def metadata(
    run: Path,
    trained: "Trained",
    prepared: PrepAudioConfig,
    found: dict[str, Any],
    licence: str,
) -> dict[str, str]:
    """Return what the file says of itself; texts, some of them JSON. No name of a person."""
    given, description = interface(trained), trained.description
    made: dict[str, Any] = {"crop": list(size_of(trained))}
    if description.modality == "audio":
        how = {name: getattr(prepared, name) for name in ("features", "n_mels", "channel")}
        made = {"sample_rate": 16_000, **how}
    structured = {
        "avkd.prepared": made,
        "avkd.network": {"name": description.name, **description.model},
        "avkd.check": found,
    }
    return {
        "format": FORMAT,
        "version": str(VERSION),
        "avkd.run": trained.fingerprint,
        "avkd.modality": description.modality,
        "avkd.role": str(trained.record.get("role", "")),
        "avkd.input": f"{given.name}: {given.meaning}",
        "avkd.output": f"embedding: (batch, {trained.head.size}) float32, compared by its cosine",
        "avkd.embedding_size": str(trained.head.size),
        "licence": licence or UNSTATED,
        "card": card_of(run),
        **{name: json.dumps(value) for name, value in structured.items()},
    }


def described(path: Path) -> dict[str, str]:
    """Return what an ONNX file of ours says of itself, {} where there is none."""
    if not path.exists():
        return {}
    try:
        said = session_of(str(path)).get_modelmeta().custom_metadata_map
    except Exception:  # onnxruntime has a class of error for each code, and no common one
        said = {}
    if said.get("format") != FORMAT:
        raise OutputError(f"{path}: exists and was not made by avkd export; name another output")
    return dict(said)


def finished(output: Path, said: dict[str, str], fingerprint: str, quiet: bool) -> dict[str, Any]:
    """Return the line of a file that is there already, of this run."""
    if said["avkd.run"] != fingerprint:
        raise OutputError(f"{output}: is of another run; name another output, or pass --overwrite")
    if not quiet:
        tell("export", f"{output}: already complete")
    return line(output, said)


def line(output: Path, said: dict[str, str]) -> dict[str, Any]:
    """Return what is printed."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "path": str(output),
        "run": said["avkd.run"],
        "modality": said["avkd.modality"],
        "embedding_size": int(said["avkd.embedding_size"]),
        "licence": said["licence"],
        "check": json.loads(said["avkd.check"]),
    }
