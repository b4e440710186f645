"""How whole utterances pass through a trained network, without padding.

Recordings of one length share a batch, so an embedding never depends on what it was batched
with.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import nn

from avkd_cli.config import ExtractConfig
from avkd_cli.losses.heads import Head
from avkd_cli.models.levels import level_of
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.device import to_device

ROWS = 4096  # stored embeddings that pass at once


def equal_lengths(lengths: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Yield places of equal length, together at most `most` long but never none."""
    order = np.argsort(lengths, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        size = max(1, most // max(1, int(lengths[group[0]])))
        yield from (group[i : i + size] for i in range(0, len(group), size))


def chunks(n: int, size: int) -> Iterable[slice]:
    """Return slices of at most `size` that cover range(n)."""
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


@torch.inference_mode()
def forward(
    network: nn.Module,
    batch: dict[str, np.ndarray],
    *,
    precision: str = "no",
    level: str = "embedding",
) -> np.ndarray:
    """Return a level of a network for one batch, float32: (batch, d) for the embedding.

    Args:
        precision: no, bf16 or fp16, of the arithmetic.
    """
    device = next(network.parameters()).device
    dtype = {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    with torch.autocast(device.type, dtype=dtype, enabled=precision != "no"):
        levels = network(to_device(batch, device))
    return level_of(levels, level).float().cpu().numpy()


@dataclass(frozen=True)
class Passage:
    """A network that utterances pass through, and what is asked of it.

    Args:
        network: in evaluation mode, on its device. settings: precision, and what passes at once.
        level: that is asked for.
    """

    network: nn.Module
    settings: ExtractConfig = field(default_factory=ExtractConfig)
    level: str = "embedding"

    def to(self, level: str) -> "Passage":
        """Return the same, asked for another level."""
        return replace(self, level=level)

    def of(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Return the level of one batch; see `forward`."""
        precision = self.settings.mixed_precision
        return forward(self.network, batch, precision=precision, level=self.level)

    def one_by_one(self, name: str, store: RaggedStore, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the level of each row of a store, which passes alone under a name of the batch."""
        for row in rows.tolist():
            yield self.of({name: store.read([row])[0][None]})[0]

    def by_length(self, name: str, store: RaggedStore, rows: np.ndarray, most: int) -> np.ndarray:
        """Return the level of rows, (rows, d) float32; those of one length pass together.

        Args:
            most: length of a batch, in the store's unit; one row may be longer.
        """
        found: dict[int, np.ndarray] = {}
        for places in equal_lengths(store.lengths[rows], most):
            given = self.of({name: np.stack(store.read(rows[places]))})
            found.update(zip(places.tolist(), given, strict=True))
        return np.stack([found[i] for i in range(len(rows))])

    def in_parts(self, batch: dict[str, np.ndarray]) -> np.ndarray:
        """Return the level of stored embeddings, (rows, d) float32, of which `ROWS` pass at once.

        Whatever the precision of other passages, they pass in float32.
        """
        count = len(next(iter(batch.values())))
        parts = [{name: one[i] for name, one in batch.items()} for i in chunks(count, ROWS)]
        return np.concatenate([forward(self.network, part, level=self.level) for part in parts])


@torch.inference_mode()
def posteriors(head: Head, embeddings: np.ndarray) -> np.ndarray:
    """Return the probability of each class of a head, (n, classes) float32.

    Args:
        embeddings: (n, d); the head's scale and bias are applied, its margin is for training.
    """
    scores = head({head.level: torch.from_numpy(np.asarray(embeddings, np.float32))})
    return (head.scale * scores).softmax(dim=1).numpy()
