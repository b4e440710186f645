"""AAM-softmax and the distillation terms, by name.

`EMBEDDING_LEVEL` terms take embeddings of the student, then of the teacher; `LABEL_LEVEL` terms
take their cosines to the persons. Both return a scalar. The tests of
`tests/losses/test_losses.py` run over these dicts.
"""

from collections.abc import Callable

from torch import Tensor

from avkd_cli.losses.distillation import (
    embedding_cosine_loss,
    label_level_kd_loss,
    mmd_loss,
    relational_distance_loss,
    similarity_preserving_loss,
)
from avkd_cli.losses.margin import AamSoftmax, additive_angular_margin, cosines
from avkd_cli.losses.orthogonal import orthogonal_projection_loss

__all__ = [
    "EMBEDDING_LEVEL",
    "LABEL_LEVEL",
    "AamSoftmax",
    "additive_angular_margin",
    "cosines",
    "embedding_cosine_loss",
    "label_level_kd_loss",
    "mmd_loss",
    "orthogonal_projection_loss",
    "relational_distance_loss",
    "similarity_preserving_loss",
]

LABEL_LEVEL: dict[str, Callable[..., Tensor]] = {"kl": label_level_kd_loss}
EMBEDDING_LEVEL: dict[str, Callable[..., Tensor]] = {
    "cos": embedding_cosine_loss,
    "mmd": mmd_loss,
    "similarity": similarity_preserving_loss,
    "relational": relational_distance_loss,
}
