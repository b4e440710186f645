"""The command lines that make a system's teacher: imported, spoilt, trained here, held out."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from avkd_cli.errors import UsageError
from study.recordings import Case, Words, name_of
from study.systems import FUSION, FUSION_STEPS, OTHER, QUARTER, SYSTEMS, System

if TYPE_CHECKING:
    from study.plan import Plan

SENSES = ("audio", "visual")


class Teachers:
    """Whoever teaches the students of a plan."""

    def __init__(self, plan: "Plan") -> None:
        self.plan, self.recordings, self.lines = plan, plan.recordings, plan.lines

    def words(self, case: Case, one: System) -> tuple[object, ...]:
        """Return the words that name a system's teacher."""
        kind, _, rest = one.teacher.partition("-")
        if kind == "live":
            return self._live(case, one)
        return tuple(
            word for store in self.stores(case, one, kind, rest) for word in ("--teacher", store)
        )

    def stores(self, case: Case, one: System, kind: str, rest: str) -> list[Path]:
        """Return the stores of a teacher of a kind."""
        if kind == "imported":
            return [self.imported(sense) for sense in ((rest,) if rest else SENSES)]
        if kind == "spoilt":
            return self.spoilt(case, rest)
        if kind == "trained":
            return [self.fusion(case, one.labelled, one.few)]
        return [self.held_out(case)]

    def _live(self, case: Case, one: System) -> tuple[object, ...]:
        fused = self.fusion(case, one.labelled, one.few).with_name("fusion")
        runs = (*self.encoders(case, one.labelled, one.few).values(), fused)
        named = (word for run in runs for word in ("--teacher-run", run))
        return (*named, "--beside", self.recordings.store(OTHER[one.sense]))

    def imported(self, sense: str) -> Path:
        """Return the store of a strong encoder's embeddings.

        Raises:
            UsageError: there is none.
        """
        files = self.recordings.people.imported
        if sense not in files:
            raise UsageError(
                f"no embeddings of strong {sense} encoders: give --imported {sense}:FILE, or "
                "leave out the stages that need them (teachers and labels do not)"
            )
        return self._read(self.recordings.work / f"imported-{sense}.zarr", files[sense], sense)

    def _read(self, target: Path, file: Path, sense: str) -> Path:
        return self.lines.avkd(
            target, "extract-embeddings", ("--from", file), ("--modality", sense)
        )

    def spoilt(self, case: Case, f: str) -> list[Path]:
        """Return stores of the imported embeddings, spoilt until clusters have a pairwise F."""
        made = self.lines.own(
            case.folder / f"spoilt-{f}",
            ("spoil", *map(self.imported, SENSES)),
            ("--list", self.recordings.lists(case, QUARTER) / "both.jsonl"),
            ("--f", f, "--film", self.recordings.people.film),
            ("--seed", case.seed),
        )
        return [
            self._read(case.folder / f"spoilt-{f}-{sense}.zarr", made / f"{sense}.npz", sense)
            for sense in SENSES
        ]

    def encoders(self, case: Case, share: float, few: int = 0) -> dict[str, Path]:
        """Return by sense an encoder trained on the labelled people: a system's, if one is it."""
        known = self.recordings.lists(case, share, few) / "known.jsonl"
        found = {}
        for sense in SENSES:
            system = _of_labels_alone(sense, share, few)
            run = self._folder(case, share, few) / sense
            kind = "all" if share == 1 else "alone"
            found[sense] = (
                self._encoder(case, run, sense, kind, ("--list", known))
                if system is None
                else self.plan.student(case, system)
            )
        return found

    def _encoder(
        self, case: Case, run: Path, sense: str, kind: str, whom: tuple[object, ...]
    ) -> Path:
        network, store = self.plan.network(sense, kind), self.recordings.store(sense)
        return self.lines.avkd(run, "train-teacher", store, whom, network, ("--seed", case.seed))

    def _folder(self, case: Case, share: float, few: int) -> Path:
        return case.folder / "teachers" / name_of(share, few)

    def fusion(self, case: Case, share: float, few: int = 0) -> Path:
        """Return embeddings of a fusion trained here, encoders and all, on the labelled people."""
        whom = ("--list", self.recordings.lists(case, share, few) / "known.jsonl")
        encoders = self.encoders(case, share, few)
        return self._fused(case, self._folder(case, share, few), encoders, whom)

    def _fused(
        self, case: Case, folder: Path, encoders: dict[str, Path], whom: tuple[object, ...]
    ) -> Path:
        stores = tuple(
            self._embedded(case, folder / f"{sense}-emb.zarr", run, self.recordings.store(sense))
            for sense, run in encoders.items()
        )
        how: Iterable[Words] = (
            *shlex.split(FUSION),
            ("--max-steps", self.plan.steps(FUSION_STEPS)),
            ("--seed", case.seed),
        )
        run = self.lines.avkd(folder / "fusion", "train-teacher", stores, whom, *how)
        return self._embedded(case, folder / "fusion-emb.zarr", run, *stores)

    def _embedded(self, case: Case, target: Path, run: Path, *stores: Path) -> Path:
        train = self.recordings.lists(case) / "train.jsonl"
        return self.lines.avkd(target, "extract-embeddings", run, stores, ("--list", train))

    def held_out(self, case: Case, count: int = 2) -> Path:
        """Return embeddings of everybody by teachers that never saw them."""
        divided = self.lines.avkd(
            case.folder / "held-out.jsonl",
            ("corpus", "folds", self.recordings.lists(case) / "train.jsonl"),
            ("--folds", count, "--prefix", "held"),
            self.recordings.by,
        )
        folder, stores = case.folder / "teachers", []
        for fold in range(1, count + 1):
            whom, own = ("--list", divided, "--split-column", f"held{fold}"), f"held-out-{fold}"
            encoders = {
                sense: self._encoder(case, folder / own / sense, sense, "all", whom)
                for sense in SENSES
            }
            stores.append(("--held-out", self._fused(case, folder / own, encoders, whom)))
        return self.lines.avkd(folder / "held-out.zarr", "extract-embeddings", *stores)


def _of_labels_alone(sense: str, share: float, few: int) -> System | None:
    """Return the system that is an encoder trained on these labels alone, if there is one."""
    alone = (one for one in SYSTEMS if not one.teacher and not one.small)
    wanted = (sense, share, few)
    return next((one for one in alone if (one.sense, one.labelled, one.few) == wanted), None)
