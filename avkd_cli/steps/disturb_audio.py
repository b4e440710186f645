"""What `prep-audio --disturb` does to a recording, and the stores that it takes noise from."""

import functools
from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.audio import disturb, quality
from avkd_cli.audio.limits import Decoded
from avkd_cli.config import PrepAudioConfig
from avkd_cli.errors import InputError, Rejected, TemporaryError, UsageError, blame
from avkd_cli.keyed import generator
from avkd_cli.storage.store import AUDIO, RaggedStore, open_store
from avkd_cli.storage.utterance import Utterance

_TRIES = 8  # stretches of a recording of noise, until one is not silent


@dataclass(frozen=True)
class Disturber:
    """Where the noise or the room of a spoilt copy comes from; goes to the workers.

    Args:
        kind: of `config.choices.SOUND_DISTURBANCES`.
        level_db: power of the voice over the noise's; of direct over reverberant sound.
        seed: of what is drawn.
        store: path of the store, "" where none is needed.
        fingerprint: of the store.
    """

    kind: str
    level_db: float
    seed: int
    store: str = ""
    fingerprint: str = ""

    def inputs(self) -> dict[str, str]:
        """Return what the result depends on beside the settings."""
        return {("rir" if self.kind == "room" else "noise"): self.fingerprint} if self.store else {}

    def __call__(self, decoded: Decoded, utterance: Utterance) -> Decoded:
        """Return the recording made worse; the same for an utterance's id, whoever does it.

        Raises:
            Rejected: silent, if no stretch of the noise drawn has a sound.
            TemporaryError: the store is not the one that the run began with.
        """
        # The level is no part of the key: copies of other levels have the same noise.
        rng = generator(self.seed, self.kind, utterance.id)
        try:
            samples = self._spoilt(decoded.samples.astype(np.float64), utterance, rng)
        except ValueError as error:
            raise Rejected("silent", f"--disturb {self.kind}: {error}") from None
        samples = disturb.softened(samples).astype(np.float32)
        return replace(decoded, samples=samples, level_dbfs=quality.level_dbfs(samples))

    def _spoilt(
        self, clean: np.ndarray, utterance: Utterance, rng: np.random.Generator
    ) -> np.ndarray:
        if self.kind == "telephone":
            return disturb.telephone(clean)
        sounds = _opened(self.store, self.fingerprint)
        if self.kind == "room":
            response = sounds.read([int(rng.integers(len(sounds)))])[0]
            return disturb.room(clean, response.astype(np.float64), self.level_db)
        if self.kind == "babble":
            noise = _babble(sounds, utterance.person, len(clean), rng)
        else:
            rows = _rows(self.store, self.fingerprint)[self.kind]
            noise = _stretch(sounds, int(rng.choice(rows)), len(clean), rng)
        return disturb.add(clean, noise, self.level_db)


def disturber(config: PrepAudioConfig, noise: str | None, rir: str | None) -> Disturber | None:
    """Return what spoils the recordings; None for --disturb none.

    Raises:
        UsageError: a store is missing, or one is given that is not used.
        MissingInputError, InputError: it is none of waveforms, or has none of the kind.
    """
    option = {"none": "", "telephone": "", "room": "--rir"}.get(config.disturb, "--noise")
    given = {"--noise": noise, "--rir": rir}
    for name, path in given.items():
        if path and name != option:
            raise UsageError(f"{name} is given, but --disturb {config.disturb} does not use it")
    if config.disturb == "none":
        return None
    made = Disturber(config.disturb, config.snr, config.seed)
    if not option:
        return made
    if not (path := given[option]):
        raise UsageError(
            f"--disturb {config.disturb} needs {option} STORE, made by prep-audio --features "
            "waveform; 'avkd corpus standin' makes a list of "
            f"{'rooms' if option == '--rir' else 'noises'}"
        )
    return _of_store(made, path)


def _of_store(made: Disturber, path: str) -> Disturber:
    store = open_store(path, AUDIO.kind)
    if not isinstance(store, RaggedStore) or store.long_name != "samples" or not len(store):
        raise InputError(
            f"{store.path}: --disturb {made.kind} wants waveforms, some at least; make it by "
            "prep-audio --features waveform"
        )
    made = replace(made, store=str(store.path.absolute()), fingerprint=store.fingerprint)
    if made.kind != "room" and made.kind not in _kinds(store):
        raise InputError(
            f"{store.path}: has no {disturb.FILES[made.kind]}, which --disturb {made.kind} needs"
        )
    return made


def _kinds(store: RaggedStore) -> dict[str, np.ndarray]:
    with blame(store.path, "say it in 'session' or at the id's beginning"):
        return disturb.rows_by_kind(store.ids, store.column("session"))


@functools.lru_cache(maxsize=1)
def _opened(path: str, fingerprint: str) -> RaggedStore:
    """Return this process's open store."""
    store = open_store(path, AUDIO.kind)
    if not isinstance(store, RaggedStore) or store.fingerprint != fingerprint:
        raise TemporaryError(f"{path}: was replaced during the run; run again")
    return store


@functools.lru_cache(maxsize=1)
def _rows(path: str, fingerprint: str) -> dict[str, np.ndarray]:
    return _kinds(_opened(path, fingerprint))


def _babble(store: RaggedStore, person: str, length: int, rng: np.random.Generator) -> np.ndarray:
    """Return several voices at once, none of them the recording's own person."""
    rows = _rows(str(store.path), store.fingerprint)["babble"]
    others = [row for row in rows.tolist() if not person or store.persons[row] != person]
    if not others:
        raise ValueError(f"every voice of the noise is of {person!r}")
    fewest, most = disturb.VOICES
    count = min(int(rng.integers(fewest, most + 1)), len(others))
    chosen = rng.choice(others, size=count, replace=False)
    return disturb.babble([_stretch(store, int(row), length, rng) for row in chosen])


def _stretch(store: RaggedStore, row: int, length: int, rng: np.random.Generator) -> np.ndarray:
    """Return a stretch of a stored sound that is not silent, if eight draws find one."""
    sound = store.read([row])[0].astype(np.float64) / 32768
    for _ in range(_TRIES):
        found = disturb.stretch(sound, length, rng)
        if found.any():
            break
    return found
