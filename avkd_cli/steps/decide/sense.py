"""One sense of a system: how new recordings are prepared for a run, and embedded by it.

Both are the code of prep-audio or crop-faces and of extract-embeddings; nothing is done again here.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from avkd_cli.audio.limits import Decoded
from avkd_cli.config import CropFacesConfig, PrepAudioConfig
from avkd_cli.errors import InputError, Rejected, UsageError
from avkd_cli.media.opened import reject_of
from avkd_cli.steps.decide import evidence
from avkd_cli.steps.decide.embedders import Embedder, Unsaved
from avkd_cli.steps.decide.evidence import Evidence
from avkd_cli.steps.decide.recordings import (
    ABSENT,
    PICTURE,
    SENSES_OF,
    UNTELLING,
    Recording,
    refused,
)
from avkd_cli.storage.record import Record
from avkd_cli.storage.specs import AUDIO, FACES
from avkd_cli.storage.utterance import Utterance

if TYPE_CHECKING:
    from avkd_cli.vision.detectors import Weights


class Perception(ABC):
    """One sense of a system: how recordings are prepared for it, and what embeds them.

    Args:
        embedder: of a run. prepared: how its store was made. where: the run, for messages.
        weights: of the face detector, for what sees.

    Attributes:
        kind, long_name: of its store, and of the long array there.
        does, wanted: what it does and what it needs, in words.
    """

    name: ClassVar[str]
    kind: ClassVar[str]
    does: ClassVar[str]
    wanted: ClassVar[str]
    settings: ClassVar[type[PrepAudioConfig] | type[CropFacesConfig]]
    long_name: str
    config: PrepAudioConfig | CropFacesConfig

    def __init__(
        self, embedder: Embedder, prepared: dict[str, Any], where: Path, weights: Path | None
    ) -> None:
        self.embedder, self.prepared = embedder, prepared
        self.config = self.settings(**prepared["config"])
        if self.config.disturb != "none":  # there is no alike of these
            raise InputError(
                f"{where}: was trained on recordings spoilt by --disturb {self.config.disturb}; "
                "take a run that was trained on recordings as they are"
            )

    @property
    def fingerprint(self) -> str:
        """Of the run."""
        return self.embedder.fingerprint

    @property
    def alike(self) -> str:
        """What tells preparations apart: runs of equal ones share what was prepared."""
        inputs = sorted(self.prepared["inputs"].items())
        form = "samples" if self.embedder.is_graph else "features"
        return f"{self.kind} {form} {sorted(self.prepared['config'].items())} {inputs}"

    @abstractmethod
    def record_of(self, one: Recording) -> Record:
        """Return a recording as the run's store would hold it; Rejected where it cannot."""

    @abstractmethod
    def evidence(self, records: Sequence[Record]) -> Evidence:
        """Return what records are worth."""

    def takes(self, one: Recording) -> bool:
        """Return whether a recording may have this sense."""
        return self.name in SENSES_OF[one.kind]

    def prepare(self, one: Recording) -> Record | str:
        """Return a prepared recording, or in words why it says nothing.

        Raises:
            Rejected: a film without this sense.
            MissingInputError, InputError: it is not there, or damaged.
        """
        try:
            record = self.record_of(one)
        except OSError as error:
            if (fault := reject_of(error)) is None:
                raise
            raise refused(one.name, fault) from None
        except Rejected as error:
            if error.code in UNTELLING:
                return f"{error.code.replace('_', ' ')}, {error.detail}"
            if error.code in ABSENT:
                raise
            raise refused(one.name, error) from None
        return record if record.length else "no face"

    def embed(self, records: Sequence[Record]) -> np.ndarray:
        """Return the embedding of each record, (records, d) float32."""
        return self.embedder.embed(Unsaved(self.kind, self.long_name, records))


class Hearing(Perception):
    """A run that hears."""

    name, kind, settings = "audio", AUDIO.kind, PrepAudioConfig
    does, wanted = "hears", "sound"
    config: PrepAudioConfig

    @property
    def long_name(self) -> str:
        """The long array of its store; of a graph, samples."""
        from avkd_cli.steps.prep_audio import LONG

        return "samples" if self.embedder.is_graph else LONG[self.config.features].array

    def record_of(self, one: Recording) -> Record:
        """Return a recording as prep-audio makes it."""
        from avkd_cli.steps import prep_audio

        if self.embedder.is_graph:  # which begins with samples
            decoded = self.decoded(one)
            return Record(prep_audio.measure(decoded), decoded.samples, warnings=decoded.warnings)
        if one.path is not None:
            utterance = Utterance(one.name, audio=str(one.path))
            return prep_audio.process_utterance(utterance, Path, self.config)
        return prep_audio.record_of(self.decoded(one), self.config)

    def decoded(self, one: Recording) -> Decoded:
        """Return a recording as samples, refused as prep-audio refuses it."""
        from avkd_cli.audio.decode import decode_audio, decode_samples
        from avkd_cli.steps.prep_audio import limits_of

        limits, channel = limits_of(self.config), self.config.channel
        if one.samples is not None:
            return decode_samples(one.samples, one.rate, limits=limits, channel=channel)
        return decode_audio(Path(str(one.path)), limits=limits, channel=channel)

    def evidence(self, records: Sequence[Record]) -> Evidence:
        """Return how much speech there is."""
        return evidence.of_sound(records, self.config.min_duration)


class Seeing(Perception):
    """A run that sees faces."""

    name, kind, settings = "visual", FACES.kind, CropFacesConfig
    does, wanted = "sees faces", "a face"
    long_name = "crops"
    config: CropFacesConfig

    def __init__(
        self, embedder: Embedder, prepared: dict[str, Any], where: Path, weights: Path | None
    ) -> None:
        super().__init__(embedder, prepared, where, weights)
        self.weights = detector_of(self.config, prepared["inputs"], weights, where)

    def record_of(self, one: Recording) -> Record:
        """Return the faces of a recording as crop-faces finds them."""
        from avkd_cli.steps import crop_faces
        from avkd_cli.vision.frames import Frame

        if one.pixels is not None:
            moments = [(np.nan, Frame(0.0, one.pixels))]
            utterance = Utterance(one.name, images=())
            looker = crop_faces.Looker(utterance, self.config, self.weights)
            looker.watch(moments)
            return looker.record()
        if one.kind == PICTURE:
            utterance = Utterance(one.name, images=str(one.path))
            return crop_faces.process_utterance(utterance, Path, self.config, self.weights)
        return self.of_film(Utterance(one.name, video=str(one.path)))

    def of_film(self, utterance: Utterance) -> Record:
        """Return the faces of a film; multi_face is said where tracks tell of a second person."""
        from avkd_cli.steps import crop_faces

        looker = crop_faces.Looker(utterance, self.config, self.weights)
        looker.watch(crop_faces.moments_of(utterance, Path, self.config, looker.warnings))
        record = looker.record()
        if record.length and evidence.second_person(looker.story, looker.sightings.face_sizes):
            return dataclasses.replace(record, warnings=(*record.warnings, evidence.TWO))
        return record

    def evidence(self, records: Sequence[Record]) -> Evidence:
        """Return how many faces there are, and how they are seen."""
        return evidence.of_faces(records)


def detector_of(
    config: CropFacesConfig, inputs: dict[str, str], given: Path | None, where: Path
) -> "Weights | None":
    """Return the detector's weights; refuse any but those of the run's store."""
    from avkd_cli.vision.align import CROP_MODES
    from avkd_cli.vision.detectors import find_weights

    name = "none" if CROP_MODES[config.mode].whole else config.detector
    if given is None and name != "none":
        raise UsageError(
            f"{where}: its faces were found by {name}; give the weights that were given to "
            "crop-faces by --detector-weights FILE"
        )
    found = find_weights(given, name)
    wanted = inputs.get("detector_weights", "").removeprefix("sha256:")
    if found is not None and wanted and found.sha256 != wanted:
        raise InputError(
            f"--detector-weights {found.path}: are not those that the faces of {where} were found "
            f"with (SHA-256 {found.sha256[:12]}…, wanted {wanted[:12]}…); give that file"
        )
    return found
