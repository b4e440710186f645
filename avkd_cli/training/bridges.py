"""Bridges: modules beside a network that add levels for terms to look at.

They are trained with the network and end with the training: a projection of the student to the
teacher's size, a projection of the teacher, a decoder.
"""

from torch import nn

from avkd_cli.models.levels import Batch, Levels, level_of


class Bridge(nn.Module):
    """Base of every bridge."""

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return the levels that it adds."""
        raise NotImplementedError


class Projection(Bridge):
    """A linear map of a level, as the level `projected`.

    Args:
        size: width of the level. projected: of the result, such as the teacher's embedding.
    """

    def __init__(self, size: int, projected: int, level: str = "embedding") -> None:
        super().__init__()
        self.level = level
        self.map = nn.Linear(size, projected, bias=False)

    def forward(self, levels: Levels, batch: Batch) -> Levels:
        """Return `projected`, (batch, projected)."""
        return {"projected": self.map(level_of(levels, self.level))}
