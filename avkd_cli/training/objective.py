"""From a batch to named losses: a network, heads that classify its levels, terms that look at them.

What is trained is a module, so that one wrapper carries every weight. Weights are drawn in the
order network, heads, bridges, terms, so that a student without terms is its baseline bit for bit.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from avkd_cli.losses.heads import Head
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.terms import Term
from avkd_cli.models.levels import Batch, Levels, level_of
from avkd_cli.training.bridges import Bridge

Losses = dict[str, Tensor]


class Objective(nn.Module):
    """The weighted sum of what heads and terms say of a network's levels.

    Args:
        network: from a batch to Levels.
        heads: by name; the first, `person`, tells apart whatever the label is. Each counts by its
            `share`; those after the first have their name before their losses.
        bridges: modules that add levels, such as a projection to the teacher's size.
        terms: by name, in the order of the sum.
    """

    def __init__(
        self,
        network: nn.Module,
        heads: Mapping[str, Head],
        terms: Mapping[str, Term] | None = None,
        bridges: Sequence[Bridge] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.heads = nn.ModuleDict(heads)
        self.bridges = nn.ModuleList(bridges)
        self.terms = nn.ModuleDict(terms or {})

    def forward(self, batch: Batch, moment: Moment) -> Losses:
        """Return `loss`, which is minimised, and beside it each part by name, unweighted."""
        levels = dict(self.network(batch))
        for bridge in self.bridges:
            if self.training:
                bridge.begin(moment)
            levels |= bridge(levels, batch)
        losses: Losses = {}
        shares: list[Tensor] = []
        for name, head in self.heads.items():
            first = not losses
            found = classified(name, head, levels, batch, moment)
            shares.append(head.share(moment) * found[head.loss_name])
            losses |= found if first else {f"{name}.{key}": x for key, x in found.items()}
        for name, term in self.terms.items():
            losses[name] = term(levels, batch, moment).mean()
            shares.append(term.weight(moment) * losses[name])
            losses |= {f"{name}.{key}": value for key, value in term.said().items()}
        return {"loss": sum(shares[1:], shares[0]), **losses}

    def figures(self, moment: Moment) -> dict[str, float]:
        """Return what the schedules of heads and terms stand at, for the log."""
        parts = [*self.heads.values(), *self.terms.values()]
        return {name: x for part in parts for name, x in part.figures(moment).items()}

    def adversaries(self) -> list[nn.Parameter]:
        """Return the weights that the second optimizer moves."""
        return [weight for term in self.terms.values() for weight in term.adversaries()]


def classified(name: str, head: Head, levels: Levels, batch: Batch, moment: Moment) -> Losses:
    """Return a head's loss and accuracy; its scores become the level `NAME.scores`."""
    scores = levels[f"{name}.scores"] = head(levels)
    label = level_of(levels, head.label, batch)
    accuracy = (scores.detach().argmax(dim=1) == label).float().mean()
    each = head.losses(scores, label, moment)
    if head.weights:
        each = level_of(levels, head.weights) * each
    return {head.loss_name: each.mean(), "accuracy": accuracy}
