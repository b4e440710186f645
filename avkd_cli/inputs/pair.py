"""Voices and faces that are compared with each other: stored embeddings, or sound and pictures."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.base import Input
from avkd_cli.inputs.embeddings import BothEmbeddings
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.passing import Passage
from avkd_cli.inputs.sound import Sound
from avkd_cli.storage.store import EmbeddingStore, Store, open_store
from avkd_cli.training.device import to_device

COMPARED = ("audio", "visual")


class PairOfEmbeddings(BothEmbeddings):
    """Two stores of embeddings, of faces and of voices, given in any order."""

    modality = "pair"
    side_levels = ("embedding",)
    compared = COMPARED

    @classmethod
    def opened_side(cls, sense: str, paths: Sequence[str], encoded: bool) -> Input:
        """Return the input of one side of a pair."""
        if len(paths) != 1:
            raise UsageError(f"--side {sense} takes the store of that sense, {len(paths)} given")
        media = {"audio": Sound, "visual": Face}[sense]
        store = open_store(paths[0], media.kinds[0] if encoded else "avkd.embeddings")
        of = store.manifest.get("modality")
        if not encoded and of and of != sense:
            raise InputError(
                f"{store.path}: holds {of} embeddings, --side {sense} was asked for; exchange them"
            )
        return media([store]) if encoded else SideEmbeddings(sense, store)

    @classmethod
    def opened(cls, paths: Sequence[str]) -> Input:
        """Return the input over two stores of embeddings, or over an audio and a face store."""
        if len(paths) != 2:
            raise UsageError(f"--modality pair takes VOICES and FACES, {len(paths)} stores given")
        stores = [open_store(path) for path in paths]
        kinds = {store.kind for store in stores}
        if kinds == {"avkd.embeddings"}:
            return cls(stores)
        if kinds == {"avkd.audio", "avkd.faces"}:
            return PairOfMedia(sorted(stores, key=lambda store: store.kind))
        raise InputError(
            f"{stores[0].path} holds {stores[0].kind}, {stores[1].path} {stores[1].kind}: a pair "
            "is of two stores of embeddings, or of an audio store and a face store"
        )


class PairOfMedia(Input):
    """An audio store and a face store, whose encoders are trained with the pair."""

    modality = "pair"
    kinds = ("avkd.audio", "avkd.faces")
    names = compared = COMPARED

    def __init__(self, stores: Sequence[Store]) -> None:
        super().__init__(stores)
        self.audio, self.visual = Sound([stores[0]]), Face([stores[1]])

    def held(self) -> dict[str, Any]:
        """Return nothing: what each encoder takes is held against each sense's store."""
        return {}

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return a side of whole utterances, or the fusion of both, (ids, d) float32."""
        if passage.level != "embedding":
            return getattr(self, passage.level).embed(passage, ids)
        sides = {sense: getattr(self, sense).embed(passage.to(sense), ids) for sense in COMPARED}
        network = passage.network
        with torch.inference_mode():
            on_device = to_device(sides, next(network.parameters()).device)
            return network.pair.fuse(on_device["visual"], on_device["audio"]).cpu().numpy()


class SideEmbeddings(Input):
    """Stored embeddings of one sense, put through that side of a pair."""

    kinds = ("avkd.embeddings",)
    stores: Sequence[EmbeddingStore]

    def __init__(self, sense: str, store: Store) -> None:
        super().__init__([store])
        self.sense = sense

    def held(self) -> dict[str, Any]:
        """Return the width of the embeddings."""
        return {f"{self.sense}_size": self.stores[0].dimension}

    def embed(self, passage: Passage, ids: list[str]) -> np.ndarray:
        """Return the side's level of each embedding, (ids, d) float32."""
        rows = self.stores[0].embedding[self.rows(self.stores[0], ids)]
        return passage.in_parts({self.sense: rows})
