"""Stored embeddings: of a teacher, or of both senses of a fusion."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from avkd_cli.config import FusionConfig
from avkd_cli.inputs.base import Input, by_sense
from avkd_cli.inputs.passing import Passage
from avkd_cli.storage.choosing import refuse_other_persons
from avkd_cli.storage.store import EmbeddingStore, Store
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.sampler import Draws, Groups
from avkd_cli.training.training_set import TrainingSet


class BothEmbeddings(Input):
    """Two stores of embeddings, of faces and of voices, given in any order."""

    modality = "fusion"
    kinds, names = ("avkd.embeddings", "avkd.embeddings"), ("visual", "audio")
    stores: Sequence[EmbeddingStore]

    def __init__(self, stores: Sequence[Store]) -> None:
        super().__init__(by_sense(stores))
        self.visual, self.audio = self.stores

    def held(self) -> dict[str, Any]:
        """Return the width of either sense's embeddings."""
        return {"visual_size": self.visual.dimension, "audio_size": self.audio.dimension}

    def check_persons(self, chosen: TrainingSet) -> None:
        """Raise InputError where the two stores say different persons of one utterance."""
        refuse_other_persons(chosen.ids, self.audio, self.visual)

    def sources(self, chosen: TrainingSet, settings: FusionConfig) -> list[Source]:
        """Return what reads both embeddings of a pair, of one clip or of one person."""
        faces, voices = chosen.rows(self.visual), chosen.rows(self.audio)
        sound = Embeddings("audio", self.audio.embedding, voices)
        if settings.pairing == "same-clip":
            return [sound, Embeddings("visual", self.visual.embedding, faces)]
        other = OtherOfPerson("visual", self.visual.embedding, faces, chosen.labels, settings.seed)
        return [sound, other]

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a level of each pair of stored embeddings, (ids, d) float32."""
        visual = self.visual.embedding[self.rows(self.visual, ids)]
        audio = self.audio.embedding[self.rows(self.audio, ids)]
        return passage.in_parts({"visual": visual, "audio": audio})


def mean_of(store: EmbeddingStore, chosen: TrainingSet) -> torch.Tensor:
    """Return the mean embedding of the training set, (d,) float32."""
    rows = chosen.rows(store)
    return torch.from_numpy(store.embedding[rows].mean(axis=0, dtype=np.float64)).float()


class Embeddings:
    """A stored embedding of each row, under a name: `teacher`, `audio` or `visual`."""

    def __init__(self, name: str, embedding: np.ndarray, rows: np.ndarray) -> None:
        self.name, self.embedding, self.rows = name, embedding, rows

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return (batch, d) float32."""
        return {self.name: self.embedding[self.rows[draws.rows]]}


class OtherOfPerson:
    """An embedding of another utterance of the same person, drawn independently.

    The S0 authors pair a face and a voice of one person, not of one clip, in training.

    Args:
        labels: person of each row of the training set.
    """

    def __init__(
        self, name: str, embedding: np.ndarray, rows: np.ndarray, labels: np.ndarray, seed: int
    ) -> None:
        self.name, self.embedding, self.rows, self.seed = name, embedding, rows, seed
        self.labels, self.people = labels, Groups(labels)

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return (batch, d) float32."""
        others = self.people.draw(self.labels[draws.rows], self.seed, "pair", draws.numbers)
        return {self.name: self.embedding[self.rows[others]]}
