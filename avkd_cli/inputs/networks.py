"""Networks from their description, and back from a finished run."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from avkd_cli import models
from avkd_cli.errors import InputError
from avkd_cli.inputs.frontends import AudioFrontEnd, FaceFrontEnd, FusionFrontEnd
from avkd_cli.inputs.senses import (
    Clips,
    Frames,
    FusedSenses,
    JointSenses,
    PairedSenses,
    Sense,
)
from avkd_cli.losses.heads import Head, head_of
from avkd_cli.models.joint import Joint, OverTime
from avkd_cli.models.sequence import OfPictures, Segmented
from avkd_cli.storage.heads import StoredHead
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

    def other_than(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """Return by name what the network takes, where it says so and a store holds other."""
        takes = self.front_end | self.model
        return {name: takes[name] for name in held if takes.get(name) not in (None, held[name])}


def model_of(description: Description) -> nn.Module:
    """Return a new encoder or fusion, without its front end."""
    encoder = models.build(description.modality, description.name, **description.model)
    return Segmented(encoder, description.segment) if description.segment else encoder


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
    "audio": lambda one: Sense("audio", AudioFrontEnd(**one.front_end), model_of(one)),
    "visual": lambda one: Sense("faces", FaceFrontEnd(**one.front_end), model_of(one)),
    "fusion": lambda one: FusedSenses(FusionFrontEnd(**one.front_end), model_of(one)),
    "pair": pairing,
    "joint": joining,
    "sequence": lambda one: Frames(model_of(one)),  # on stored frames
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
    def label(self) -> str:
        """The column that the classes are of."""
        return self.record.get("label", "person")

    @property
    def fingerprint(self) -> str:
        """Of the run."""
        return self.record["fingerprint"]

    def stored_head(self) -> StoredHead:
        """Return the head of the label as a store keeps it."""
        head = self.head
        bias = None if head.bias is None else head.bias.numpy()
        return StoredHead(head.kind, head.classes, head.weight.numpy(), head.scale, bias)


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
