"""What moves the weights: an optimizer with a rate for each group, and one for adversaries.

Groups are `network` and `heads` (with bridges and terms), whose rates may differ by a factor;
weights that terms call adversaries (discriminators, diffusion nets) have an optimizer of their
own. One backward pass serves both: adversaries see detached levels in their own loss, and the
network sees adversaries with detached weights in its loss (`losses.terms.Term.adversaries`).
Rates are functions of the moment, so a checkpoint holds the optimizers' tensors and no more.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from avkd_cli.config import TrainConfig
from avkd_cli.errors import UsageError
from avkd_cli.losses.moment import Moment
from avkd_cli.training.objective import Objective
from avkd_cli.training.schedule import learning_rate

MAIN, ADVERSARY = "optimizer", "adversary"
Optimizers = Mapping[str, torch.optim.Optimizer]


def make_optimizers(
    objective: Objective, settings: TrainConfig
) -> dict[str, torch.optim.Optimizer]:
    """Return the optimizer of all trained weights, and one of adversaries where there are some.

    Raises:
        UsageError: fp16 with adversaries, whose gradients one loss scale cannot serve.
    """
    adversaries = objective.adversaries()
    if adversaries and settings.mixed_precision == "fp16":
        raise UsageError(
            "--mixed-precision fp16 has one loss scale and this training two optimizers; pass bf16"
        )
    apart = {id(weight) for weight in adversaries}
    network = [p for p in objective.network.parameters() if p.requires_grad and id(p) not in apart]
    known = apart | {id(weight) for weight in network}
    beside = [p for p in objective.parameters() if p.requires_grad and id(p) not in known]
    found = {MAIN: main_optimizer(network, beside, settings)}
    if adversaries:
        found[ADVERSARY] = torch.optim.AdamW(adversaries, lr=settings.adversary_lr)
    return found


def main_optimizer(
    network: list[nn.Parameter], beside: list[nn.Parameter], settings: TrainConfig
) -> torch.optim.Optimizer:
    """Return the optimizer of a network and of what stands beside it."""
    groups = [{"params": network + beside, "share": 1.0}]
    if settings.network_lr != 1:
        groups = [
            {"params": network, "share": settings.network_lr},
            {"params": beside, "share": 1.0},
        ]
    groups = [group for group in groups if group["params"]]
    common: dict[str, Any] = {"lr": settings.lr, "weight_decay": settings.weight_decay}
    if settings.optimizer == "sgd":
        nesterov = settings.momentum > 0
        return torch.optim.SGD(groups, momentum=settings.momentum, nesterov=nesterov, **common)
    kind = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, **common)


def set_rates(optimizers: Optimizers, settings: TrainConfig, moment: Moment) -> float:
    """Give each group its rate of a moment; return the rate of the heads.

    Adversaries keep theirs.
    """
    rate = learning_rate(
        moment,
        peak=settings.lr,
        final=settings.lr_final,
        warmup=settings.warmup,
        kind=settings.schedule,
        period=settings.period,
    )
    for group in optimizers[MAIN].param_groups:
        group["lr"] = rate * group["share"]
    return rate
