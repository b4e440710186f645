"""What embeds utterances of stores by their ids, in extraction and in validation alike."""

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn

from avkd_cli.config import ExtractConfig
from avkd_cli.training import embedding

Embed = Callable[[nn.Module, list[str]], np.ndarray]


def embedder(modality: str, stores: list[Any], settings: ExtractConfig) -> Embed:
    """Return a function from a network and ids to embeddings, (ids, d) float32.

    Args:
        modality: audio, visual or fusion.
        stores: of the sense; visual and audio embeddings for a fusion.
    """

    def embed(network: nn.Module, ids: list[str]) -> np.ndarray:
        device = next(network.parameters()).device
        rows = [np.array([store.row_of[one] for one in ids], np.int64) for store in stores]
        if modality == "fusion":
            visual, audio = (s.embedding[r] for s, r in zip(stores, rows, strict=True))
            return embedding.embed_pairs(network, visual, audio, device)
        one = embedding.embed_sound if modality == "audio" else embedding.embed_faces
        size = settings.batch_frames if modality == "audio" else settings.batch_faces
        precision = settings.mixed_precision
        return one(network, stores[0], rows[0], size, device=device, precision=precision)

    return embed
