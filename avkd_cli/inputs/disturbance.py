"""What makes a crop of sound harder, drawn for each draw: rooms, noise, music, babble, speed.

Sources read it from stores of waveforms; the front end applies it on the device.
"""

from dataclasses import dataclass

import numpy as np
import torch

from avkd_cli import keyed
from avkd_cli.audio import augment
from avkd_cli.audio.disturb import rows_by_kind
from avkd_cli.errors import InputError, OtherFeaturesError, UsageError, blame
from avkd_cli.inputs.crops import AudioCrops, stretches
from avkd_cli.storage.store import RaggedStore, open_store
from avkd_cli.training.batches import Arrays
from avkd_cli.training.sampler import Draws

N_SPEEDS = 1 + len(augment.SPEEDS)
SNR = {"babble": augment.SPEECH_SNR, "music": augment.MUSIC_SNR, "noise": augment.NOISE_SNR}


class SpeedClasses:
    """A speed for each draw, 1 or one of augment.SPEEDS; another speed is another person.

    Gives `speed` and, in place of the plain one, `label`: person + n_persons * speed, so that
    the first n_persons classes are the people as they are.

    Args:
        labels: person of each row of the training set.

    Reference:
        H. Yamamoto et al., "Speaker augmentation and bandwidth extension for deep speaker
        embedding", Interspeech 2019.
    """

    def __init__(self, labels: np.ndarray, n_persons: int, seed: int) -> None:
        self.labels, self.n_persons, self.seed = labels, n_persons, seed

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return `label` and `speed`, (batch,) int64."""
        speed = keyed.whole(self.seed, "speed", draws.numbers, N_SPEEDS)
        return {"label": self.labels[draws.rows] + self.n_persons * speed, "speed": speed}


class Disturbances:
    """One of reverberation, babble, music and noise for some draws, each equally likely.

    Gives `noise` (batch, samples) float32 with `snr_db` (batch,), `response` (batch, at most
    samples) float32, or both; a row of zeros disturbs nothing.

    Args:
        crops: says how long batch k is.
        probability: that a draw is disturbed; 0.8 with all four kinds is the custom of the
            VoxCeleb community, a fifth clean.
        noise: open store of waveforms, and its rows by kind (`sorted_noise`).
        responses: open store of impulse responses.

    Reference:
        D. Snyder et al., "X-vectors", ICASSP 2018, section 3.3; MUSAN, arXiv:1510.08484.
    """

    def __init__(
        self,
        crops: AudioCrops,
        probability: float,
        seed: int,
        noise: tuple[RaggedStore, dict[str, np.ndarray]] | None = None,
        responses: RaggedStore | None = None,
    ) -> None:
        self.crops, self.probability, self.seed = crops, probability, seed
        self.store, self.rows_of = noise or (None, {})
        self.responses = responses
        self.kinds = [*self.rows_of, *(["reverberation"] if responses is not None else [])]

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return what disturbs batch k."""
        numbers, length = draws.numbers, self.crops.length(k)
        kind = keyed.whole(self.seed, "kind", numbers, len(self.kinds))
        kind[keyed.uniform(self.seed, "augment", numbers) >= self.probability] = -1
        arrays: Arrays = {}
        if self.rows_of:
            arrays |= self.noises(kind, numbers, length)
        if self.responses is not None:
            rooms = kind == self.kinds.index("reverberation")
            arrays["response"] = self.rooms(rooms, numbers, length)
        return arrays

    def noises(self, kind: np.ndarray, numbers: np.ndarray, length: int) -> Arrays:
        """Return what is added, and how much more of the voice there is, in dB."""
        noise = np.zeros((len(kind), length), np.float32)
        snr = np.zeros(len(kind), np.float32)
        for place, name in enumerate(self.rows_of):
            here = np.flatnonzero(kind == place)
            if len(here):
                read = self.babble if name == "babble" else self.read
                noise[here] = read(name, numbers[here], length)
                low, high = SNR[name]
                snr[here] = low + (high - low) * keyed.uniform(self.seed, "snr", numbers[here])
        return {"noise": noise, "snr_db": snr}

    def read(self, name: str, numbers: np.ndarray, length: int) -> np.ndarray:
        """Return a stretch of a drawn file of a kind for each number: (numbers, length)."""
        files = self.rows_of[name]
        rows = files[keyed.whole(self.seed, f"{name} file", numbers, len(files))]
        sound = stretches(self.store, rows, length, self.seed, f"{name} start", numbers)
        return sound.astype(np.float32) * 2.0**-15

    def babble(self, name: str, numbers: np.ndarray, length: int) -> np.ndarray:
        """Return several voices at once for each number: (numbers, length)."""
        fewest, most = augment.BABBLE_VOICES
        counts = fewest + keyed.whole(self.seed, "voices", numbers, most - fewest + 1)
        each = np.concatenate(
            [n * most + np.arange(c) for n, c in zip(numbers, counts, strict=True)]
        )
        voices = torch.from_numpy(self.read(name, each, length)).split(counts.tolist())
        return torch.cat([augment.babble(some.unsqueeze(0)) for some in voices]).numpy()

    def rooms(self, here: np.ndarray, numbers: np.ndarray, length: int) -> np.ndarray:
        """Return a drawn impulse response where `here`, zeros elsewhere: (batch, longest)."""
        places = np.flatnonzero(here)
        count = len(self.responses.lengths)
        found = self.responses.read(keyed.whole(self.seed, "room", numbers[places], count))
        longest = min(length, max((len(one) for one in found), default=1))
        response = np.zeros((len(here), longest), np.float32)
        for place, one in zip(places, found, strict=True):
            response[place, : len(one)] = one[:longest]
        return response * 2.0**-15


@dataclass(frozen=True)
class Disturbers:
    """Open stores of waveforms that make training harder, each None where not given.

    Attributes:
        noise: music, speech and noise (MUSAN). responses: impulse responses of rooms.
    """

    noise: RaggedStore | None = None
    responses: RaggedStore | None = None

    def inputs(self) -> dict[str, str]:
        """Return name and fingerprint of each, for the plan of a run."""
        stores = {"noise": self.noise, "rir": self.responses}
        return {name: store.fingerprint for name, store in stores.items() if store is not None}


def open_disturbers(
    store: RaggedStore, augment: float, speeds: bool, noise: str | None, rir: str | None
) -> Disturbers:
    """Return the stores of --noise and --rir, checked to fit the settings.

    Raises:
        UsageError: --augment and the stores do not go together.
        InputError: a store does not hold waveforms.
    """
    given = [flag for flag, path in (("--noise", noise), ("--rir", rir)) if path]
    if augment and not given:
        raise UsageError(
            "--augment needs --noise STORE, --rir STORE or both, made by "
            "prep-audio --features waveform"
        )
    if given and not augment:
        raise UsageError(f"{given[0]} is given but --augment is 0; such as --augment 0.8 uses it")
    if augment or speeds:
        check_waveforms(store)
    opened = [open_store(path, "avkd.audio") if path else None for path in (noise, rir)]
    for one in opened:
        if one is not None:
            check_waveforms(one)
    return Disturbers(*opened)


def check_waveforms(store: RaggedStore) -> None:
    """Raise an InputError unless a store holds waveforms, some at least."""
    if store.long_name != "samples":
        raise OtherFeaturesError(
            f"{store.path}: holds {store.long_name}, but --augment and --speed-classes change "
            "waveforms",
            "waveform",
        )
    if not len(store):
        raise InputError(f"{store.path}: is empty")


def sorted_noise(store: RaggedStore) -> dict[str, np.ndarray]:
    """Return the rows of a noise store by kind."""
    sessions = store.column("session") if store.has("session") else [""] * len(store.ids)
    with blame(store.path, "say it in 'session' or at the id's beginning"):
        return rows_by_kind(store.ids, sessions)
