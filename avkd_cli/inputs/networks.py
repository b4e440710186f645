"""Networks from what the stores hold to levels, and back from a finished run.

A network takes a batch, a dict of tensors, and picks what it needs: `audio` or `faces`, or the
stored embeddings `visual` and `audio` for a fusion. The front end (mean subtraction, fbank on
the device, augmentation) belongs to it, so that extraction cannot differ from training.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from avkd_cli import models
from avkd_cli.errors import InputError
from avkd_cli.inputs.frontends import AudioFrontEnd, FaceFrontEnd, FusionFrontEnd
from avkd_cli.losses.heads import Head, head_of
from avkd_cli.models.joint import Joint, OverTime
from avkd_cli.models.levels import Batch, Levels
from avkd_cli.models.pair import Pair
from avkd_cli.models.sequence import OfPictures, Segmented, scale_gradient
from avkd_cli.training.runs import RUN_FORMAT, read_json, read_model


@dataclass(frozen=True)
class Description:
    """What builds a network: `modality`, the model's name and keywords, the front end's.

    `segment` is the length of the pieces that are embedded one by one and aggregated, in the
    input's frames; 0: the whole at once.
    """

    modality: str
    name: str
    model: dict[str, Any]
    front_end: dict[str, Any] = field(default_factory=dict)
    segment: int = 0


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

    @property
    def core(self) -> nn.Module:
        """What may be compiled."""
        return self.encoder

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

    @property
    def core(self) -> nn.Module:
        """What may be compiled."""
        return self.fusion

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

    @property
    def core(self) -> nn.Module:
        """What may be compiled."""
        return self.pair

    def take(self, trained: "dict[str, Trained]") -> None:
        """Begin with the weights of finished encoders, which are trained on from here."""
        for sense, one in trained.items():
            self.encoders[sense].load_state_dict(one.network.state_dict())

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

    @property
    def core(self) -> nn.Module:
        """What may be compiled."""
        return self.joint

    def take(self, trained: "dict[str, Trained]") -> None:
        """Begin with the weights of finished encoders; poolings of another kind stay as drawn."""
        for sense, one in trained.items():
            through_time = one.description.modality == "clips"  # its pooling is taken along
            sees = self.joint.visual if through_time else self.joint.visual.encoder
            mine = self.joint.audio if sense == "audio" else sees
            given = one.network.core.state_dict()
            missing, unknown = mine.load_state_dict(given, strict=False)
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


def model_of(description: Description) -> nn.Module:
    """Return a new encoder or fusion, without its front end."""
    encoder = models.build(description.modality, description.name, **description.model)
    return Segmented(encoder, description.segment) if description.segment else encoder


def hearing(description: Description) -> Sense:
    """Return a new network that hears."""
    return Sense("audio", AudioFrontEnd(**description.front_end), model_of(description))


def seeing(description: Description) -> Sense:
    """Return a new network that sees a face."""
    return Sense("faces", FaceFrontEnd(**description.front_end), model_of(description))


def fusing(description: Description) -> FusedSenses:
    """Return a new fusion of stored embeddings."""
    return FusedSenses(FusionFrontEnd(**description.front_end), model_of(description))


def pairing(description: Description) -> PairedSenses:
    """Return a new pair; what its front end describes are its encoders."""
    encoders = {
        sense: BUILDERS[sense](Description(**one)) for sense, one in description.front_end.items()
    }
    return PairedSenses(model_of(description), encoders)


def joining(description: Description) -> JointSenses:
    """Return a new joint network; its front end describes both encoders."""
    senses = {sense: Description(**one) for sense, one in description.front_end.items()}
    model = dict(description.model)
    pooling = model.pop("pooling")
    seen = {key: value for key, value in senses["visual"].model.items() if key != "pooling"}
    encoders = {
        "audio": models.build("audio", senses["audio"].name, **senses["audio"].model),
        "visual": models.build("visual", senses["visual"].name, **seen),
    }
    fusion = models.build("fusion", description.name, **model)
    return JointSenses(
        AudioFrontEnd(**senses["audio"].front_end),
        FaceFrontEnd(**senses["visual"].front_end),
        Joint(encoders["audio"], OverTime(encoders["visual"], pooling), fusion),
    )


def in_a_row(description: Description) -> Frames:
    """Return a new aggregator of stored frames."""
    return Frames(model_of(description))


def in_clips(description: Description) -> Clips:
    """Return a new network of faces in a row; `front_end` is the face's."""
    model = dict(description.model)
    size, pooling = model.pop("aggregate_size", None), model.pop("pooling", None)
    encoder = models.build("visual", description.name, **model)
    front_end = FaceFrontEnd(**description.front_end)
    if pooling:
        return Clips(front_end, OverTime(encoder, pooling))
    return Clips(front_end, OfPictures(encoder, description.segment, size))


BUILDERS: dict[str, Callable[[Description], nn.Module]] = {
    "audio": hearing,
    "visual": seeing,
    "fusion": fusing,
    "pair": pairing,
    "joint": joining,
    "sequence": in_a_row,
    "clips": in_clips,
}


def build(description: Description) -> nn.Module:
    """Return a new network."""
    return BUILDERS[description.modality](description)


@dataclass
class Trained:
    """A finished run, ready to make embeddings.

    Attributes:
        heads: by name; the first is that of the label.
        record: model.json.
    """

    network: nn.Module
    description: Description
    heads: dict[str, Head]
    record: dict[str, Any]

    @property
    def head(self) -> Head:
        """The head of the label, which stores of embeddings carry along."""
        return next(iter(self.heads.values()))

    @property
    def classes(self) -> list[str]:
        """Names of the head's classes."""
        return self.head.classes

    @property
    def label(self) -> str:
        """The column that the classes are of."""
        return self.record.get("label", "person")

    @property
    def fingerprint(self) -> str:
        """Of the run."""
        return self.record["fingerprint"]


def load(run: Path) -> Trained:
    """Return the network of a finished run, in evaluation mode.

    Raises:
        MissingInputError, InputError: as `runs.read_model`; also when the weights do not fit.
    """
    record, tensors = read_model(run)
    try:
        if "heads" not in record:
            settings = read_json(run / "run.json", RUN_FORMAT)["config"]
            record, tensors = from_version_1(record, tensors, settings)
        description = Description(**record["network"])
        network = build(description)
        network.load_state_dict(strip(tensors, "network."))
        heads = {name: head_of(one) for name, one in record["heads"].items()}
        for name, head in heads.items():
            head.load_state_dict(strip(tensors, f"heads.{name}."))
            head.eval().requires_grad_(False)
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        first = " ".join(str(error).split())[:300]
        raise InputError(f"{run}: its weights do not fit its description: {first}") from None
    return Trained(network.eval().requires_grad_(False), description, heads, record)


def from_version_1(
    record: dict[str, Any], tensors: dict[str, Tensor], settings: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return what avkd 0.1 wrote as it is written now: one AAM-softmax, norms in the network."""
    network = {**record["network"], "model": dict(record["network"]["model"])}
    norm = network["model"].pop("emb_bn", False)
    head = {
        "kind": "aam-softmax",
        "level": "embedding",
        "size": network["model"]["embedding_size"],
        "norm": norm,
        "scale": settings.get("scale", 32.0),
        "fallback": settings.get("fallback", "a"),
        "classes": record["classes"],
    }
    places = {
        "head.": "heads.person.",
        "network.encoder.head_norm.": "heads.person.norm.",
        "network.encoder.frames.": "network.encoder.layers.",
    }
    return record | {"network": network, "heads": {"person": head}}, {
        moved(name, places): value for name, value in tensors.items()
    }


def moved(name: str, places: dict[str, str]) -> str:
    """Return a name with the first of these prefixes that it has in place of another."""
    old = next((prefix for prefix in places if name.startswith(prefix)), "")
    return places.get(old, "") + name.removeprefix(old)


def strip(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors under a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def to_json(description: Description) -> dict[str, Any]:
    """Return the description as model.json keeps it."""
    return asdict(description)
