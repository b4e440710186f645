"""Terms and heads, by name.

The tests of `tests/losses/test_terms.py` run over `TERMS`, those of `test_heads.py` over `HEADS`.
"""

from avkd_cli.losses.distances import L2, ClassCe, ClassCosine, L2Raw
from avkd_cli.losses.distillation import Cosine, Kl
from avkd_cli.losses.heads import HEADS, AamSoftmax, Head, Softmax, head_of
from avkd_cli.losses.imitation import Imitation, Multitask, SoftLabels
from avkd_cli.losses.mmd import Mmd
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.relations import Posteriors, Relational, Similarity
from avkd_cli.losses.terms import OfTaught, Taught, Term

__all__ = [
    "HEADS",
    "TERMS",
    "AamSoftmax",
    "Head",
    "Moment",
    "OfTaught",
    "Softmax",
    "Taught",
    "Term",
    "head_of",
]

TERMS: dict[str, type[Term]] = {
    "kl": Kl,
    "cos": Cosine,
    "mmd": Mmd,
    "similarity": Similarity,
    "relational": Relational,
    "posteriors": Posteriors,
    "l2": L2,
    "l2-raw": L2Raw,
    "class-ce": ClassCe,
    "class-cos": ClassCosine,
    "imitation": Imitation,
    "soft-labels": SoftLabels,
    "multitask": Multitask,
}
