"""What embeds prepared recordings: a run's network, or the same as an ONNX graph without torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from avkd_cli.config import ExtractConfig
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.storage.readers import RaggedStore
from avkd_cli.storage.record import Record

if TYPE_CHECKING:
    import onnxruntime

    from avkd_cli.inputs.networks import Trained

FORMAT = "avkd.onnx"
"""What `avkd export` writes into a graph's metadata as its format."""


class Unsaved(RaggedStore):
    """Records as the store would give them back, in memory.

    Args:
        kind: of the store, such as avkd.audio.
        long_name: of its long array.
        records: at least one, each of at least one frame, sample or face.
    """

    def __init__(self, kind: str, long_name: str, records: Sequence[Record]) -> None:
        self.path, self.kind = Path("the recordings given"), kind
        self.long_name, self.packed = long_name, False
        self.records = list(records)
        self._values = [one.unpacked() for one in self.records]
        self.row_shape = self._values[0].shape[1:]
        self.dtype = self._values[0].dtype
        self.ids = [str(number) for number in range(len(self.records))]
        self.persons = [""] * len(self.records)
        self.lengths = np.array([len(one) for one in self._values], np.int64)
        self.manifest, self._columns = {"config": {}, "inputs": {}}, {}

    def __len__(self) -> int:
        return len(self.records)

    def item(self, name: str) -> np.ndarray:
        """Return a column with one value a face, of all recordings in their order."""
        return np.concatenate([one.items[name] for one in self.records])

    def _stored(
        self, rows: np.ndarray, starts: np.ndarray, lengths: np.ndarray
    ) -> list[np.ndarray]:
        """Return stretches of the rows' values."""
        places = zip(rows.tolist(), starts.tolist(), lengths.tolist(), strict=True)
        return [self._values[row][start : start + length] for row, start, length in places]

    def column(self, name: str) -> np.ndarray:
        """Return what reading a stretch looks up: each row is a partition of its own."""
        if name == "start":
            return np.zeros(len(self), np.int64)
        return np.array([one.columns[name] for one in self.records])


class RunEmbedder:
    """A run's network, by the code of extract-embeddings; where the run is, is for messages."""

    is_graph = False

    def __init__(self, trained: "Trained", where: Path, extraction: ExtractConfig) -> None:
        from avkd_cli.training.device import here

        self.trained, self.where, self.extraction = trained, where, extraction
        self.fingerprint, self.modality = trained.fingerprint, trained.description.modality
        self.network = trained.network.to(here())

    def embed(self, store: Unsaved) -> np.ndarray:
        """Return the embedding of each recording, (recordings, d) float32.

        Raises:
            InputError: the network was trained on something else than is prepared.
        """
        from avkd_cli.inputs import INPUTS
        from avkd_cli.inputs.passing import Passage
        from avkd_cli.steps.extract_embeddings import check_features

        read = INPUTS[self.modality]([store])
        check_features(self.where, self.trained.description, read)
        if self.trained.heads:
            read.head = self.trained.head
        return read.embed(Passage(self.network, self.extraction), store.ids)


def session_of(model: str | bytes) -> "onnxruntime.InferenceSession":
    """Return what runs a graph, the path or the bytes of one; its errors are told by us alone."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class GraphEmbedder:
    """A run's network as `avkd export` wrote it, run by onnxruntime.

    Raises:
        MissingInputError: it is not there.
        InputError: it is no ONNX file, or was not made by avkd export.
    """

    is_graph = True

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise MissingInputError(f"{path}: no such file; make it by avkd export")
        try:
            self.session = session_of(str(path))
        except Exception as error:  # onnxruntime has a class a code, and no common one
            raise InputError(f"{path}: onnxruntime cannot load it; export it again") from error
        said = self.session.get_modelmeta().custom_metadata_map
        if said.get("format") != FORMAT:
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


Embedder = RunEmbedder | GraphEmbedder
"""What gives one vector a recording; a graph takes sound as samples, its front end being inside."""
