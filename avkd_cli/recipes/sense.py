"""An encoder of one sense, trained from its store: `--modality audio` and `visual`."""

from typing import Any

from avkd_cli.config import AudioConfig, VisualConfig
from avkd_cli.errors import UsageError
from avkd_cli.inputs.disturbance import open_disturbers
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.frames import FaceClips
from avkd_cli.inputs.networks import Description
from avkd_cli.inputs.sound import Sound, copies
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.start import Start, all_of, network_of
from avkd_cli.training.training_set import TrainingSet, choose


def audio(request: Request, settings: AudioConfig) -> Job:
    """Return the training of a voice encoder."""
    refuse_encoders(request)
    sound = Sound(request.open(Sound))
    store, speeds = sound.stores[0], settings.speed_classes
    disturbers = open_disturbers(store, settings.augment, speeds, request.noise, request.rir)
    chosen, front_end = choose([store, *request.beside], request.choice), sound.front_end(settings)
    model = encoder(settings) | {"n_mels": front_end["n_mels"]}
    if settings.pooling:
        model["pooling"] = settings.pooling
    if settings.freq_flatten:
        model["freq_flatten"] = True
    segment, times = sound.segment(settings), copies(settings)
    description = Description("audio", settings.model, model, front_end, segment)
    return Job(
        step=request.step,
        modality="audio",
        chosen=chosen,
        sources=sound.sources(chosen, settings, disturbers),
        description=description,
        input=sound,
        heads=lambda: {"person": head_for(chosen, settings, norm=settings.emb_bn, copies=times)},
        inputs={**sound.fingerprints(), **disturbers.inputs()},
        start=start_of(request, description, chosen, times),
        list_file=request.choice.list_file,
        prepared={"audio": store},
    )


def visual(request: Request, settings: VisualConfig) -> Job:
    """Return the training of a face encoder; with `pooling`, of one of films."""
    refuse_disturbers(request)
    refuse_encoders(request)
    face = Face(request.open(Face))
    chosen = choose([*face.stores, *request.beside], request.choice)
    model, kind, read = encoder(settings) | face.held(), "visual", face
    if settings.pooling:
        model, kind, read = model | {"pooling": settings.pooling}, "clips", FaceClips(face.stores)
    description = Description(kind, settings.model, model, face.front_end(settings))
    return Job(
        step=request.step,
        modality="visual",
        chosen=chosen,
        sources=read.sources(chosen, settings),
        description=description,
        input=read,
        heads=lambda: {"person": head_for(chosen, settings, norm=settings.emb_bn)},
        inputs=face.fingerprints(),
        start=start_of(request, description, chosen),
        list_file=request.choice.list_file,
        prepared={"visual": face.stores[0]},
    )


def encoder(settings: AudioConfig | VisualConfig) -> dict[str, Any]:
    """Return the keywords that encoders of either sense share."""
    model: dict[str, Any] = {"embedding_size": settings.embedding_size}
    if settings.width:
        model["width"] = settings.width
    if settings.dropout:
        model["dropout"] = settings.dropout
    return model


def refuse_disturbers(request: Request) -> None:
    """Raise UsageError where noise or rooms are given to what does not hear."""
    for flag, path in (("--noise", request.noise), ("--rir", request.rir)):
        if path:
            raise UsageError(f"{flag} is for --modality audio, not {request.modality}")


def refuse_encoders(request: Request, instead: str = "") -> None:
    """Raise UsageError where encoders of a pair are given to what is none."""
    if request.encoders:
        raise UsageError(f"--audio-encoder and --visual-encoder are for --modality pair{instead}")


def start_of(
    request: Request, description: Description, chosen: TrainingSet, times: int = 1
) -> Start | None:
    """Return the weights that --init-from names, None where it is not given."""
    if request.init_from is None:
        return None
    if request.reset_head:
        return network_of(request.init_from, description)
    return all_of(request.init_from, description, chosen, times)
