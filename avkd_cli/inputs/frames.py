"""Frames in a row: stored embeddings of them, or the faces themselves, on one clock."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from avkd_cli.config import SequenceConfig, VisualConfig
from avkd_cli.errors import InputError
from avkd_cli.inputs.base import Input, Row
from avkd_cli.inputs.crops import stretches
from avkd_cli.inputs.passing import Passage, chunks
from avkd_cli.inputs.weights import weighs
from avkd_cli.models.joint import OverTime
from avkd_cli.storage.store import RaggedStore, Store
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import TrainingSet

MOST_FRAMES = 20_000  # stored embeddings that pass at once


class StoredFrames(Input):
    """A store of sequences of frame embeddings."""

    modality, sense = "sequence", "visual"
    kinds = ("avkd.sequences",)
    stores: Sequence[RaggedStore]

    @property
    def fps(self) -> float:
        """Frames a second.

        Raises:
            InputError: they are no frames, or not evenly spaced.
        """
        said, path = self.stores[0].manifest, self.stores[0].path
        if said.get("level") != "frames" or not said.get("fps"):
            raise InputError(
                f"{path}: holds {said.get('level')}, wanted frames that keep time; make them by "
                "extract-embeddings --level frames from a store of crop-faces --fps 25"
            )
        return float(said["fps"])

    def held(self) -> dict[str, Any]:
        """Return the width of a frame's embedding."""
        return {"size": self.stores[0].row_shape[0]}

    def sources(self, chosen: TrainingSet, settings: SequenceConfig) -> list[Source]:
        """Return what reads the frames of a batch."""
        store = self.stores[0]
        return [Stretches("frames", store, chosen.rows(store), settings.frames, settings.seed)]

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of whole utterances, (ids, d) float32."""
        store = self.stores[0]
        return passage.by_length("frames", store, self.rows(store, ids), MOST_FRAMES)

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return the width of a segment, and its seconds."""
        self.check_level(passage.level, "segments")
        return self.stores[0].row_shape[0], passage.network.core.length / self.fps

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the segments of each utterance."""
        store, length = self.stores[0], passage.network.core.length
        for found in passage.one_by_one("frames", store, self.rows(store, ids)):
            yield found, np.arange(len(found)) * length / self.fps


class FaceClips(Input):
    """A face store whose faces keep time, for networks that see them in a row."""

    modality, sense = "clips", "visual"
    kinds = ("avkd.faces",)
    stores: Sequence[RaggedStore]

    @property
    def fps(self) -> float:
        """Faces a second; InputError where the store's do not keep time."""
        return frames_a_second(self.stores[0])

    def held(self) -> dict[str, Any]:
        """Return the size of a crop."""
        return size_of_crop(self.stores[0])

    def sources(self, chosen: TrainingSet, settings: SequenceConfig | VisualConfig) -> list[Source]:
        """Return what reads the faces of a batch; a still is one face."""
        store = self.stores[0]
        length = 1 if film_rate(store) is None else settings.frames
        return [Stretches("faces", store, chosen.rows(store), length, settings.seed)]

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of whole utterances, (ids, d) float32."""
        store = self.stores[0]
        return np.stack([*passage.one_by_one("faces", store, self.rows(store, ids))])

    def piece(self, passage: Passage) -> tuple[int, float | None]:
        """Return the width of a segment's or a frame's embedding, or 1: a weight.

        Beside it the seconds of a segment, or from frame to frame; None of stills.
        """
        core = passage.network.core
        segmented = not isinstance(core, OverTime)
        more = [*(["segments"] * segmented), *(["weights"] * weighs(core))]
        self.check_level(passage.level, "frames", *more)
        width = 1 if passage.level == "weights" else core.encoder.embedding_size
        step, rate = step_of(passage), film_rate(self.stores[0])
        return width, None if rate is None else step / rate

    def pieces(self, passage: Passage, ids: list[str]) -> Iterator[Row]:
        """Yield the segments, the frames, or the weights of moments, of each utterance.

        Each frame is for itself, so those of a long film come in several parts.
        """
        store, settings = self.stores[0], passage.settings
        step, rate = step_of(passage), film_rate(store) or 1.0
        for row in self.rows(store, ids).tolist():
            length = int(store.lengths[row])
            for part in chunks(
                length, settings.batch_faces if passage.level == "frames" else length
            ):
                size = min(part.stop, length) - part.start
                found = passage.of({"faces": store.crops([row], [part.start], size)})[0]
                times = (part.start + np.arange(len(found)) * step) / rate
                yield found.reshape(len(found), -1), times


def size_of_crop(store: RaggedStore) -> dict[str, int]:
    """Return the size of a face, as keywords of a network."""
    height, width, channels = store.row_shape
    return {"in_channels": channels, "height": height, "width_px": width}


def step_of(passage: Passage) -> int:
    """Return the frames of one piece of a level."""
    return passage.network.core.sequence.length if passage.level == "segments" else 1


def film_rate(store: RaggedStore) -> float | None:
    """Return faces a second, None where they are stills, one an utterance.

    Raises:
        InputError: several faces an utterance that keep no time.
    """
    rate = rate_of(store)
    if rate is None and (store.lengths > 1).any():
        return frames_a_second(store)
    return rate


def frames_a_second(store: Store) -> float:
    """Return the rate of faces that keep time.

    Raises:
        InputError: gaps are left out of the store, so the faces do not.
    """
    rate = rate_of(store)
    if rate is None:
        raise InputError(
            f"{store.path}: its faces do not keep time, and are no stills; make it by crop-faces "
            "--fps 25 (or --gaps hold)"
        )
    return rate


def rate_of(store: Store) -> float | None:
    """Return faces a second, None where gaps are left out."""
    config = store.config
    gaps, fps = config.get("gaps", "skip"), float(config.get("fps", 0))
    holds = gaps == "hold" or (gaps == "auto" and fps >= 10 and not config.get("count"))
    return fps if holds else None


class Stretches:
    """A stretch of each row, all of one length, under a name; shorter rows are repeated."""

    def __init__(
        self, name: str, store: RaggedStore, rows: np.ndarray, length: int, seed: int
    ) -> None:
        self.name, self.store, self.rows = name, store, rows
        self.length, self.seed = length, seed

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return (batch, length, …)."""
        rows = self.rows[draws.rows]
        read = stretches(self.store, rows, self.length, self.seed, "crop", draws.numbers)
        return {self.name: read}
