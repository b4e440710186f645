"""Clips: sound and film of the same seconds, on the utterance's clock."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from avkd_cli import keyed
from avkd_cli.audio.limits import FRAME, HOP
from avkd_cli.config import JointConfig
from avkd_cli.inputs.base import Input, Row, open_stores
from avkd_cli.inputs.crops import at
from avkd_cli.inputs.disturbance import Disturbances, Disturbers, sorted_noise
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.frames import film_rate
from avkd_cli.inputs.passing import Passage
from avkd_cli.inputs.sound import FEATURE_OF, Sound
from avkd_cli.inputs.weights import FRAMES_A_SECOND, sound_step, sound_weights
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import TrainingSet

KIND_OF = {"audio": "avkd.audio", "visual": "avkd.faces"}


class Clip(Input):
    """An audio store and a face store of the same utterances.

    Faces keep time (crop-faces --fps 25), or are stills, one an utterance, which are held.
    """

    modality = "joint"
    kinds, names = ("avkd.audio", "avkd.faces"), ("audio", "visual")
    side_levels = ("embedding", "weights")
    stores: Sequence[RaggedStore]

    def __init__(self, stores: Sequence[RaggedStore]) -> None:
        super().__init__(stores)
        self.audio, self.faces = stores

    @classmethod
    def opened_side(cls, sense: str, paths: Sequence[str], encoded: bool) -> Input:
        """Return the input of a joint network that has one sense alone."""
        return OneOfClip(sense, open_stores("joint", paths, [KIND_OF[sense]])[0])

    @property
    def fps(self) -> float | None:
        """Faces a second, None where they are stills; InputError where they keep no time."""
        return film_rate(self.faces)

    def held(self) -> dict[str, Any]:
        """Return nothing: what each encoder takes is held against each sense's store."""
        return {}

    def senses(self) -> dict[str | None, Input]:
        """Return either sense as an input of its own."""
        return {"audio": OneOfClip("audio", self.audio), "visual": OneOfClip("visual", self.faces)}

    def features(self) -> str:
        """Return what the audio store holds, as a front end calls it."""
        return FEATURE_OF[self.audio.long_name]

    def clips(self, chosen: TrainingSet, settings: JointConfig) -> "Clips":
        """Return what reads a clip of each draw."""
        return Clips(self, chosen, settings.clip, settings.seed)

    def sources(
        self, clips: "Clips", settings: JointConfig, disturbers: Disturbers
    ) -> list[Source]:
        """Return what reads a clip of each draw, and what disturbs its sound."""
        if not settings.augment:
            return [clips]
        noise = disturbers.noise
        kinds = None if noise is None else (noise, sorted_noise(noise))
        disturbed = Disturbances(
            clips, settings.augment, settings.seed, kinds, disturbers.responses
        )
        return [clips, disturbed]

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of whole utterances, (ids, d) float32."""
        return np.stack([passage.of(self.whole(one))[0] for one in ids])

    def whole(self, one: str) -> dict[str, np.ndarray]:
        """Return both senses of an utterance, a batch of one."""
        sound = self.audio.read([self.audio.row_of[one]])[0]
        return {"audio": sound[None], "faces": self.faces.read([self.faces.row_of[one]])[0][None]}

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return 1: a weight, and the seconds from one moment of the film to the next."""
        self.check_level(passage.level, "weights")
        return 1, None if self.fps is None else 1 / self.fps

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the weight of each moment of an utterance's film."""
        for one in ids:
            found = passage.to("visual.weights").of(self.whole(one))[0]
            yield found[:, None], np.arange(len(found)) / (self.fps or 1.0)


class OneOfClip(Input):
    """One sense of a joint network, where the other is missing.

    Args:
        sense: audio or visual.
    """

    modality = "joint"

    def __init__(self, sense: str, store: RaggedStore) -> None:
        super().__init__([store])
        self.sense, self.name = sense, {"audio": "audio", "visual": "faces"}[sense]

    def held(self) -> dict[str, Any]:
        """Return what that sense's encoder must have been trained with."""
        return (Sound if self.sense == "audio" else Face)(self.stores).held()

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return the embedding that the network gives of one sense, (ids, d) float32."""
        store = self.stores[0]
        rows = self.rows(store, ids)
        return np.stack([*passage.to("embedding").one_by_one(self.name, store, rows)])

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return 1: a weight, and the seconds from one moment to the next, None of stills."""
        self.check_level(passage.level, "weights")
        store = self.stores[0]
        if self.sense == "audio":
            return 1, sound_step(passage.to("audio.weights"), store)
        rate = film_rate(store)
        return 1, None if rate is None else 1 / rate

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the weight of each moment of an utterance."""
        store, asked = self.stores[0], passage.to(f"{self.sense}.{passage.level}")
        rows = self.rows(store, ids)
        if self.sense == "audio":
            yield from sound_weights(asked, store, rows)
            return
        rate = film_rate(store) or 1.0
        for found in asked.one_by_one("faces", store, rows):
            yield found[:, None], np.arange(len(found)) / rate


class Clips:
    """The same seconds of sound and film of each row: `audio` and `faces`.

    Shape (batch, frames, mels) or (batch, samples), and (batch, time, height, width, channels).
    Where a sense ends before the clip does, it is repeated from the clip's beginning.

    Args:
        seconds: length of a clip.
    """

    def __init__(self, clip: Clip, chosen: TrainingSet, seconds: float, seed: int) -> None:
        self.audio, self.faces, self.seed = clip.audio, clip.faces, seed
        self.sound_rows, self.face_rows = chosen.rows(clip.audio), chosen.rows(clip.faces)
        self.fps, self.samples = clip.fps, clip.audio.long_name == "samples"
        self.frames = round(seconds * FRAMES_A_SECOND)
        self.pictures = 1 if self.fps is None else max(1, round(seconds * self.fps))

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return both senses of each draw."""
        sound, face = self.sound_rows[draws.rows], self.face_rows[draws.rows]
        begin = self.begins(sound, face, draws.numbers)
        unit = HOP if self.samples else 1
        audio = at(self.audio, sound, np.round(begin * FRAMES_A_SECOND) * unit, self.length(k))
        first = np.zeros(len(face)) if self.fps is None else np.round(begin * self.fps)
        return {"audio": audio, "faces": at(self.faces, face, first, self.pictures)}

    def short(self) -> Iterator[str]:
        """Yield of which sense, and of how many, there is less than a clip."""
        senses = [(self.audio, self.sound_rows, self.length(0))]
        if self.fps is not None:  # a still is held
            senses.append((self.faces, self.face_rows, self.pictures))
        for store, rows, wanted in senses:
            found = store.lengths[rows]
            if count := int((found < wanted).sum()):
                least = int(found.argmin())
                yield (
                    f"{store.path}: {count:,} of {len(rows):,} utterances are shorter than a clip, "
                    f"such as {store.ids[rows[least]]!r} ({found[least]:,} of {wanted:,} "
                    f"{store.long_name}): they are repeated from their beginning, take a shorter "
                    "--clip"
                )

    def length(self, k: int) -> int:
        """Return the length of batch k's sound, in the store's unit."""
        return (self.frames - 1) * HOP + FRAME if self.samples else self.frames

    def begins(self, sound: np.ndarray, face: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Return when each clip begins, in s: drawn so that both senses have all of it, if so."""
        hop = HOP * FRAMES_A_SECOND if self.samples else FRAMES_A_SECOND
        room = (self.audio.lengths[sound] - self.length(0)) / hop
        if self.fps is not None:
            room = np.minimum(room, (self.faces.lengths[face] - self.pictures) / self.fps)
        return keyed.uniform(self.seed, "clip", numbers) * np.maximum(room, 0)
