"""What networks give and terms look at: tensors by the name of their level.

`embedding` (batch, d) is always there: it is stored and scored. Others by need: `frames`
(batch, time, d), `segments` (batch, pieces, d), `weights` (batch, time); of two senses `audio`
and `visual` (batch, d), `audio.weights` and `visual.weights`. Class scores of a head H stand
beside them as `H.scores` (batch, classes).
"""

from torch import Tensor

Levels = dict[str, Tensor]
Batch = dict[str, Tensor]


def level_of(levels: Levels, name: str, *others: Batch) -> Tensor:
    """Return the level called `name`, or, where networks give none, that part of the batch.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    for found in (levels, *others):
        if name in found:
            return found[name]
    there = ", ".join(sorted({key for one in (levels, *others) for key in one}))
    raise ValueError(f"no level '{name}'; there are {there}")
