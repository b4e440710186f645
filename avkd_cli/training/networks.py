"""Networks from what the stores hold to an embedding, and back from a finished run.

A network takes a batch, a dict of tensors, and picks what it needs: `audio` or `faces`, or the
stored embeddings `visual` and `audio` for a fusion. The front end (mean subtraction, fbank on
the device, augmentation) belongs to it, so that extraction cannot differ from training.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from avkd_cli import models
from avkd_cli.errors import InputError
from avkd_cli.training.frontend import AudioFrontEnd, FaceFrontEnd, FusionFrontEnd
from avkd_cli.training.runs import read_model

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Description:
    """What builds a network: `modality`, the model's name and keywords, the front end's."""

    modality: str
    name: str
    model: dict[str, Any]
    front_end: dict[str, Any] = field(default_factory=dict)


class Sense(nn.Module):
    """A front end and the encoder of one sense.

    Shape:
        batch["audio"]: (batch, frames, mels) or (batch, samples); batch["faces"]: (batch,
        height, width, channels) uint8. Returns (batch, embedding).
    """

    def __init__(self, key: str, front_end: nn.Module, encoder: nn.Module) -> None:
        super().__init__()
        self.key, self.front_end, self.encoder = key, front_end, encoder

    def forward(self, batch: Batch) -> Tensor:
        """Return the embedding that is stored and scored."""
        beside = {name: batch[name] for name in self.front_end.takes if name in batch}
        return self.encoder(self.front_end(batch[self.key], **beside))

    def for_head(self, embedding: Tensor) -> Tensor:
        """Return what the AAM-softmax sees of the embedding."""
        return self.encoder.for_head(embedding)


class FusedSenses(nn.Module):
    """A front end and a fusion of stored embeddings of both senses.

    Shape:
        batch["visual"]: (batch, d_v); batch["audio"]: (batch, d_a). Returns (batch, embedding).
    """

    def __init__(self, front_end: FusionFrontEnd, fusion: nn.Module) -> None:
        super().__init__()
        self.front_end, self.fusion = front_end, fusion

    def forward(self, batch: Batch) -> Tensor:
        """Return the fused embedding."""
        return self.fusion(*self.front_end(batch["visual"], batch["audio"]))

    def for_head(self, embedding: Tensor) -> Tensor:
        """Return the embedding itself."""
        return embedding


def build(description: Description) -> nn.Module:
    """Return a new network."""
    model = models.build(description.modality, description.name, **description.model)
    if description.modality == "fusion":
        return FusedSenses(FusionFrontEnd(**description.front_end), model)
    if description.modality == "audio":
        return Sense("audio", AudioFrontEnd(**description.front_end), model)
    return Sense("faces", FaceFrontEnd(**description.front_end), model)


def suit(network: nn.Module, device: torch.device, *, compiled: bool = False) -> None:
    """Arrange a network for a device, in place; names and values of its weights stay.

    On a GPU convolutions are kept channels-last, as its half-precision units want them.

    Args:
        compiled: compile the encoder or fusion, for inputs of any length; the front end, which
            draws random numbers, stays as it is.
    """
    if device.type == "cuda":
        network.to(memory_format=torch.channels_last)
    if compiled:
        (network.encoder if isinstance(network, Sense) else network.fusion).compile(dynamic=True)


@dataclass
class Trained:
    """A finished run, ready to make embeddings."""

    network: nn.Module
    description: Description
    classes: list[str]
    classifier: Tensor
    record: dict[str, Any]


def load(run: Path) -> Trained:
    """Return the network of a finished run, in evaluation mode.

    Raises:
        MissingInputError, InputError: as `runs.read_model`; also when the weights do not fit.
    """
    record, tensors = read_model(run)
    try:
        description = Description(**record["network"])
        network = build(description)
        weights = strip(tensors, "network.")
        network.load_state_dict(weights)
        classes, classifier = record["classes"], tensors["head.weight"]
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        first = " ".join(str(error).split())[:300]
        raise InputError(f"{run}: its weights do not fit its description: {first}") from None
    return Trained(network.eval().requires_grad_(False), description, classes, classifier, record)


def strip(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors under a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def to_json(description: Description) -> dict[str, Any]:
    """Return the description as model.json keeps it."""
    return asdict(description)


def to_device(batch: dict[str, Any], device: torch.device) -> Batch:
    """Return a batch of NumPy arrays as tensors on the device."""
    return {k: torch.as_tensor(v).to(device, non_blocking=True) for k, v in batch.items()}
