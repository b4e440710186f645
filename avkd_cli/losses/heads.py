"""From a level to class scores, and how wrong they are: the classifiers that networks train with.

A head knows its classes by name and writes and reads itself (`to_json`, `head_of`), so nobody
else handles its weights. To add one: a class here and a line in `HEADS`; its name in
`config/choices.py`.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.losses.geometry import cosines
from avkd_cli.losses.margin import FALLBACKS, additive_angular_margin
from avkd_cli.losses.moment import Moment, Schedule, constant
from avkd_cli.models.levels import Levels, level_of


class Head(nn.Module):
    """Base of every classifier of a level.

    Args:
        classes: names, in the order of the rows of `weight`.
        size: width of the level.
        level: which one.
        norm: batch normalisation without weights before the head alone, which centres the
            embedding for the classifier and leaves what is stored as it is.
        copies: how many times each class stands, such as voices at other speeds; only the
            first of each is kept when the training ends.

    Attributes:
        share: what its loss counts, a schedule.
        label: the part of the batch, or the level of a bridge, that has its labels.
        weights: the level, (batch,) of mean 1, that its samples count by; "": all alike.

    Reference:
        `norm`: released training code of Z. Chen, S. Wang, Y. Qian, "Multi-modality matters: a
        performance leap on VoxCeleb", Interspeech 2020 (face model).
    """

    kind: ClassVar[str]
    loss_name: ClassVar[str]

    def __init__(
        self,
        classes: Sequence[str],
        size: int,
        *,
        level: str = "embedding",
        norm: bool = False,
        copies: int = 1,
    ) -> None:
        super().__init__()
        self.classes, self.level, self.size = list(classes), level, size
        self.share: Schedule = constant(1.0)
        self.label, self.weights = "label", ""
        self.norm = nn.BatchNorm1d(size, affine=False) if norm else nn.Identity()
        self.weight = nn.Parameter(torch.empty(len(self.classes) * copies, size))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, levels: Levels) -> Tensor:
        """Return class scores without a margin: (batch, classes)."""
        return self.scores(self.norm(level_of(levels, self.level)))

    def scores(self, embedding: Tensor) -> Tensor:
        """Return class scores of (batch, size): (batch, classes)."""
        raise NotImplementedError

    def losses(self, scores: Tensor, label: Tensor, moment: Moment) -> Tensor:
        """Return the loss of each sample in nats, (batch,), from `scores` and labels (batch,)."""
        raise NotImplementedError

    def figures(self, moment: Moment) -> dict[str, float]:
        """Return what its schedules stand at, by name, for the log."""
        return {}

    def forget_copies(self) -> None:
        """Keep one row a class: what was learnt beside ends with the training."""
        self.weight = nn.Parameter(self.weight.detach()[: len(self.classes)].clone())

    @property
    def scale(self) -> float:
        """Factor of the scores in the posteriors, softmax(scale * scores)."""
        return 1.0

    @property
    def bias(self) -> Tensor | None:
        """Added to each class's scores, (classes,), or None."""
        return None

    def to_json(self) -> dict[str, Any]:
        """Return what `head_of` makes it of again, beside its weights."""
        norm = isinstance(self.norm, nn.BatchNorm1d)
        return {
            "kind": self.kind,
            "level": self.level,
            "size": self.size,
            "norm": norm,
            "classes": self.classes,
        }


class AamSoftmax(Head):
    """Cross entropy of scaled cosines to one vector a class, the target's angle widened.

    Args:
        margin: radians added to the target's angle, by moment.
        scale: factor of all cosines before the softmax.
        fallback: what to do when the widened angle would exceed pi; see
            `additive_angular_margin`.

    Reference:
        J. Deng et al., "ArcFace: additive angular margin loss for deep face recognition",
        CVPR 2019, eq. 3; L. Zhang, Z. Chen, Y. Qian, Interspeech 2021, eq. 1.
    """

    kind, loss_name = "aam-softmax", "aam"

    def __init__(
        self,
        classes: Sequence[str],
        size: int,
        *,
        margin: Schedule | float = 0.2,
        scale: float = 32.0,
        fallback: str = "a",
        level: str = "embedding",
        norm: bool = False,
        copies: int = 1,
    ) -> None:
        if fallback not in FALLBACKS:
            raise ValueError(f"no fallback {fallback!r}; there are {', '.join(FALLBACKS)}")
        super().__init__(classes, size, level=level, norm=norm, copies=copies)
        self.margin = margin if callable(margin) else constant(margin)
        self.factor, self.fallback = scale, fallback

    def scores(self, embedding: Tensor) -> Tensor:
        """Return the cosines of (batch, size) to all classes: (batch, classes)."""
        return cosines(embedding, self.weight)

    def losses(self, scores: Tensor, label: Tensor, moment: Moment) -> Tensor:
        """Return the loss of each sample in nats, (batch,)."""
        index = label.unsqueeze(1)
        target = scores.gather(1, index)
        target = additive_angular_margin(target, self.margin(moment), self.fallback)
        widened = self.factor * scores.scatter(1, index, target)
        return F.cross_entropy(widened, label, reduction="none")

    def figures(self, moment: Moment) -> dict[str, float]:
        """Return the margin in radians."""
        return {"margin": self.margin(moment)}

    @property
    def scale(self) -> float:
        """Factor of the cosines."""
        return self.factor

    def to_json(self) -> dict[str, Any]:
        """Return what `head_of` makes it of again."""
        return super().to_json() | {"scale": self.factor, "fallback": self.fallback}


class Softmax(Head):
    """A linear layer with bias and the cross entropy of its outputs."""

    kind, loss_name = "softmax", "softmax"

    def __init__(
        self,
        classes: Sequence[str],
        size: int,
        *,
        level: str = "embedding",
        norm: bool = False,
        copies: int = 1,
    ) -> None:
        super().__init__(classes, size, level=level, norm=norm, copies=copies)
        self.offset = nn.Parameter(torch.zeros(len(self.weight)))

    def scores(self, embedding: Tensor) -> Tensor:
        """Return logits of (batch, size): (batch, classes)."""
        return F.linear(embedding, self.weight, self.offset).float()

    def losses(self, scores: Tensor, label: Tensor, moment: Moment) -> Tensor:
        """Return the cross entropy of each sample in nats, (batch,)."""
        return F.cross_entropy(scores, label, reduction="none")

    def forget_copies(self) -> None:
        """Keep one row a class."""
        super().forget_copies()
        self.offset = nn.Parameter(self.offset.detach()[: len(self.classes)].clone())

    @property
    def bias(self) -> Tensor:
        """Of each class, (classes,)."""
        return self.offset


HEADS: dict[str, type[Head]] = {one.kind: one for one in (AamSoftmax, Softmax)}


def head_of(described: dict[str, Any]) -> Head:
    """Return the head that `to_json` described, with weights that are not its own yet.

    Raises:
        KeyError, TypeError, ValueError: there is no such head.
    """
    settings = dict(described)
    return HEADS[settings.pop("kind")](settings.pop("classes"), settings.pop("size"), **settings)
