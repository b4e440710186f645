"""The orthogonal projection term: a person's embeddings together, other people's at 90 degrees."""

import torch
import torch.nn.functional as F
from torch import Tensor

from avkd_cli.losses.precision import at_least_float32, without_autocast

NEGATIVE_FORMS = ("elementwise", "outer", "none")
REDUCTIONS = ("mean", "sum")
SMALLEST_NORM = 1e-6

FORMS: dict[str, dict] = {
    "released": {},
    "printed": {"neg_weight": 1.0, "neg_abs": "outer", "reduction": "sum", "include_diag": True},
    "opl": {"neg_weight": 0.5, "neg_abs": "none"},
}
"""Options of `orthogonal_projection_loss` by name: FOP's code, its eq. 4, the code of the OPL."""


def orthogonal_loss(embedding: Tensor, label: Tensor, form: str = "released") -> Tensor:
    """Return `orthogonal_projection_loss` in one of the `FORMS`.

    Raises:
        ValueError: there is no such form, or the batch sizes differ.
    """
    if form not in FORMS:
        raise ValueError(f"no form {form!r}; there are {', '.join(FORMS)}")
    return orthogonal_projection_loss(embedding, label, **FORMS[form])


def orthogonal_projection_loss(
    embedding: Tensor,
    label: Tensor,
    *,
    neg_weight: float = 0.7,
    neg_abs: str = "elementwise",
    reduction: str = "mean",
    include_diag: bool = False,
) -> Tensor:
    """Return 1 - (cosines of same-person pairs) + neg_weight * |cosines of other pairs|.

    The defaults are those of the authors' code. As printed, eq. 4 is `neg_weight=1,
    neg_abs="outer", reduction="sum", include_diag=True`: it grows with the square of the batch,
    and positive and negative cosines cancel.

    Args:
        embedding: shape (batch, size), of any length.
        label: person of each, integers of shape (batch,).
        neg_weight: weight of different-person pairs.
        neg_abs: absolute value of each cosine ("elementwise"), of their mean or sum ("outer"),
            or none, which rewards opposite directions.
        reduction: "mean" over the pairs of each kind, or "sum".
        include_diag: whether each embedding makes a same-person pair with itself.

    Raises:
        ValueError: if an option is unknown, or the batch sizes differ.

    Reference:
        M. S. Saeed et al., "Fusion and orthogonal projection for improved face-voice
        association", ICASSP 2022, eq. 4; K. Ranasinghe et al., "Orthogonal projection loss",
        ICCV 2021, eq. 5.
    """
    if neg_abs not in NEGATIVE_FORMS or reduction not in REDUCTIONS:
        raise ValueError(
            f"neg_abs is one of {', '.join(NEGATIVE_FORMS)} and reduction one of "
            f"{', '.join(REDUCTIONS)}, not {neg_abs!r} and {reduction!r}"
        )
    if label.shape != embedding.shape[:1]:
        raise ValueError(f"{tuple(label.shape)} labels for {len(embedding)} embeddings")
    cosine = _cosine_matrix(embedding)
    same = label.unsqueeze(0) == label.unsqueeze(1)
    other = ~same
    if not include_diag:
        same = same & ~torch.eye(len(label), dtype=torch.bool, device=label.device)
    negative = cosine.abs() if neg_abs == "elementwise" else cosine
    pulled, pushed = _reduce(cosine, same, reduction), _reduce(negative, other, reduction)
    return 1 - pulled + neg_weight * (pushed.abs() if neg_abs == "outer" else pushed)


def _cosine_matrix(embedding: Tensor) -> Tensor:
    with without_autocast(embedding):
        (embedding,) = at_least_float32(embedding)
        unit = F.normalize(embedding, eps=SMALLEST_NORM)
        return unit @ unit.T


def _reduce(cosine: Tensor, pairs: Tensor, reduction: str) -> Tensor:
    total = (cosine * pairs).sum()
    # A batch without a pair of this kind has a mean of 0.
    return total if reduction == "sum" else total / pairs.sum().clamp(min=1)
