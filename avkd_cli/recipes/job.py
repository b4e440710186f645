"""What a recipe hands over: one training, ready to be planned, run and published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import nn

from avkd_cli.inputs.base import Input
from avkd_cli.inputs.networks import Description, build
from avkd_cli.losses.heads import Head
from avkd_cli.losses.terms import Term
from avkd_cli.recipes.start import Start
from avkd_cli.storage import names
from avkd_cli.storage.store import EmbeddingStore, Store
from avkd_cli.training.batches import Source
from avkd_cli.training.bridges import Bridge
from avkd_cli.training.objective import Objective
from avkd_cli.training.training_set import TrainingSet


@dataclass
class Job:
    """One training.

    Attributes:
        step: the command. modality: of the network.
        chosen: what is trained on.
        sources: what reads each part of a batch.
        description: builds the network.
        input: passes whole utterances through it, for validation.
        heads, bridges, terms: make these parts of the objective, in this order, after torch is
            seeded and the network is drawn.
        inputs: name and fingerprint of each store, for the plan.
        finish: what else is done to a new network, such as means that it takes off.
        start: the finished run whose weights it begins with.
        list_file: of --list.
        teacher: the store that a student is taught from, None for others.
        prepared: by name, the stores that the network reads; a run remembers how they were made.
        known: whom other networks that it begins with were trained on.
        files: by name, texts that the run keeps, in the order of being written.
    """

    step: str
    modality: str
    chosen: TrainingSet
    sources: list[Source]
    description: Description
    input: Input
    heads: Callable[[], dict[str, Head]]
    inputs: dict[str, str]
    bridges: Callable[[], list[Bridge]] = list
    terms: Callable[[], dict[str, Term]] = dict
    finish: Callable[[nn.Module], object] = lambda network: None
    start: Start | None = None
    list_file: Path | None = None
    teacher: EmbeddingStore | None = None
    prepared: dict[str, Store] = field(default_factory=dict)
    known: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def persons(self) -> list[str]:
        """Return whom its network will have been trained on, sorted: names, and others' digests.

        Those of the run that it begins with, and of the networks whose stored embeddings it
        takes, are among them.
        """
        others = [*self.known, *(self.start.persons if self.start else ())]
        for store in self.prepared.values():
            if isinstance(store, EmbeddingStore):
                others += store.trained_on or ()
        return names.together(self.chosen.persons, others)

    def objective(self) -> Objective:
        """Return a new objective; its weights are drawn from torch's generator.

        Raises:
            ValueError: a network does not take its keywords.
        """
        network = build(self.description)
        self.finish(network)
        heads, bridges = self.heads(), self.bridges()
        objective = Objective(network, heads, self.terms(), bridges)
        return self.start.put(objective) if self.start else objective
