"""Front ends and models as networks of a batch: of one sense, of both, of faces in a row.

A network takes a batch, a dict of tensors, and picks what it needs: `audio` or `faces`, or the
stored embeddings `visual` and `audio` for a fusion. The front end (mean subtraction, fbank on
the device, augmentation) belongs to it, so that extraction cannot differ from training.
"""

from collections.abc import Mapping
from operator import attrgetter

from torch import Tensor, nn

from avkd_cli.inputs.frontends import AudioFrontEnd, FaceFrontEnd, FusionFrontEnd
from avkd_cli.models.joint import Joint, OverTime
from avkd_cli.models.levels import Batch, Levels
from avkd_cli.models.pair import Pair
from avkd_cli.models.sequence import OfPictures, scale_gradient


class Sense(nn.Module):
    """A front end and the encoder of one sense.

    Shape:
        batch["audio"]: (batch, frames, mels) or (batch, samples); batch["faces"]: (batch,
        height, width, channels) uint8. Returns Levels with `embedding`, (batch, embedding).
    """

    def __init__(self, key: str, front_end: nn.Module, encoder: nn.Module) -> None:
        super().__init__()
        self.key, self.front_end, self.encoder = key, front_end, encoder
        self.labels_share = 1.0  # of the labels' gradient, for all of it; see `imitation`
        self.gives_input = False  # as the level `input`, for a teacher that runs beside it

    core = property(attrgetter("encoder"), doc="What may be compiled.")

    def forward(self, batch: Batch) -> Levels:
        """Return the encoder's levels."""
        beside = {name: batch[name] for name in self.front_end.takes if name in batch}
        taken = self.front_end(batch[self.key], **beside)
        levels = self.encoder(taken)
        if self.gives_input:
            levels = levels | {"input": taken.detach()}
        if self.labels_share == 1:
            return levels
        whole = levels["embedding"]
        scaled = scale_gradient(whole, self.labels_share)
        return levels | {"imitated": whole, "embedding": scaled}


class Frames(nn.Module):
    """Stored frame embeddings in a row, and what aggregates them.

    Shape:
        batch["frames"]: (batch, time, size). Returns the levels of `OfFrames`.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.core = model

    def forward(self, batch: Batch) -> Levels:
        """Return the levels."""
        return self.core(batch["frames"])


class Clips(nn.Module):
    """Faces in a row, their encoder, and what aggregates or pools them.

    Shape:
        batch["faces"]: (batch, time, height, width, channels) uint8. Returns the levels of
        `OfPictures`, or of `OverTime`.
    """

    def __init__(self, front_end: FaceFrontEnd, model: OfPictures | OverTime) -> None:
        super().__init__()
        self.front_end, self.core = front_end, model

    def forward(self, batch: Batch) -> Levels:
        """Return the levels."""
        faces = batch["faces"]
        pictures = self.front_end(faces.flatten(0, 1))
        return self.core(pictures.unflatten(0, faces.shape[:2]))


class FusedSenses(nn.Module):
    """A front end and a fusion of stored embeddings of both senses.

    Shape:
        batch["visual"]: (batch, d_v); batch["audio"]: (batch, d_a). Returns Levels with
        `embedding`, (batch, embedding).
    """

    def __init__(self, front_end: FusionFrontEnd, fusion: nn.Module) -> None:
        super().__init__()
        self.front_end, self.fusion = front_end, fusion

    core = property(attrgetter("fusion"), doc="What may be compiled.")

    def forward(self, batch: Batch) -> Levels:
        """Return the fusion's levels."""
        return self.fusion(*self.front_end(batch["visual"], batch["audio"]))


class PairedSenses(nn.Module):
    """A pair of branches, behind encoders of sound and faces or on stored embeddings.

    Shape:
        batch["visual"] and batch["audio"]: (batch, d_v) and (batch, d_a) embeddings; with
        encoders, batch["faces"] and batch["audio"] as they take them. One of the two alone gives
        that side's level alone. Returns Levels as `models.pair.Pair`.
    """

    def __init__(self, pair: Pair, encoders: dict[str, Sense]) -> None:
        super().__init__()
        self.pair, self.encoders = pair, nn.ModuleDict(encoders)

    core = property(attrgetter("pair"), doc="What may be compiled.")

    def take(self, encoders: Mapping[str, nn.Module]) -> None:
        """Begin with the weights of finished encoders, which are trained on from here."""
        for sense, one in encoders.items():
            self.encoders[sense].load_state_dict(one.state_dict())

    def forward(self, batch: Batch) -> Levels:
        """Return the pair's levels, or one side's."""
        given = {sense: self.encoded(sense, batch) for sense in ("visual", "audio")}
        there = {sense: one for sense, one in given.items() if one is not None}
        if len(there) == 1:
            return {sense: self.pair.side(sense, one) for sense, one in there.items()}
        return self.pair(**there)

    def encoded(self, sense: str, batch: Batch) -> Tensor | None:
        """Return the embedding of one sense, None where the batch has none."""
        if sense in self.encoders:
            encoder = self.encoders[sense]
            return encoder(batch)["embedding"] if encoder.key in batch else None
        return batch.get(sense)


class JointSenses(nn.Module):
    """Front ends of sound and of faces, and both encoders with their fusion.

    Shape:
        batch["audio"]: as the audio front end takes it; batch["faces"]: (batch, time, height,
        width, channels) uint8. Either may be missing. Returns Levels as `models.joint.Joint`.
    """

    def __init__(self, hears: AudioFrontEnd, sees: FaceFrontEnd, joint: Joint) -> None:
        super().__init__()
        self.hears, self.sees, self.joint = hears, sees, joint

    core = property(attrgetter("joint"), doc="What may be compiled.")

    def take(self, encoders: Mapping[str, nn.Module]) -> None:
        """Begin with the weights of finished encoders; poolings of another kind stay as drawn."""
        for sense, one in encoders.items():
            through_time = isinstance(one, Clips)  # its pooling is taken along
            sees = self.joint.visual if through_time else self.joint.visual.encoder
            mine = self.joint.audio if sense == "audio" else sees
            missing, unknown = mine.load_state_dict(one.core.state_dict(), strict=False)
            if lost := [name for name in (*missing, *unknown) if not name.startswith("pool.")]:
                raise ValueError(f"the {sense} encoder does not fit: {lost[0]}")

    def forward(self, batch: Batch) -> Levels:
        """Return the joint network's levels."""
        given: dict[str, Tensor] = {}
        if "audio" in batch:
            beside = {name: batch[name] for name in self.hears.takes if name in batch}
            given["audio"] = self.hears(batch["audio"], **beside)
        if "faces" in batch:
            count, time = batch["faces"].shape[:2]
            seen = self.sees(batch["faces"].flatten(0, 1))
            given["visual"] = seen.unflatten(0, (count, time))
        return self.joint(**given)
