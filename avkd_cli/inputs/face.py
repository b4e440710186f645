"""One face: drawn of each utterance in training, all of them averaged afterwards."""

from typing import Any

import numpy as np
from torch import nn

from avkd_cli.config import ExtractConfig, VisualConfig
from avkd_cli.inputs.base import Input
from avkd_cli.inputs.passing import chunks, run
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training import keyed
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import TrainingSet


class Face(Input):
    """A face store, of which one face an utterance makes a sample."""

    modality = "visual"
    kinds = ("avkd.faces",)
    stores: list[RaggedStore]

    def held(self) -> dict[str, Any]:
        """Return the size of a crop."""
        height, width, channels = self.stores[0].row_shape
        return {"in_channels": channels, "height": height, "width_px": width}

    def front_end(self, settings: VisualConfig) -> dict[str, Any]:
        """Return the keywords of the front end."""
        return {name: getattr(settings, name) for name in ("flip", "jitter", "shift", "erase")}

    def sources(self, chosen: TrainingSet, settings: VisualConfig) -> list[Source]:
        """Return what reads the faces of a batch."""
        store = self.stores[0]
        return [Faces(store, chosen.rows(store), settings.seed)]

    def embed(
        self, network: nn.Module, ids: list[str], settings: ExtractConfig, level: str = "embedding"
    ) -> np.ndarray:
        """Return the mean of a level over the faces of each utterance, (ids, d) float32.

        Utterances have one face or more; images have one size, so batches are of any make-up.
        """
        store = self.stores[0]
        rows = self.rows(store, ids)
        counts = store.lengths[rows]
        owner = np.repeat(np.arange(len(rows)), counts)
        place = np.concatenate([np.arange(n) for n in counts])
        parts = [
            run(
                network,
                {"faces": store.gather(rows[owner[i]], place[i])},
                precision=settings.mixed_precision,
                level=level,
            )
            for i in chunks(len(owner), settings.batch_faces)
        ]
        each = np.concatenate(parts).astype(np.float64)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return (np.add.reduceat(each, starts) / counts[:, None]).astype(np.float32)


class Faces:
    """Faces drawn of each row: `faces`, (batch, height, width, channels) uint8."""

    def __init__(self, store: RaggedStore, rows: np.ndarray, seed: int) -> None:
        self.store, self.rows, self.seed = store, rows, seed

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return one face an utterance."""
        rows = self.rows[draws.rows]
        places = keyed.whole(self.seed, "face", draws.numbers, self.store.lengths[rows])
        return {"faces": self.store.gather(rows, places)}
