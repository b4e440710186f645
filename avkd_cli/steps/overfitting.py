"""How much better a network does on whom it was trained on: EER and distances, each epoch."""

import numpy as np
import torch
from torch import Tensor

from avkd_cli import keyed
from avkd_cli.config import TrainConfig
from avkd_cli.corpora.trials import Candidate, Rule, count_trials, draw_trials
from avkd_cli.errors import InputError
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.quality import OwnCosine
from avkd_cli.losses.terms import Wrapper
from avkd_cli.recipes.job import Job
from avkd_cli.steps.validation import Listed, Validation
from avkd_cli.storage.store import EmbeddingStore
from avkd_cli.training.bridges import Projection, TeacherClasses, TeacherProjection
from avkd_cli.training.objective import Objective

TRAIN = "train_"  # before the name of a figure of training people
LATE = Moment(1, 1)  # distances are measured without their tolerances, so no moment matters


class Overfitting(Validation):
    """Measures a network on validation trials, and on trials of the people it is trained on.

    Gives `eer` and `train_eer`, and of a student each distance to the teacher as `cos` and
    `train_cos`: of whole utterances, as many on both sides, without tolerance and weights.
    Distances that need a label are of training people alone; those of the validation people are
    left out where the teacher's store does not have them.

    Raises:
        InputError: fewer trials are possible among the training people.
    """

    def __init__(self, validation: Validation, job: Job, settings: TrainConfig) -> None:
        self.digest, self.read = validation.digest, validation.read
        self.settings, self.trials = validation.settings, validation.trials
        self.of_training = draw(job, settings)
        self.labels = dict(zip(job.chosen.ids, job.chosen.labels.tolist(), strict=True))
        self.teacher = job.teacher

    def __call__(self, objective: Objective) -> dict[str, float]:
        """Return all figures by name."""
        found: dict[str, float] = {}
        for prefix, trials in (("", self.trials), (TRAIN, self.of_training)):
            embedding = self.embed(objective, trials.ids)
            found[f"{prefix}eer"] = trials.eer(embedding)
            if self.teacher is not None:
                told = self.distances(objective, trials.ids, embedding, self.teacher)
                found |= {f"{prefix}{name}": value for name, value in told.items()}
        return found

    def distances(
        self, objective: Objective, ids: list[str], embedding: np.ndarray, teacher: EmbeddingStore
    ) -> dict[str, float]:
        """Return the mean of each term over utterances that the teacher knows."""
        most = min(len(self.trials.ids), len(self.of_training.ids))
        known = [place for place, one in enumerate(ids) if one in teacher.row_of][:most]
        if len(known) < 2:  # relations of a batch need two
            return {}
        names = [ids[place] for place in known]
        batch = {"teacher": torch.from_numpy(teacher.embedding[[teacher.row_of[n] for n in names]])}
        if all(name in self.labels for name in names):
            batch["label"] = torch.tensor([self.labels[name] for name in names])
        return distances(objective, torch.from_numpy(embedding[known]), batch)


@torch.no_grad()
def distances(
    objective: Objective, embedding: Tensor, batch: dict[str, Tensor]
) -> dict[str, float]:
    """Return the mean of each term of an objective, without tolerance and weights.

    Args:
        objective: in evaluation mode.
        embedding: of the student, (n, d).
        batch: `teacher`, (n, d~), and `label`, (n,), where the persons are trained on.
    """
    device = next(objective.network.parameters()).device
    batch = {name: value.to(device) for name, value in batch.items()}
    levels = {"embedding": embedding.to(device)}
    for bridge in objective.bridges:
        if isinstance(bridge, Projection | TeacherProjection):
            levels |= bridge(levels, batch)
    head = objective.heads["person"]
    levels["person.scores"] = head(levels)[:, : len(head.classes)]  # no voices at other speeds
    found = {}
    for name, term in objective.terms.items():
        inner = term
        while isinstance(inner, Wrapper):  # the term without what is put around it
            inner = inner.term
        if isinstance(inner, OwnCosine | TeacherClasses) or not set(inner.reads) <= set(batch):
            continue
        found[name] = float(inner(levels, batch, LATE).mean())
    return found


def draw(job: Job, settings: TrainConfig) -> Listed:
    """Return trials of the training people, half of them targets, by the run's seed."""
    store, chosen = job.input.stores[0], job.chosen
    sides = [Candidate(one, store.persons[store.row_of[one]], "", "") for one in chosen.ids]
    half, rule = (settings.train_trials + 1) // 2, Rule()
    targets, nontargets = count_trials(sides, rule)
    if min(targets, nontargets) < half:
        raise InputError(
            f"{store.path}: --train-trials {settings.train_trials}: among {len(sides)} training "
            f"utterances {targets} targets and {nontargets} nontargets are possible; ask for fewer"
        )
    drawn = draw_trials(sides, rule, half, half, keyed.key(settings.seed, "train trials"))
    ids = sorted({one for trial in drawn for one in (trial.enrol, trial.test)})
    place = {one: number for number, one in enumerate(ids)}
    return Listed(
        ids,
        np.array([place[one.enrol] for one in drawn]),
        np.array([place[one.test] for one in drawn]),
        np.array([one.label for one in drawn]),
    )
