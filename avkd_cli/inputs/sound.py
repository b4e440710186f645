"""Sound: crops of fbank, waveforms or spectrograms in training, whole recordings afterwards."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from avkd_cli.audio.limits import HOP
from avkd_cli.config import AudioConfig
from avkd_cli.errors import UsageError
from avkd_cli.inputs.base import Input, Row
from avkd_cli.inputs.crops import AudioCrops
from avkd_cli.inputs.disturbance import (
    N_SPEEDS,
    Disturbances,
    Disturbers,
    SpeedClasses,
    sorted_noise,
)
from avkd_cli.inputs.passing import Passage
from avkd_cli.inputs.segments import Segments
from avkd_cli.inputs.weights import FRAMES_A_SECOND, sound_step, sound_weights, weighs
from avkd_cli.models.sequence import Segmented
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.batches import Source
from avkd_cli.training.training_set import TrainingSet

FEATURE_OF = {"frames": "fbank", "samples": "waveform", "spectrogram": "spectrogram"}


class Sound(Input):
    """An audio store."""

    modality = "audio"
    kinds = ("avkd.audio",)
    stores: Sequence[RaggedStore]

    def held(self) -> dict[str, Any]:
        """Return the features, and how many bands there are where they are not waveforms."""
        store = self.stores[0]
        held: dict[str, Any] = {"features": FEATURE_OF[store.long_name]}
        return held if store.long_name == "samples" else held | {"n_mels": store.row_shape[0]}

    def front_end(self, settings: AudioConfig) -> dict[str, Any]:
        """Return the keywords of the front end; the store says what it holds."""
        return {
            "n_mels": settings.n_mels,
            **self.held(),
            "time_mask": settings.time_mask,
            "freq_mask": settings.freq_mask,
        }

    def segment(self, settings: AudioConfig) -> int:
        """Return the frames of a segment; 0 where sound is not cut in segments.

        Raises:
            UsageError: on waveforms, or a training crop is shorter than a segment.
        """
        if not settings.segment:
            return 0
        store, length = self.stores[0], round(FRAMES_A_SECOND * settings.segment)
        if store.long_name == "samples":
            raise UsageError(
                f"--segment cuts features, {store.path} holds waveforms; make it by prep-audio "
                "--features spectrogram or fbank"
            )
        if settings.crop_min < length:
            raise UsageError(
                f"--crop-min {settings.crop_min} is shorter than a segment of {length} frames "
                f"(--segment {settings.segment:g}); make it a multiple, such as {5 * length}"
            )
        return length

    def sources(
        self, chosen: TrainingSet, settings: AudioConfig, disturbers: Disturbers
    ) -> list[Source]:
        """Return what reads the sound of a batch, and what disturbs it.

        Raises:
            UsageError: crop lengths the wrong way round.
        """
        low, high = settings.crop_min, settings.crop_max
        if high < low:
            raise UsageError(f"--crop-max {high} is below --crop-min {low}")
        seed, speeds, store = settings.seed, settings.speed_classes, self.stores[0]
        if length := self.segment(settings):
            return [Segments(store, chosen.rows(store), length, (low, high), seed)]
        crops = AudioCrops(store, chosen.rows(store), low, high, seed, speeds)
        sources: list[Source] = [crops]
        if speeds:
            sources.append(SpeedClasses(chosen.labels, len(chosen.classes), seed))
        if settings.augment:
            noise = disturbers.noise
            kinds = None if noise is None else (noise, sorted_noise(noise))
            sources.append(Disturbances(crops, settings.augment, seed, kinds, disturbers.responses))
        return sources

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of whole recordings, (ids, d) float32.

        A batch has at most `settings.batch_frames` frames; one recording may be longer.
        """
        store = self.stores[0]
        most = passage.settings.batch_frames * (HOP if store.long_name == "samples" else 1)
        return passage.by_length("audio", store, self.rows(store, ids), most)

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return the width and seconds of a segment's embedding, or those of a moment's weight."""
        encoder = passage.network.encoder
        segmented = isinstance(encoder, Segmented)
        there = [*(["segments"] * segmented), *(["weights"] * weighs(encoder))]
        self.check_level(passage.level, *there)
        if passage.level == "weights":
            return 1, sound_step(passage, self.stores[0])
        return encoder.embedding_size, encoder.length / FRAMES_A_SECOND

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the segments, or the weights of moments, of each recording."""
        store = self.stores[0]
        rows = self.rows(store, ids)
        if passage.level == "weights":
            yield from sound_weights(passage, store, rows)
            return
        length = passage.network.encoder.length
        for found in passage.one_by_one("audio", store, rows):
            yield found, np.arange(len(found)) * length / FRAMES_A_SECOND


def copies(settings: AudioConfig) -> int:
    """Return how many times each person is a class: once, or once a speed."""
    return N_SPEEDS if settings.speed_classes else 1
