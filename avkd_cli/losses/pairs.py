"""Terms of face-voice association: what a pair network is taught beside its classes.

They look at the persons of the batch, and hold the network against no teacher. Those of pairs take
the batches of all processes together: a share of one may have nobody twice. To add one: a class
here and a line in `PAIR_TERMS`; its weight in `config.PairConfig`.

Reference:
    M. S. Saeed et al., "Fusion and orthogonal projection for improved face-voice association",
    ICASSP 2022, table I.
"""

from torch import Tensor

from avkd_cli.losses.across import contrastive_loss, triplet_loss
from avkd_cli.losses.centres import CentreLoss, GitLoss
from avkd_cli.losses.mmd import gathered
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.orthogonal import FORMS, orthogonal_loss
from avkd_cli.losses.terms import Taught, Term
from avkd_cli.models.levels import Batch, Levels, level_of


class PairTerm(Term):
    """Base: a term that looks at levels and at the persons, `label`, of the batch.

    Args:
        n_persons: classes of the training set.
        size: width of the levels.

    Attributes:
        wants_pairs: whether it needs two pairs of a person in a batch to say anything of one.
    """

    reads = ("label",)
    zero_at_match = False
    wants_pairs = False

    def __init__(self, n_persons: int, size: int) -> None:
        super().__init__(Taught(size, size))
        self.target = "label"

    def persons(self, batch: Batch) -> Tensor:
        """Return the person of each row, (batch,)."""
        return level_of({}, "label", batch)


class Orthogonal(PairTerm):
    """A person's fused embeddings together, other people's at right angles, per batch.

    Args:
        form: one of `orthogonal.FORMS`.
    """

    wants_pairs = True

    def __init__(self, n_persons: int, size: int, form: str = "released") -> None:
        super().__init__(n_persons, size)
        if form not in FORMS:
            raise ValueError(f"no form {form!r}; there are {', '.join(FORMS)}")
        self.form = form

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar."""
        fused = gathered(level_of(levels, self.level))
        return orthogonal_loss(fused, gathered(self.persons(batch)), self.form)


class Centre(PairTerm):
    """Half the squared distance of each fused embedding to its person's centre, per sample.

    Args:
        rate: how far centres go towards their batch.
    """

    def __init__(self, n_persons: int, size: int, rate: float = 0.5) -> None:
        super().__init__(n_persons, size)
        self.per_sample = True
        self.centres = CentreLoss(n_persons, size, rate)

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return (batch,)."""
        return self.centres(level_of(levels, self.level), self.persons(batch))


class Git(Centre):
    """The same, and a push away from the centres of the batch's other people, per sample.

    Args:
        rate: how far centres go towards their batch. push: weight of the second part.
    """

    def __init__(self, n_persons: int, size: int, rate: float = 0.5, push: float = 1.0) -> None:
        super().__init__(n_persons, size, rate)
        self.centres = GitLoss(n_persons, size, rate, push)


class Contrastive(PairTerm):
    """Pairs of a face and a voice, per batch.

    Args:
        margin: how far apart two people are pushed.
    """

    def __init__(self, n_persons: int, size: int, margin: float = 0.6) -> None:
        super().__init__(n_persons, size)
        self.margin = margin

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar."""
        both = (gathered(level_of(levels, sense)) for sense in ("visual", "audio"))
        return contrastive_loss(*both, gathered(self.persons(batch)), self.margin)


class Triplet(PairTerm):
    """Triplets of both senses, per batch.

    Args:
        margin: how much further another person is than the same one.
    """

    def __init__(self, n_persons: int, size: int, margin: float = 0.2) -> None:
        super().__init__(n_persons, size)
        self.margin = margin

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return a scalar."""
        both = (gathered(level_of(levels, sense)) for sense in ("visual", "audio"))
        return triplet_loss(*both, gathered(self.persons(batch)), self.margin)


PAIR_TERMS: dict[str, type[PairTerm]] = {
    "orthogonal": Orthogonal,
    "centre_loss": Centre,
    "git_loss": Git,
    "contrastive": Contrastive,
    "triplet": Triplet,
}
