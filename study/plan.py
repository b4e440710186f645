"""The plan: every system of every seed as plain `avkd` command lines that wait for one another."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from study.lists import TRUTH
from study.recordings import Case, Lines, People, Recordings
from study.systems import NETWORK, REGULARISATION, USUAL, USUAL_STEPS, System
from study.teachers import Teachers

FEWEST_STEPS = 2


@dataclass(frozen=True)
class Chosen:
    """What the folds chose; the usual where they were not asked.

    Args:
        steps: of training, by sense.
        regularisation: by `sense/kind`.
        weight: by system.
    """

    steps: dict[str, int] = field(default_factory=dict)
    regularisation: dict[str, str] = field(default_factory=dict)
    weight: dict[str, str] = field(default_factory=dict)


class Plan:
    """The students of some people, and all that they need.

    Args:
        people: whose recordings.
        work: folder that all is made in.
        chosen: settings of training.
        quick: so many times fewer steps, to see that all of it works; 0: as many as chosen.
    """

    def __init__(self, people: People, work: Path, chosen: Chosen, *, quick: int = 0) -> None:
        self.people, self.work, self.chosen, self.quick = people, work, chosen, quick
        self.lines = Lines()
        self.recordings = Recordings(people, work, self.lines)
        self.teachers = Teachers(self)

    def steps(self, usual: int) -> int:
        """Return how many steps a training takes."""
        return max(FEWEST_STEPS, usual // self.quick) if self.quick else usual

    def network(self, sense: str, kind: str) -> tuple[object, ...]:
        """Return network and settings of training: those that folds chose, or the usual."""
        steps = self.steps(self.chosen.steps.get(sense, USUAL_STEPS[sense]))
        chosen = self.chosen.regularisation.get(f"{sense}/{kind}", USUAL)
        words = f"{NETWORK[sense]} {REGULARISATION[sense][chosen]}"
        return (*shlex.split(words), "--max-steps", steps)

    def student(self, case: Case, one: System) -> Path:
        """Return the run of a system."""
        lists = self.recordings.lists(case, one.labelled, one.few)
        store, known = self._store(case, one, lists), ("--list", lists / "known.jsonl")
        target = case.folder / one.sense / one.name
        words = (*self.network(one.sense, one.kind), "--seed", case.seed)
        if not one.teacher:
            return self.lines.avkd(target, "train-teacher", store, known, words)
        taught = ("distill", store, *self.teachers.words(case, one))
        others = ("--unlabelled", lists / "others.jsonl", "--cluster-film", self.people.film)
        weight = self.chosen.weight.get(one.like or one.name, 1)
        own = tuple(shlex.split(one.words.format(weight=weight)))
        return self.lines.avkd(target, taught, known, others if one.unlabelled else (), own, words)

    def _store(self, case: Case, one: System, lists: Path) -> Path:
        """Return what is trained on: of small faces, those that nobody named are small."""
        if one.small and one.labelled < 1:
            return self.recordings.shrunk(case, lists / "both.jsonl", lists.name)
        return self.recordings.store(one.sense)

    def scored(self, case: Case, one: System) -> list[Path]:
        """Return the score files of a system; of small faces also those of a small test."""
        run, test = self.student(case, one), self.recordings.lists(case) / "test.jsonl"
        stores = {"": self.recordings.store(one.sense)}
        if one.small:
            stores[".small"] = self.recordings.shrunk(case, test, "test", "--everybody")
        found = []
        for end, store in stores.items():
            embedded = case.folder / "emb" / f"{one.name}{end}.zarr"
            self.lines.avkd(embedded, "extract-embeddings", run, store, ("--list", test))
            scores = case.folder / "scores" / f"{one.name}{end}.scores"
            found.append(self.lines.avkd(scores, "score", case.trials, embedded))
        return found

    def looked_at(self, case: Case, one: System) -> Path | None:
        """Return figures of a teacher's clusters, held against who they are; None without any."""
        if not one.unlabelled or "terms" in one.words:
            return None
        made = case.folder / "clusters" / f"{one.labelled:g}-{one.teacher}.json"
        teachers = (word for word in self.teachers.words(case, one) if word != "--teacher")
        return self.lines.add(
            made,
            ("corpus", "cluster", *teachers),
            ("--list", self.recordings.lists(case, one.labelled) / "both.jsonl"),
            ("--film", self.people.film, "--separation", 0, "--truth", TRUTH),
            ("--report", made, "-o", made.with_suffix(".jsonl"), "-q"),
        )
