"""Starting from the weights of a finished run: fine-tuning, or a student from its baseline."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.inputs.networks import Description, Trained
from avkd_cli.models import settings_of
from avkd_cli.storage import names
from avkd_cli.training.objective import Objective
from avkd_cli.training.training_set import TrainingSet


@dataclass(frozen=True)
class Start:
    """Weights to begin with.

    Attributes:
        network: of the whole network. heads: of each head, none for new ones.
        fingerprint: of the run that they are from.
        persons: whom that run was trained on, by name or digest.
    """

    network: dict[str, Tensor]
    heads: dict[str, dict[str, Tensor]]
    fingerprint: str
    persons: tuple[str, ...] = ()

    def inputs(self) -> dict[str, str]:
        """Return what a plan says of it."""
        found = {"init": self.fingerprint}
        return found | {"init-head": self.fingerprint} if self.heads else found

    def put(self, objective: Objective) -> Objective:
        """Return the objective with these weights in place of those that were drawn."""
        objective.network.load_state_dict(self.network)
        for name, weights in self.heads.items():
            objective.heads[name].load_state_dict(weights)
        return objective


def network_of(run: Path, description: Description) -> Start:
    """Return the network of a finished run, for new persons.

    Raises:
        MissingInputError, InputError: there is no such run, or it is of another network.
    """
    trained = networks.load(run)
    check_same_network(run, trained.description, description)
    return Start(trained.network.state_dict(), {}, trained.fingerprint, persons_of(trained))


def all_of(run: Path, description: Description, chosen: TrainingSet, copies: int) -> Start:
    """Return the network and the heads of a finished run, to go on with its persons.

    Args:
        copies: how many times each person is a class.

    Raises:
        MissingInputError, InputError: as `network_of`; also when it was trained on other
            persons.
        UsageError: the training has more classes than people.
    """
    trained = networks.load(run)
    check_same_network(run, trained.description, description)
    check_same_persons(run, trained, chosen)
    if copies > 1:
        raise UsageError(
            f"{run} keeps no classes of other speeds; leave --speed-classes out, or pass "
            "--reset-head to train them anew"
        )
    heads = {name: head.state_dict() for name, head in trained.heads.items()}
    return Start(trained.network.state_dict(), heads, trained.fingerprint, persons_of(trained))


def persons_of(*trained: Trained) -> tuple[str, ...]:
    """Return whom runs were trained on, and what they were begun with and from."""
    return tuple(n for one in trained for n in one.record.get("persons") or one.head.classes)


def check_same_network(run: Path, found: Description, wanted: Description) -> None:
    """Raise InputError unless two descriptions have the same weights; dropout has none."""
    if identity(found) != identity(wanted):
        raise InputError(
            f"{run}: holds {found.modality} {found.name} {found.model}, this is "
            f"{wanted.modality} {wanted.name} {wanted.model}; give a run of the same network"
        )


def identity(description: Description) -> tuple[str, str, dict[str, object], int]:
    """Return what says which weights a network has."""
    kind = "visual" if description.modality == "clips" else description.modality
    model = settings_of(kind, description.name) | description.model
    model.pop("dropout", None)
    return description.modality, description.name, model, description.segment


def check_same_persons(run: Path, trained: Trained, chosen: TrainingSet) -> None:
    """Raise InputError where the classifier of a run is not of the persons to train on."""
    classes = names.resolved(trained.head.classes, chosen.classes)
    if classes == chosen.classes:
        return
    unknown = sorted(set(chosen.classes) - set(classes))
    absent = sorted(set(classes) - set(chosen.classes))
    who = "somebody" if unknown or names.is_digest(absent[0]) else f"'{absent[0]}'"
    what = f"does not know '{unknown[0]}'" if unknown else f"knows {who} who is not here"
    raise InputError(
        f"{run}: trained on {len(trained.head.classes)} persons, here are {len(chosen.classes)}; "
        f"it {what}; pass --reset-head for a new classifier, or train on the same people"
    )
