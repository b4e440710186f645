"""From a trained network and whole recordings to embeddings, without padding.

Recordings of one length share a batch, so an embedding never depends on what it was batched
with. Faces of an utterance are embedded in batches of any make-up (images have one size) and
averaged.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from avkd_cli.training.networks import to_device


def embed_sound(
    network: nn.Module,
    store: Any,
    rows: np.ndarray,
    batch_frames: int,
    *,
    device: torch.device,
    precision: str = "no",
) -> np.ndarray:
    """Return one embedding for each row of an audio store: (rows, d) float32.

    Args:
        batch_frames: most frames (or samples / 160) in a batch; one recording may be longer.
    """
    unit = 160 if store.long_name == "samples" else 1
    found: dict[int, np.ndarray] = {}
    for places in equal_lengths(store.lengths[rows], batch_frames * unit):
        sounds = np.stack(store.read(rows[places]))
        embedded = run(network, {"audio": sounds}, device, precision)
        found.update(zip(places.tolist(), embedded, strict=True))
    return np.stack([found[i] for i in range(len(rows))])


def equal_lengths(lengths: np.ndarray, most: int) -> Iterator[np.ndarray]:
    """Yield places of equal length, together at most `most` long but never none."""
    order = np.argsort(lengths, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1):
        size = max(1, most // max(1, int(lengths[group[0]])))
        yield from (group[i : i + size] for i in range(0, len(group), size))


def embed_faces(
    network: nn.Module,
    store: Any,
    rows: np.ndarray,
    batch_faces: int,
    *,
    device: torch.device,
    precision: str = "no",
) -> np.ndarray:
    """Return the mean embedding of the faces of each row, all of length 1 or more: (rows, d)."""
    counts = store.lengths[rows]
    owner = np.repeat(np.arange(len(rows)), counts)
    place = np.concatenate([np.arange(n) for n in counts])
    parts = [
        run(network, {"faces": store.gather(rows[owner[i]], place[i])}, device, precision)
        for i in chunks(len(owner), batch_faces)
    ]
    each = np.concatenate(parts).astype(np.float64)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return (np.add.reduceat(each, starts) / counts[:, None]).astype(np.float32)


def embed_pairs(
    network: nn.Module, visual: np.ndarray, audio: np.ndarray, device: torch.device
) -> np.ndarray:
    """Return the fused embedding of each pair of stored embeddings: (rows, d) float32."""
    parts = [
        run(network, {"visual": visual[i], "audio": audio[i]}, device)
        for i in chunks(len(visual), 4096)
    ]
    return np.concatenate(parts)


def chunks(n: int, size: int) -> Iterable[slice]:
    """Return slices of at most `size` that cover range(n)."""
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


@torch.inference_mode()
def run(
    network: nn.Module, batch: dict[str, np.ndarray], device: torch.device, precision: str = "no"
) -> np.ndarray:
    """Return the network's embeddings of one batch: (batch, d) float32."""
    dtype = {"no": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    with torch.autocast(device.type, dtype=dtype, enabled=precision != "no"):
        embedding = network(to_device(batch, device))
    return embedding.float().cpu().numpy()
