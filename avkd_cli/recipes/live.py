"""A teacher that sees what the student sees: its networks run beside the student, frozen.

The network of the student's own sense takes the student's very input, crop, disturbance and masks
alike; that of the other sense takes a recording of the same person that is drawn anew each time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli import keyed
from avkd_cli.audio.limits import FRAME, HOP
from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import INPUTS, networks
from avkd_cli.inputs.crops import stretches
from avkd_cli.inputs.networks import Description, Trained
from avkd_cli.recipes.imitation import SEGMENTS
from avkd_cli.recipes.quality import wanted
from avkd_cli.storage.store import RaggedStore
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.bridges import BESIDE, LiveNetworks
from avkd_cli.training.sampler import Draws, Groups
from avkd_cli.training.training_set import TrainingSet

SENSES = ("audio", "visual")


@dataclass(frozen=True)
class Asked:
    """What --teacher-run and --beside say.

    Attributes:
        runs: finished runs, of one sense, or of both and their fusion. beside: path of the store
            of the other sense, None where there is none.
    """

    runs: Sequence[Path]
    beside: str | None = None


class LiveTeacher:
    """Frozen networks that teach.

    Args:
        runs: by modality. modality: of the student. beside: what the other sense's network reads.

    Attributes:
        path: what messages call it. head: of its last network, None where its classes are no
            persons. dimension: of its embedding.
    """

    def __init__(
        self, asked: Asked, runs: Mapping[str, Trained], modality: str, beside: RaggedStore | None
    ) -> None:
        self.runs, self.modality, self.beside = dict(runs), modality, beside
        self.path = " and ".join(str(run) for run in asked.runs)
        self.last = self.runs["fusion"] if "fusion" in self.runs else next(iter(runs.values()))
        self.head = self.last.stored_head() if self.last.label == "person" else None
        self.dimension = self.last.head.size

    def inputs(self) -> dict[str, str]:
        """Return name and fingerprint of each run and of the store, for the plan."""
        found = {f"teacher-{name}": one.fingerprint for name, one in self.runs.items()}
        return found | ({"beside": self.beside.fingerprint} if self.beside is not None else {})

    def sources(self, chosen: TrainingSet, settings: DistillTerms, seed: int) -> list[Source]:
        """Return what draws the other sense's recordings.

        Raises:
            InputError: somebody has none.
        """
        if self.beside is None:
            return []
        same = settings.beside_pairing == "same-clip"
        owner = np.arange(len(chosen.ids)) if same else chosen.labels
        rows = [self.beside.row_of[one] if self.beside.holds(one) else -1 for one in chosen.ids]
        there = np.array(rows, np.int64)
        if lacking := set(owner.tolist()) - set(owner[there >= 0].tolist()):
            first = min(lacking)
            name = chosen.ids[first] if same else chosen.classes[first]
            what = "utterances" if same else "persons"
            raise InputError(
                f"{self.beside.path}: has nothing of {len(lacking)} of {len(set(owner.tolist()))} "
                f"{what}, such as {name!r}; give the store of the same people, or leave them out "
                "by --list"
            )
        return [OtherSense(self.beside, there, owner, settings.beside_crop, seed)]

    def bridge(self) -> LiveNetworks:
        """Return what runs the networks beside the student."""
        parts = {name: one.network for name, one in self.runs.items()}
        return LiveNetworks(parts, self.modality)


class OtherSense:
    """A recording of the other sense for each draw: a face, or a stretch of sound, as `beside`.

    Args:
        store: of faces or of sound. rows: its row of each training row, -1 for none.
        owner: whose each training row is; one of theirs is drawn. crop: frames of a stretch.
    """

    def __init__(
        self, store: RaggedStore, rows: np.ndarray, owner: np.ndarray, crop: int, seed: int
    ) -> None:
        self.store, self.seed, self.crop, self.owner = store, seed, crop, owner
        there = np.flatnonzero(rows >= 0)
        self.rows, self.people = rows[there], Groups(owner[there])

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return (batch, …) as the store holds it."""
        who, numbers = self.owner[draws.rows], draws.numbers
        rows = self.rows[self.people.draw(who, self.seed, "beside", numbers)]
        if self.store.long_name == "crops":
            face = keyed.whole(self.seed, "beside face", numbers, self.store.lengths[rows])
            return {BESIDE: self.store.gather(rows, face)}
        samples = self.store.long_name == "samples"
        length = (self.crop - 1) * HOP + FRAME if samples else self.crop
        return {BESIDE: stretches(self.store, rows, length, self.seed, "beside crop", numbers)}


def open_live(
    asked: Asked | None, modality: str, description: Description, settings: DistillTerms
) -> LiveTeacher | None:
    """Return the teacher that runs beside a student, None where none is asked for.

    Args:
        modality: of the student. description: of its network, with what its store holds.

    Raises:
        UsageError: runs that do not make a teacher, or a setting that needs stored embeddings.
        InputError: networks that do not take what the student's, or the other's store holds.
    """
    if asked is None or not (asked.runs or asked.beside):
        return None
    refuse(settings)
    runs: dict[str, Trained] = {}
    for run in asked.runs:
        one = networks.load(run)
        kind = one.description.modality
        if kind not in (*SENSES, "fusion") or kind in runs:
            raise UsageError(
                f"{run}: is of modality {kind}; --teacher-run takes one run of a sense, or one of "
                "each sense and one of their fusion"
            )
        runs[kind] = one
    check_kinds(runs, modality, asked)
    other = next((one for one in SENSES if one != modality), "")
    beside = check_beside(asked, runs[other], other) if other in runs else None
    if modality in runs:
        check_own(asked, runs[modality], description)
    if "fusion" in runs:
        check_fusion(asked, runs)
    return LiveTeacher(asked, runs, modality, beside)


def refuse(settings: DistillTerms) -> None:
    """Raise UsageError for what looks at stored embeddings."""
    if settings.level == SEGMENTS:
        raise UsageError("--level segments imitates a store; give --teacher, not --teacher-run")
    if set(wanted(settings)) & {"face-cos", "speech-cos", "face-norm"}:
        raise UsageError(
            "--quality of the teacher's embeddings is of a store; give --teacher, or take snr, "
            "sharpness or column:NAME"
        )


def check_kinds(runs: Mapping[str, Trained], modality: str, asked: Asked) -> None:
    """Raise UsageError unless the runs make one teacher, with a store where one is needed."""
    both = all(one in runs for one in SENSES)
    if both != ("fusion" in runs) or not runs:
        given = " and ".join(runs) or "none"
        raise UsageError(
            f"--teacher-run takes one run of a sense, or three: audio, visual and fusion; {given} "
            "given"
        )
    needs = any(one in runs for one in SENSES if one != modality)
    if needs != (asked.beside is not None):
        other = "faces" if modality == "audio" else "sound"
        raise UsageError(
            f"--beside STORE is needed: the store of {other} that the teacher takes"
            if needs
            else "--beside is for a teacher of the other sense; leave it out"
        )


def check_beside(asked: Asked, one: Trained, sense: str) -> RaggedStore:
    """Return the store of the other sense, checked to be what its network takes."""
    read = INPUTS[sense].opened([str(asked.beside)])
    differs(one.description, read.held(), f"{asked.beside}: the teacher's network of this sense")
    return read.stores[0]


def check_own(asked: Asked, one: Trained, student: Description) -> None:
    """Raise InputError unless the network of the student's sense takes the student's input."""
    if one.description.segment or student.segment:
        raise UsageError("--teacher-run does not go with --segment")
    held = student.front_end | student.model
    names = ("features", "n_mels", "in_channels", "height", "width_px")
    differs(
        one.description,
        {name: held[name] for name in names if name in held},
        "--teacher-run: the network of the student's sense",
    )


def differs(description: Description, held: Mapping[str, Any], what: str) -> None:
    """Raise InputError where a network was trained on something else than is held."""
    takes = description.other_than(held)
    if found := [f"{name} {known}, here it is {held[name]}" for name, known in takes.items()]:
        raise InputError(f"{what} was trained with {'; '.join(found)}; prepare both alike")


def check_fusion(asked: Asked, runs: Mapping[str, Trained]) -> None:
    """Raise InputError unless the fusion takes what the two encoders give."""
    model = runs["fusion"].description.model
    for sense in SENSES:
        size, wanted_size = runs[sense].head.size, model[f"{sense}_size"]
        if size != wanted_size:
            raise InputError(
                f"--teacher-run: the fusion takes {sense} embeddings of {wanted_size} dimensions, "
                f"that run gives {size}; give the encoders that it was trained on"
            )
