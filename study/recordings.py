"""Whose recordings, and the command lines that make lists and stores of them."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from study.systems import SMALL

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
class Case:
    """People to train on and others to test, and a seed of draws and of training."""

    folder: Path
    people: Path
    trials: Path
    seed: int


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


Words = object | tuple[object, ...]
"""A word, or several that belong together, such as an option and its value."""


class Lines(dict[Path, Line]):
    """Command lines by target, in an order in which they can be run."""

    def avkd(self, target: Path, *words: Words) -> Path:
        """Add `avkd WORDS -o TARGET -q`."""
        return self.add(target, *words, ("-o", target, "-q"))

    def own(self, target: Path, *words: Words) -> Path:
        """Add `python -m study WORDS -o TARGET`."""
        return self.add(target, OF_THIS, *words, ("-o", target))

    def add(self, target: Path, *words: Words) -> Path:
        """Add a command, once; it needs what makes any of its words, or a folder of them.

        Raises:
            ValueError: another command makes the target.
        """
        flat = (one for word in words for one in (word if isinstance(word, tuple) else (word,)))
        texts = tuple(map(str, flat))
        found = (self._maker(Path(text)) for text in texts if not text.startswith("-"))
        needs = tuple(dict.fromkeys(one for one in found if one is not None and one != target))
        line = Line(target, texts, needs)
        if self.setdefault(target, line) != line:
            raise ValueError(f"{target}: planned by two commands")
        return target

    def _maker(self, path: Path) -> Path | None:
        return next((one for one in (path, *path.parents) if one in self), None)


class Recordings:
    """Lists and stores of everybody, and of a case.

    Args:
        people: whose recordings.
        work: folder that all is made in.
        lines: what makes them is added here.
    """

    def __init__(self, people: People, work: Path, lines: Lines) -> None:
        self.people, self.work, self.lines = people, work, lines
        self.by: tuple[object, ...] = ("--by", ",".join(people.by)) if people.by else ()

    def listed(self) -> Path:
        """Return the list of everybody."""
        given, target = self.people, self.work / "people.jsonl"
        if given.manifest.suffix == ".jsonl":
            return self.lines.own(target, "relist", given.manifest)
        root = () if given.root is None else ("--root", given.root)
        return self.lines.avkd(target, "corpus", "csv", given.manifest, given.columns, root)

    def store(self, sense: str) -> Path:
        """Return the store of everybody's recordings of a sense."""
        return self._prepared(sense, self.listed(), self.work / f"{sense}.zarr")

    def _prepared(self, sense: str, source: Path, target: Path) -> Path:
        make = "prep-audio" if sense == "audio" else "crop-faces"
        how = () if sense == "audio" else self.people.detector
        return self.lines.avkd(target, make, source, how, ("--workers", 0))

    def seed(self, number: int) -> Case:
        """Return the case of the test with one seed."""
        return Case(self.work / f"seed-{number}", self.listed(), self.people.trials, number)

    def fold(self, number: int, count: int) -> Case:
        """Return the case of a fold inside the training people; the test people are not in it."""
        people, folder = self.listed(), self.work / f"fold-{number}"
        made = self.lines.own(
            folder / "fold",
            ("fold", people, "--fold", number, "--folds", count),
            self.by,
            ("--block", self.people.block),
        )
        return Case(folder, made / "people.jsonl", made / "trials.txt", number)

    def lists(self, case: Case, share: float = 1.0, few: int = 0) -> Path:
        """Return a folder of lists: known, others, both, train and test."""
        return self.lines.own(
            case.folder / "lists" / name_of(share, few),
            ("lists", case.people, "--labelled", share),
            self.by,
            ("--seed", case.seed),
            ("--few", few) if few else (),
        )

    def shrunk(self, case: Case, source: Path, name: str, *whom: str) -> Path:
        """Return a store of the faces of a list, some of which are small."""
        folder = case.folder / f"small-{name}"
        self.lines.own(folder, "shrink", source, ("--width", SMALL), whom)
        return self._prepared("visual", folder / "people.jsonl", case.folder / f"small-{name}.zarr")


def name_of(share: float, few: int) -> str:
    """Return what a folder of some labelled people is called: 0.25, or 1-few-6."""
    return f"{share:g}{f'-few-{few}' if few else ''}"
