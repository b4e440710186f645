"""What an audio encoder is trained on: crops, and what disturbs them."""

from dataclasses import dataclass
from typing import Any

from avkd_cli.config import AudioConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.training_set import TrainingSet
from avkd_cli.storage.store import open_store
from avkd_cli.training.batches import AudioCrops, Source
from avkd_cli.training.disturbance import N_SPEEDS, Disturbances, SpeedClasses, kinds_of_noise


@dataclass(frozen=True)
class Disturbers:
    """Open stores of waveforms that make training harder, each None where not given.

    Attributes:
        noise: music, speech and noise (MUSAN). responses: impulse responses of rooms.
    """

    noise: Any = None
    responses: Any = None

    def inputs(self) -> dict[str, str]:
        """Return name and fingerprint of each, for the plan of a run."""
        stores = {"noise": self.noise, "rir": self.responses}
        return {name: store.fingerprint for name, store in stores.items() if store is not None}


def open_disturbers(
    modality: str, store: Any, settings: Any, noise: str | None, rir: str | None
) -> Disturbers:
    """Return the stores of --noise and --rir, checked to fit the settings.

    Raises:
        UsageError: --augment and the stores do not go together, or the sense is not sound.
        InputError: a store does not hold waveforms.
    """
    given = [flag for flag, path in (("--noise", noise), ("--rir", rir)) if path]
    if modality != "audio":
        if given:
            raise UsageError(f"{given[0]} is for --modality audio, not {modality}")
        return Disturbers()
    if settings.augment and not given:
        raise UsageError(
            "--augment needs --noise STORE, --rir STORE or both, made by "
            "prep-audio --features waveform"
        )
    if given and not settings.augment:
        raise UsageError(f"{given[0]} is given but --augment is 0; such as --augment 0.8 uses it")
    if settings.augment or settings.speed_classes:
        check_waveforms(store)
    opened = [open_store(path, "avkd.audio") if path else None for path in (noise, rir)]
    for one in opened:
        if one is not None:
            check_waveforms(one)
    return Disturbers(*opened)


def check_waveforms(store: Any) -> None:
    """Raise InputError unless a store holds waveforms, some at least."""
    if store.long_name != "samples":
        raise InputError(
            f"{store.path}: holds {store.long_name}, but --augment and --speed-classes change "
            "waveforms; make it by prep-audio --features waveform"
        )
    if not len(store):
        raise InputError(f"{store.path}: is empty")


def sound_sources(
    store: Any, chosen: TrainingSet, settings: AudioConfig, disturbers: Disturbers
) -> list[Source]:
    """Return what reads the sound of a batch, and what disturbs it."""
    if settings.crop_max < settings.crop_min:
        raise UsageError(f"--crop-max {settings.crop_max} is below --crop-min {settings.crop_min}")
    seed, speeds = settings.seed, settings.speed_classes
    bounds = settings.crop_min, settings.crop_max
    crops = AudioCrops(store, chosen.rows(store), *bounds, seed, speeds)
    sources: list[Source] = [crops]
    if speeds:
        sources.append(SpeedClasses(chosen.labels, len(chosen.classes), seed))
    if settings.augment:
        noise = disturbers.noise
        noise = None if noise is None else (noise, sorted_noise(noise))
        sources.append(Disturbances(crops, settings.augment, seed, noise, disturbers.responses))
    return sources


def sorted_noise(store: Any) -> dict[str, Any]:
    """Return the rows of a noise store by kind."""
    try:
        return kinds_of_noise(store)
    except ValueError as error:
        raise InputError(
            f"{store.path}: {error}; say it in 'session' or at the id's beginning"
        ) from None


def class_count(chosen: TrainingSet, settings: Any) -> int:
    """Return the classes that are trained: people, times speeds where these are classes."""
    return len(chosen.classes) * (N_SPEEDS if getattr(settings, "speed_classes", False) else 1)
