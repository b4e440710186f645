"""What embeds prepared recordings: a run's network, or the same as an ONNX graph without torch."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from avkd_cli.config import ExtractConfig
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.decide.unsaved import Unsaved

if TYPE_CHECKING:
    from avkd_cli.inputs.networks import Trained

GRAPH = "avkd.onnx"
"""The format that `avkd export` writes into a graph's metadata."""


class Embedder(Protocol):
    """What gives one vector a recording.

    Attributes:
        fingerprint: of the run. modality: audio or visual.
        is_graph: whether it takes sound as samples, its front end being inside.
    """

    fingerprint: str
    modality: str
    is_graph: bool

    def embed(self, store: Unsaved) -> np.ndarray:
        """Return the embedding of each recording, (recordings, d) float32."""
        ...


class RunEmbedder:
    """A run's network, by the code of extract-embeddings.

    Args:
        trained: the network. where: the run, for messages. extraction: settings.
    """

    is_graph = False

    def __init__(
        self, trained: "Trained", where: Path, extraction: ExtractConfig | None = None
    ) -> None:
        from avkd_cli.training.device import here

        self.trained, self.where = trained, where
        self.extraction = extraction or ExtractConfig()
        self.fingerprint, self.modality = trained.fingerprint, trained.description.modality
        self.network = trained.network.to(here())

    def embed(self, store: Unsaved) -> np.ndarray:
        """Return the embedding of each recording, (recordings, d) float32.

        Raises:
            InputError: the network was trained on something else than is prepared.
        """
        from avkd_cli.inputs import INPUTS
        from avkd_cli.steps.extract_embeddings import check_features

        read = INPUTS[self.modality]([store])
        check_features(self.where, self.trained.description, read)
        if self.trained.heads:
            read.head = self.trained.head
        return read.embed(self.network, store.ids, self.extraction, "embedding")


class GraphEmbedder:
    """A run's network as `avkd export` wrote it, run by onnxruntime.

    Args:
        path: the ONNX file.

    Raises:
        MissingInputError: it is not there.
        InputError: it is no ONNX file, or was not made by avkd export.
    """

    is_graph = True

    def __init__(self, path: Path) -> None:
        import onnxruntime

        if not path.is_file():
            raise MissingInputError(f"{path}: no such file; make it by avkd export")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has a class a code, and no common one
            raise InputError(f"{path}: onnxruntime cannot load it; export it again") from error
        said = self.session.get_modelmeta().custom_metadata_map
        if said.get("format") != GRAPH:
            raise InputError(f"{path}: was not made by avkd export; give what it made")
        self.fingerprint, self.modality = said["avkd.run"], said["avkd.modality"]

    def embed(self, store: Unsaved) -> np.ndarray:
        """Return the embedding of each recording, (recordings, d) float32; of faces their mean."""
        name = self.session.get_inputs()[0].name
        found = []
        for values in store.read(np.arange(len(store))):
            given = values[None] if self.modality == "audio" else values
            rows = self.session.run(None, {name: given})[0]
            found.append(rows.mean(axis=0, dtype=np.float64))
        return np.array(found, np.float32)
