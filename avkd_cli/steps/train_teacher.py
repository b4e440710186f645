"""Train a baseline of one sense, or a fusion of both, with the AAM-softmax."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch

from avkd_cli.config import AudioConfig, FusionConfig, TrainConfig, VisualConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.models.fusion import make_orthogonal
from avkd_cli.steps.training_run import Job, train
from avkd_cli.steps.training_set import TrainingSet, choose
from avkd_cli.steps.training_sound import (
    Disturbers,
    class_count,
    open_disturbers,
    sound_sources,
)
from avkd_cli.steps.training_start import all_of, network_of
from avkd_cli.storage.store import open_store
from avkd_cli.training.batches import Embeddings, Faces, OtherOfPerson, Source
from avkd_cli.training.networks import Description, build
from avkd_cli.training.objectives import Classify, Corrupted

STORES = {"audio": ["avkd.audio"], "visual": ["avkd.faces"], "fusion": ["avkd.embeddings"] * 2}


def train_teacher(
    modality: str,
    stores: list[str],
    output: Path,
    settings: TrainConfig,
    *,
    list_file: Path | None = None,
    noise: str | None = None,
    rir: str | None = None,
    init_from: Path | None = None,
    reset_head: bool = False,
    validation: str | None = None,
    overwrite: bool = False,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train a teacher; return the line that names its run.

    Args:
        modality: audio, visual or fusion.
        stores: an audio store, a face store, or the embedding stores of a voice and a face
            encoder in any order.
        noise: audio store of music, speech and noise. rir: of room responses.
        init_from: run to start from, of the same network; and of the same persons, unless
            reset_head asks for a new classifier.
    """
    if reset_head and init_from is None:
        raise UsageError("--reset-head is for --init-from RUN")
    opened = open_stores(modality, stores)
    disturbers = open_disturbers(modality, opened[0], settings, noise, rir)
    if modality == "fusion":
        job = fusion_job(opened, settings, list_file)
    else:
        job = sense_job(modality, opened[0], settings, list_file, disturbers)
    if init_from is not None:
        job = started(job, init_from, reset_head, class_count(job.chosen, settings))
    return train(job, output, settings, validation=validation, overwrite=overwrite, quiet=quiet)


def started(job: Job, run: Path, reset_head: bool, n_classes: int) -> Job:
    """Return the job with the weights of a finished run to begin with."""
    if reset_head:
        start = network_of(run, job.description)
    else:
        start = all_of(run, job.description, job.chosen, n_classes)
    return dataclasses.replace(
        job,
        objective=lambda: start.put(job.objective()),
        inputs=job.inputs | start.inputs(),
    )


def open_stores(modality: str, stores: list[str]) -> list[Any]:
    """Return the stores, checked to be as many and of the kind that the modality takes."""
    kinds = STORES[modality]
    if len(stores) != len(kinds):
        raise UsageError(
            f"--modality {modality} takes {len(kinds)} store{'s' * (len(kinds) > 1)} of "
            f"{kinds[0]}, {len(stores)} given"
        )
    return [open_store(path, kind) for path, kind in zip(stores, kinds, strict=True)]


def sense_job(
    modality: str,
    store: Any,
    settings: AudioConfig | VisualConfig,
    list_file: Path | None,
    disturbers: Disturbers,
) -> Job:
    """Return the training of one sense's encoder from its store."""
    chosen = choose([store], list_file)
    description = describe_sense(modality, store, settings)
    return Job(
        step="train-teacher",
        modality=modality,
        chosen=chosen,
        sources=sense_sources(modality, store, chosen, settings, disturbers),
        description=description,
        stores=[store],
        objective=lambda: Classify(
            build(description),
            class_count(chosen, settings),
            settings.embedding_size,
            settings.scale,
            settings.fallback,
        ),
        inputs={modality: store.fingerprint, **disturbers.inputs()},
        list_file=list_file,
    )


def sense_sources(
    modality: str,
    store: Any,
    chosen: TrainingSet,
    settings: AudioConfig | VisualConfig,
    disturbers: Disturbers,
) -> list[Source]:
    """Return what reads a sense's part of a batch."""
    if modality == "audio":
        return sound_sources(store, chosen, settings, disturbers)
    return [Faces(store, chosen.rows(store), settings.seed)]


def describe_sense(modality: str, store: Any, settings: AudioConfig | VisualConfig) -> Description:
    """Return what builds a sense's network for what the store holds."""
    model: dict[str, Any] = {"embedding_size": settings.embedding_size}
    if settings.width:
        model["width"] = settings.width
    if settings.dropout:
        model["dropout"] = settings.dropout
    if modality == "audio":
        front_end = describe_sound(store, settings)
        model |= {"n_mels": front_end["n_mels"], "emb_bn": settings.emb_bn}
        if settings.pooling:
            model["pooling"] = settings.pooling
        return Description("audio", settings.model, model, front_end)
    height, width, channels = store.row_shape
    model |= {"in_channels": channels, "emb_bn": settings.emb_bn}
    if settings.model in ("cnn", "iresnet18"):  # the nets that know where in the face they look
        model |= {"height": height, "width_px": width}
    front_end = {name: getattr(settings, name) for name in ("flip", "jitter", "shift", "erase")}
    return Description("visual", settings.model, model, front_end)


def describe_store(modality: str, opened: list[Any]) -> dict[str, Any]:
    """Return what a network must have been trained with to embed these stores."""
    store = opened[0]
    if modality == "fusion":
        sizes = [one.embedding.shape[1] for one in opened]
        return dict(zip(("visual_size", "audio_size"), sizes, strict=True))
    if modality == "visual":
        height, width, channels = store.row_shape
        return {"in_channels": channels, "height": height, "width_px": width}
    held = {"features": FEATURE_OF[store.long_name]}
    if store.long_name != "samples":
        held["n_mels"] = store.row_shape[0]
    return held


FEATURE_OF = {"frames": "fbank", "samples": "waveform", "spectrogram": "spectrogram"}


def describe_sound(store: Any, settings: AudioConfig) -> dict[str, Any]:
    """Return the front end's settings; the store says what it holds."""
    name = store.long_name
    bands = settings.n_mels if name == "samples" else store.row_shape[0]
    return {
        "features": FEATURE_OF[name],
        "n_mels": bands,
        "time_mask": settings.time_mask,
        "freq_mask": settings.freq_mask,
    }


def fusion_job(stores: list[Any], settings: FusionConfig, list_file: Path | None) -> Job:
    """Return the training of a fusion from stored embeddings."""
    visual, audio = by_sense(stores)
    chosen = choose([audio, visual], list_file)
    check_same_persons(audio, visual, chosen)
    description = describe_fusion(visual, audio, settings)
    sizes = len(chosen.classes), settings.embedding_size, settings.scale, settings.fallback

    def objective() -> Classify:
        network = build(description)
        if settings.centre:
            network.front_end.set_means(mean_of(visual, chosen), mean_of(audio, chosen))
        if settings.start == "orthogonal":
            make_orthogonal(network.fusion)
        if settings.corrupt:
            return Corrupted(network, *sizes, probability=settings.corrupt)
        return Classify(network, *sizes)

    return Job(
        step="train-teacher",
        modality="fusion",
        chosen=chosen,
        sources=fusion_sources(visual, audio, chosen, settings),
        description=description,
        stores=[visual, audio],
        objective=objective,
        inputs={"audio": audio.fingerprint, "visual": visual.fingerprint},
        list_file=list_file,
    )


def by_sense(stores: list[Any]) -> tuple[Any, Any]:
    """Return (visual, audio), by what the stores say of themselves or, unsaid, by order."""
    senses = [store.manifest.get("modality") for store in stores]
    if senses[0] == senses[1] and senses[0] is not None:
        raise InputError(
            f"{stores[0].path} and {stores[1].path} both hold {senses[0]} embeddings; "
            "give one of each sense"
        )
    if senses[0] == "visual" or senses[1] == "audio":
        return stores[0], stores[1]
    return stores[1], stores[0]


def check_same_persons(audio: Any, visual: Any, chosen: TrainingSet) -> None:
    """Raise InputError where the two stores say different persons of one utterance."""
    for one in chosen.ids:
        voice, face = audio.persons[audio.row_of[one]], visual.persons[visual.row_of[one]]
        if face and voice != face:
            raise InputError(
                f"'{one}' is {voice} in {audio.path} and {face} in {visual.path}; "
                "make both stores from one list"
            )


def describe_fusion(visual: Any, audio: Any, settings: FusionConfig) -> Description:
    """Return what builds a fusion of embeddings of these sizes."""
    model: dict[str, Any] = {
        "visual_size": visual.embedding.shape[1],
        "audio_size": audio.embedding.shape[1],
        "embedding_size": settings.embedding_size,
    }
    if settings.model == "gate":
        model |= {"hidden": settings.hidden, "tanh": settings.gate_tanh}
    sizes = {name: model[name] for name in ("visual_size", "audio_size")}
    return Description("fusion", settings.model, model, sizes if settings.centre else {})


def mean_of(store: Any, chosen: TrainingSet) -> torch.Tensor:
    """Return the mean embedding of the training set, (d,) float32."""
    rows = chosen.rows(store)
    return torch.from_numpy(store.embedding[rows].mean(axis=0, dtype=np.float64)).float()


def fusion_sources(
    visual: Any, audio: Any, chosen: TrainingSet, settings: FusionConfig
) -> list[Source]:
    """Return what reads both embeddings of a pair, of one clip or of one person."""
    faces, voices = chosen.rows(visual), chosen.rows(audio)
    sound = Embeddings("audio", audio.embedding, voices)
    if settings.pairing == "same-clip":
        return [sound, Embeddings("visual", visual.embedding, faces)]
    other = OtherOfPerson("visual", visual.embedding, faces, chosen.labels, settings.seed)
    return [sound, other]


def settings_for(settings: TrainConfig, parent: type[TrainConfig]) -> dict[str, Any]:
    """Return the values of those settings that `parent` has."""
    return {field.name: getattr(settings, field.name) for field in dataclasses.fields(parent)}
