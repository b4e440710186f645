"""Recipes by the modality that is trained: from settings and opened stores to a `Job`.

To add one: a file here and a line in `RECIPES`; its settings and its name in `config/`.
"""

from collections.abc import Callable

from avkd_cli.recipes import sense
from avkd_cli.recipes.fusion import fusion
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.joint import joint
from avkd_cli.recipes.pair import pair
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.sequence import sequence
from avkd_cli.recipes.student import student

__all__ = ["RECIPES", "Job", "Request", "student"]

RECIPES: dict[str, Callable[..., Job]] = {
    "audio": sense.audio,
    "visual": sense.visual,
    "fusion": fusion,
    "pair": pair,
    "sequence": sequence,
    "joint": joint,
}
