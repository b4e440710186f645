"""The plan: every system of every seed as plain `avkd` command lines that wait for one another."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from avkd_cli.errors import UsageError
from study.systems import (
    FUSION,
    FUSION_STEPS,
    NETWORK,
    OTHER,
    REGULARISATION,
    SMALL,
    SYSTEMS,
    USUAL,
    USUAL_STEPS,
    System,
)

FEWEST_STEPS = 2
OF_THIS = "study"  # first word of commands that are the study's own


@dataclass(frozen=True)
class People:
    """Whose recordings, and where they are.

    Args:
        manifest: a table for `avkd corpus csv`, or a list (.jsonl).
        trials: the list of the test.
        columns: options of `avkd corpus csv` that name the columns.
        root: folder that the paths of the manifest are relative to.
        imported: files of embeddings by strong encoders, by sense; empty where there are none.
        by: columns that draws keep the shares of.
        block: column of groups whose EERs are averaged; "": all people are one.
        film: column of what has one person alone; "": nothing has.
        detector: of faces, and weights: options of `avkd crop-faces`.
    """

    manifest: Path
    trials: Path
    columns: tuple[str, ...] = ()
    root: Path | None = None
    imported: dict[str, Path] = field(default_factory=dict)
    by: tuple[str, ...] = ("block", "sex")
    block: str = "block"
    film: str = ""
    detector: tuple[str, ...] = ("--detector", "none")


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


@dataclass(frozen=True)
class Line:
    """A command that makes `target`, after those it needs."""

    target: Path
    words: tuple[str, ...]
    needs: tuple[Path, ...]

    def shown(self) -> str:
        """Return the line that a person would type."""
        own = self.words[0] == OF_THIS
        return shlex.join(("python", "-m", *self.words) if own else ("avkd", *self.words))


@dataclass(frozen=True)
class Case:
    """People to train on and others to test, and a seed of draws and of training."""

    folder: Path
    people: Path
    trials: Path
    seed: int


class Plan:
    """Jobs by target, in an order in which they can be done.

    Args:
        people: whose recordings.
        work: folder that all is made in.
        chosen: settings of training.
        quick: so many times fewer steps, to see that all of it works; 0: as many as chosen.
    """

    def __init__(self, people: People, work: Path, chosen: Chosen, *, quick: int = 0) -> None:
        self.people, self.work, self.chosen, self.quick = people, work, chosen, quick
        self.lines: dict[Path, Line] = {}

    def add(self, target: Path, *words: object) -> Path:
        """Add a command, once; it needs what makes any of its words, or a folder of them."""
        texts = tuple(str(word) for word in words)
        found = (self._maker(Path(text)) for text in texts if not text.startswith("-"))
        needs = tuple(dict.fromkeys(one for one in found if one is not None and one != target))
        line = Line(target, texts, needs)
        if self.lines.setdefault(target, line) != line:
            raise ValueError(f"{target}: planned by two commands")
        return target

    def _maker(self, path: Path) -> Path | None:
        return next((one for one in (path, *path.parents) if one in self.lines), None)

    # ---- people, stores ------------------------------------------------------------------------

    def listed(self) -> Path:
        """Return the list of everybody."""
        given, target = self.people, self.work / "people.jsonl"
        root = () if given.root is None else ("--root", given.root)
        if given.manifest.suffix == ".jsonl":
            return self.add(target, OF_THIS, "relist", given.manifest, "-o", target)
        return self.add(
            target, "corpus", "csv", given.manifest, *given.columns, *root, "-o", target, "-q"
        )

    def store(self, sense: str) -> Path:
        """Return the store of everybody's recordings of a sense."""
        return self._prepared(sense, self.listed(), self.work / f"{sense}.zarr")

    def _prepared(self, sense: str, source: Path, target: Path) -> Path:
        make = ("prep-audio",) if sense == "audio" else ("crop-faces",)
        how = () if sense == "audio" else self.people.detector
        return self.add(target, *make, source, *how, "--workers", 0, "-o", target, "-q")

    def seed(self, number: int) -> Case:
        """Return the case of the test with one seed."""
        people = self.listed()
        return Case(self.work / f"seed-{number}", people, self.people.trials, number)

    def fold(self, number: int, count: int) -> Case:
        """Return the case of a fold inside the training people; the test people are not in it."""
        people, folder = self.listed(), self.work / f"fold-{number}"
        made = folder / "fold"
        self.add(
            made,
            OF_THIS,
            "fold",
            people,
            "--fold",
            number,
            "--folds",
            count,
            *self._by(),
            "--block",
            self.people.block,
            "-o",
            made,
        )
        return Case(folder, made / "people.jsonl", made / "trials.txt", number)

    def _by(self) -> tuple[object, ...]:
        return ("--by", ",".join(self.people.by)) if self.people.by else ()

    def lists(self, case: Case, share: float = 1.0, few: int = 0) -> Path:
        """Return a folder of lists: known, others, both, train and test."""
        folder = case.folder / "lists" / (f"{share:g}" + (f"-few-{few}" if few else ""))
        fewer = ("--few", few) if few else ()
        return self.add(
            folder,
            OF_THIS,
            "lists",
            case.people,
            "--labelled",
            share,
            *self._by(),
            "--seed",
            case.seed,
            *fewer,
            "-o",
            folder,
        )

    # ---- teachers ------------------------------------------------------------------------------

    def teacher(self, case: Case, one: System) -> tuple[object, ...]:
        """Return the words that name a system's teacher."""
        kind, _, rest = one.teacher.partition("-")
        if kind == "imported":
            senses = (rest,) if rest else ("audio", "visual")
            return self._taught_by(self.imported(sense) for sense in senses)
        if kind == "spoilt":
            return self._taught_by(self.spoilt(case, rest))
        if kind == "trained":
            return self._taught_by([self.fusion(case, one.labelled, one.few)])
        if kind == "live":
            fused = self.fusion(case, one.labelled, one.few).with_name("fusion")
            runs = (*self.encoders(case, one.labelled, one.few).values(), fused)
            return (
                *(word for run in runs for word in ("--teacher-run", run)),
                "--beside",
                self.store(OTHER[one.sense]),
            )
        return self._taught_by([self.held_out(case)])

    def _taught_by(self, stores: Iterable[Path]) -> tuple[object, ...]:
        return tuple(word for store in stores for word in ("--teacher", store))

    def imported(self, sense: str) -> Path:
        """Return the store of a strong encoder's embeddings."""
        if sense not in self.people.imported:
            raise UsageError(
                f"no embeddings of strong {sense} encoders: give --imported {sense}:FILE, or "
                "leave out the stages that need them (teachers and labels do not)"
            )
        target = self.work / f"imported-{sense}.zarr"
        return self.add(
            target,
            "extract-embeddings",
            "--from",
            self.people.imported[sense],
            "--modality",
            sense,
            "-o",
            target,
            "-q",
        )

    def spoilt(self, case: Case, f: str) -> list[Path]:
        """Return stores of the imported embeddings, spoilt until clusters have a pairwise F."""
        senses = ("audio", "visual")
        folder = case.folder / f"spoilt-{f}"
        made = self.add(
            folder,
            OF_THIS,
            "spoil",
            *map(self.imported, senses),
            "--list",
            self.lists(case, 0.25) / "both.jsonl",
            "--f",
            f,
            "--film",
            self.people.film,
            "--seed",
            case.seed,
            "-o",
            folder,
        )
        stores = {sense: case.folder / f"spoilt-{f}-{sense}.zarr" for sense in senses}
        return [
            self.add(
                store,
                "extract-embeddings",
                "--from",
                made / f"{sense}.npz",
                "--modality",
                sense,
                "-o",
                store,
                "-q",
            )
            for sense, store in stores.items()
        ]

    def _teacher_folder(self, case: Case, share: float, few: int) -> Path:
        return case.folder / "teachers" / f"{share:g}{f'-few-{few}' if few else ''}"

    def encoders(self, case: Case, share: float, few: int = 0) -> dict[str, Path]:
        """Return by sense an encoder trained on the labelled people: a system's, if one is it."""
        found = {}
        for sense in ("audio", "visual"):
            same = (
                one
                for one in SYSTEMS
                if not one.teacher
                and not one.small
                and (one.sense, one.labelled, one.few) == (sense, share, few)
            )
            system, whom = next(same, None), self.lists(case, share, few) / "known.jsonl"
            folder = self._teacher_folder(case, share, few)
            kind = "all" if share == 1 else "alone"
            found[sense] = (
                self.student(case, system)
                if system
                else self._encoder(case, folder / sense, sense, kind, "--list", whom)
            )
        return found

    def _encoder(self, case: Case, run: Path, sense: str, kind: str, *whom: object) -> Path:
        return self.add(
            run,
            "train-teacher",
            self.store(sense),
            *whom,
            *self.network(sense, kind),
            "--seed",
            case.seed,
            "-o",
            run,
            "-q",
        )

    def fusion(self, case: Case, share: float, few: int = 0) -> Path:
        """Return embeddings of a fusion trained here, encoders and all, on the labelled people."""
        lists, folder = self.lists(case, share, few), self._teacher_folder(case, share, few)
        whom = ("--list", lists / "known.jsonl")
        return self._fused(case, folder, self.encoders(case, share, few), whom)

    def _fused(
        self, case: Case, folder: Path, encoders: dict[str, Path], whom: tuple[object, ...]
    ) -> Path:
        stores = [
            self._embedded(case, folder / f"{sense}-emb.zarr", run, self.store(sense))
            for sense, run in encoders.items()
        ]
        run, steps = folder / "fusion", self.steps(FUSION_STEPS)
        self.add(
            run,
            "train-teacher",
            *stores,
            *whom,
            *shlex.split(FUSION),
            "--max-steps",
            steps,
            "--seed",
            case.seed,
            "-o",
            run,
            "-q",
        )
        return self._embedded(case, folder / "fusion-emb.zarr", run, *stores)

    def _embedded(self, case: Case, target: Path, run: Path, *stores: Path) -> Path:
        return self.add(
            target,
            "extract-embeddings",
            run,
            *stores,
            "--list",
            self.lists(case) / "train.jsonl",
            "-o",
            target,
            "-q",
        )

    def held_out(self, case: Case, count: int = 2) -> Path:
        """Return embeddings of everybody by teachers that never saw them."""
        train = self.lists(case) / "train.jsonl"
        divided = case.folder / "held-out.jsonl"
        self.add(
            divided,
            "corpus",
            "folds",
            train,
            "--folds",
            count,
            "--prefix",
            "held",
            *self._by(),
            "-o",
            divided,
            "-q",
        )
        stores = []
        for fold in range(1, count + 1):
            whom = ("--list", divided, "--split-column", f"held{fold}")
            folder = case.folder / "teachers" / f"held-out-{fold}"
            encoders = {
                sense: self._encoder(case, folder / sense, sense, "all", *whom)
                for sense in ("audio", "visual")
            }
            stores.append(self._fused(case, folder, encoders, whom))
        target = case.folder / "teachers" / "held-out.zarr"
        words = (word for store in stores for word in ("--held-out", store))
        return self.add(target, "extract-embeddings", *words, "-o", target, "-q")

    # ---- students ------------------------------------------------------------------------------

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
        run = case.folder / one.sense / one.name
        lists = self.lists(case, one.labelled, one.few)
        store = self.store(one.sense)
        if one.small and one.labelled < 1:
            store = self.small_faces(case, lists)
        words = (*self.network(one.sense, one.kind), "--seed", case.seed, "-o", run, "-q")
        if not one.teacher:
            known = lists / "known.jsonl"
            return self.add(run, "train-teacher", store, "--list", known, *words)
        whom = ("--list", lists / "known.jsonl", *self._of_others(one, lists))
        return self.add(
            run, "distill", store, *self.teacher(case, one), *whom, *self._own(one), *words
        )

    def _of_others(self, one: System, lists: Path) -> tuple[object, ...]:
        if not one.unlabelled:
            return ()
        return ("--unlabelled", lists / "others.jsonl", "--cluster-film", self.people.film)

    def _own(self, one: System) -> list[str]:
        return shlex.split(one.words.format(weight=self.chosen.weight.get(one.like or one.name, 1)))

    def small_faces(self, case: Case, lists: Path) -> Path:
        """Return a store of training faces in which those that nobody named are small."""
        return self.shrunk(case, lists / "both.jsonl", lists.name)

    def shrunk(self, case: Case, source: Path, name: str, *whom: object) -> Path:
        """Return a store of faces some of which are small."""
        folder = case.folder / f"small-{name}"
        self.add(folder, OF_THIS, "shrink", source, "--width", SMALL, *whom, "-o", folder)
        store = case.folder / f"small-{name}.zarr"
        return self._prepared("visual", folder / "people.jsonl", store)

    def scored(self, case: Case, one: System) -> list[Path]:
        """Return the score files of a system; of small faces also those of a small test."""
        run, test = self.student(case, one), self.lists(case) / "test.jsonl"
        stores = {"": self.store(one.sense)}
        if one.small:
            stores[".small"] = self.shrunk(case, test, "test", "--everybody")
        found = []
        for end, store in stores.items():
            embedded = case.folder / "emb" / f"{one.name}{end}.zarr"
            self.add(
                embedded, "extract-embeddings", run, store, "--list", test, "-o", embedded, "-q"
            )
            scores = case.folder / "scores" / f"{one.name}{end}.scores"
            found.append(self.add(scores, "score", case.trials, embedded, "-o", scores, "-q"))
        return found

    def looked_at(self, case: Case, one: System) -> Path | None:
        """Return figures of a teacher's clusters, held against who they are; None without any."""
        if not one.unlabelled or "terms" in one.words:
            return None
        made = case.folder / "clusters" / f"{one.labelled:g}-{one.teacher}.json"
        teachers = [word for word in self.teacher(case, one) if word != "--teacher"]
        return self.add(
            made,
            "corpus",
            "cluster",
            *teachers,
            "--list",
            self.lists(case, one.labelled) / "both.jsonl",
            "--film",
            self.people.film,
            "--separation",
            0,
            "--truth",
            "x-who",
            "--report",
            made,
            "-o",
            made.with_suffix(".jsonl"),
            "-q",
        )
