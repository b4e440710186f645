"""The small trainings that `resume.py` kills: teacher, fusion, student, adversary and joint."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from avkd_cli.config import (
    AudioConfig,
    DistillVisualConfig,
    FusionConfig,
    JointConfig,
    TrainConfig,
)
from avkd_cli.inputs.clip import Clips
from avkd_cli.inputs.crops import AudioCrops
from avkd_cli.inputs.disturbance import Disturbances, SpeedClasses
from avkd_cli.inputs.embeddings import Embeddings, OtherOfPerson
from avkd_cli.inputs.face import Faces
from avkd_cli.inputs.networks import Description
from avkd_cli.losses import Moment, Taught, Term
from avkd_cli.models.levels import Batch, Levels
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.joint import heads_of, terms_of
from avkd_cli.recipes.terms import make_terms
from avkd_cli.training.bridges import Projection
from avkd_cli.training.training_set import TrainingSet

PERSONS, EACH, STEPS = 6, 8, 20
LABELS = np.repeat(np.arange(PERSONS), EACH)
ROWS = np.arange(len(LABELS))
NAMES = [f"p{i}" for i in range(PERSONS)]
CHOSEN = TrainingSet([f"u{row}" for row in ROWS], LABELS, NAMES, NAMES)
# An epoch is 6 steps of 8: neither the log's 3, the checkpoints' 4 nor patience meet it always.
COMMON = {
    "embedding_size": 8,
    "batch_size": 8,
    "max_steps": STEPS,
    "log_every": 3,
    "workers": 1,
    "checkpoint_every": 4,
    "warmup": 0.3,
    "margin_from": 0.1,
    "margin_to": 0.9,
    "patience": 2.5,
}


class Pieces:
    """A store of ragged random numbers in memory, such as waveforms or faces."""

    def __init__(self, long_name: str, lengths: list[int], shape: tuple, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.long_name, self.lengths = long_name, np.array(lengths)
        self.row_of = {f"u{row}": row for row in range(len(lengths))}
        high = 256 if long_name == "crops" else 3000
        kind = np.uint8 if long_name == "crops" else np.int16
        self.pieces = [chance.integers(0, high, (n, *shape)).astype(kind) for n in lengths]

    def read(self, rows: np.ndarray) -> list[np.ndarray]:
        """Return whole pieces."""
        return [self.pieces[row] for row in rows]

    def crops(self, rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
        """Return a stretch of each."""
        pairs = zip(rows, starts, strict=True)
        return np.stack([self.pieces[row][at : at + length] for row, at in pairs])

    def gather(self, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return one place of each."""
        return np.stack([self.pieces[row][at] for row, at in zip(rows, places, strict=True)])


def job(
    step: str,
    description: Description,
    settings: TrainConfig,
    sources: list,
    *,
    norm: bool = False,
    copies: int = 1,
    **parts: Callable,
) -> Job:
    """Return a training of the 48 utterances."""
    head = lambda: {"person": head_for(CHOSEN, settings, norm=norm, copies=copies)}  # noqa: E731
    return Job(
        step=step,
        modality=description.modality,
        chosen=CHOSEN,
        sources=sources,
        description=description,
        input=None,
        heads=head,
        inputs={"store": "sha256:0"},
        **parts,
    )


def teacher() -> tuple[Job, TrainConfig]:
    """A voice encoder on disturbed waveforms."""
    settings = AudioConfig(
        **COMMON,
        model="tdnn",
        width=4,
        optimizer="sgd",
        lr=0.05,
        accumulate=2,
        per_person=2,
        augment=0.8,
        speed_classes=True,
        dropout=0.2,
        time_mask=4,
        freq_mask=4,
    )
    sound = Pieces("samples", [4000 + 40 * row for row in ROWS], (), 0)
    crops = AudioCrops(sound, ROWS, 12, 16, 0, speeds=True)
    kinds = {"babble": ROWS[:3], "music": ROWS[3:4], "noise": ROWS[4:6]}
    noise = Pieces("samples", [5000] * 6, (), 1), kinds
    rooms = Pieces("samples", [100, 200], (), 2)
    front = {"features": "waveform", "n_mels": 16, "time_mask": 4, "freq_mask": 4}
    model = {"embedding_size": 8, "width": 4, "n_mels": 16, "dropout": 0.2}
    description = Description("audio", "tdnn", model, front)
    sources = [crops, SpeedClasses(LABELS, PERSONS, 0), Disturbances(crops, 0.8, 0, noise, rooms)]
    return job("train-teacher", description, settings, sources, copies=3), settings


def fusion() -> tuple[Job, TrainConfig]:
    """A fusion of stored embeddings, of which one in 48 is not a number."""
    settings = FusionConfig(
        **COMMON,
        hidden=4,
        optimizer="adam",
        lr=0.05,
        accumulate=2,
        corrupt=0.3,
        on_nonfinite="skip",
    )
    chance = np.random.default_rng(3)
    voices, faces = (chance.standard_normal((len(ROWS), n)).astype(np.float32) for n in (6, 7))
    voices[7] = np.nan
    model = {"visual_size": 7, "audio_size": 6, "embedding_size": 8, "hidden": 4}
    description = Description("fusion", "gate", model, {"corrupt": 0.3})
    pairs = OtherOfPerson("visual", faces, ROWS, LABELS, seed=0)
    sources = [Embeddings("audio", voices, ROWS), pairs]
    return job("train-teacher", description, settings, sources), settings


def student() -> tuple[Job, TrainConfig]:
    """A face encoder that learns from embeddings of another size."""
    settings = DistillVisualConfig(
        **COMMON,
        model="cnn",
        width=16,
        optimizer="adamw",
        lr=0.01,
        clip_norm=1.0,
        dropout=0.2,
        flip=True,
        jitter=0.2,
        shift=2,
        erase=0.3,
        alpha=1.0,
        beta=1.0,
        gamma=1.0,
        projection=True,
    )
    chance = np.random.default_rng(4)
    taught = chance.standard_normal((len(ROWS), 10)).astype(np.float32)
    rows = torch.from_numpy(chance.standard_normal((PERSONS, 10)).astype(np.float32))
    model = {
        "embedding_size": 8,
        "width": 16,
        "dropout": 0.2,
        "in_channels": 3,
        "height": 32,
        "width_px": 32,
    }
    front = {"flip": True, "jitter": 0.2, "shift": 2, "erase": 0.3}
    description = Description("visual", "cnn", model, front)
    faces = Pieces("crops", [1 + row % 3 for row in ROWS], (32, 32, 3), 5)
    sources = [Faces(faces, ROWS, 0), Embeddings("teacher", taught, ROWS)]
    taught_what = Taught(10, 8, rows)
    return job(
        "distill",
        description,
        settings,
        sources,
        norm=True,
        bridges=lambda: [Projection(8, 10)],
        terms=lambda: make_terms(settings, taught_what),
    ), settings


class Deceived(Term):
    """A discriminator tells students from teachers; the student is to deceive it.

    It has what every adversary of the product has: weights of a second optimizer, which see
    detached levels, and a loss for the student through detached weights.
    """

    def __init__(self, taught: Taught) -> None:
        super().__init__(taught)
        self.judge = nn.Sequential(nn.Linear(taught.size, 6), nn.ReLU(), nn.Linear(6, 1))

    def adversaries(self) -> list[nn.Parameter]:
        """Return the judge's weights."""
        return list(self.judge.parameters())

    def forward(self, levels: Levels, batch: Batch, moment: Moment) -> Tensor:
        """Return both losses, least squares."""
        student, teacher = self.pair(levels, batch)
        frozen = {name: weight.detach() for name, weight in self.judge.named_parameters()}
        deceit = (torch.func.functional_call(self.judge, frozen, (student,)) - 1) ** 2
        truth = (self.judge(teacher) - 1) ** 2 + self.judge(student.detach()) ** 2
        return (deceit + truth).squeeze(1)


def adversary() -> tuple[Job, TrainConfig]:
    """A face encoder with rates of its own, against a discriminator with another optimizer."""
    settings = DistillVisualConfig(
        **COMMON,
        model="cnn",
        width=16,
        optimizer="sgd",
        lr=0.01,
        network_lr=0.5,
        schedule="triangular",
        period=0.7,
        adversary_lr=0.02,
    )
    chance = np.random.default_rng(6)
    taught = chance.standard_normal((len(ROWS), 8)).astype(np.float32)
    model = {"embedding_size": 8, "width": 16, "in_channels": 3, "height": 32, "width_px": 32}
    description = Description("visual", "cnn", model)
    faces = Pieces("crops", [1 + row % 3 for row in ROWS], (32, 32, 3), 5)
    sources = [Faces(faces, ROWS, 0), Embeddings("teacher", taught, ROWS)]
    made = lambda: {"deceit": Deceived(Taught(8, 8))}  # noqa: E731
    return job("distill", description, settings, sources, terms=made), settings


@dataclass
class Films:
    """Sound and faces in memory, as `inputs.clip.Clip` has them of stores."""

    audio: Pieces
    faces: Pieces
    fps: float = 25.0


def joint() -> tuple[Job, TrainConfig]:
    """Both senses through time: generators, judges and noise models, a head on each sense."""
    settings = JointConfig(
        **COMMON,
        clip=0.4,
        lr=1e-3,
        lr_final=1e-5,
        clip_norm=5.0,
        schedule="halving",
        period=0.7,
        per_person=2,
        adversary_lr=0.01,
        cycle=0.5,
        nce=1.0,
        diffusion=0.5,
        audio_head=0.3,
        visual_head=0.3,
    )
    sizes = {"embedding_size": 8, "width": 16}
    ear = Description(
        "audio",
        "ecapa-tdnn",
        sizes | {"n_mels": 16, "pooling": "weasp-safe"},
        {"features": "fbank", "n_mels": 16, "time_mask": 4},
    )
    eye = Description(
        "visual", "cnn", sizes | {"in_channels": 1, "height": 32, "width_px": 32}, {"flip": True}
    )
    model = {"visual_size": 8, "audio_size": 8, "embedding_size": 8, "pooling": "weasp-safe"}
    description = Description("joint", "ssa", model, {"audio": asdict(ear), "visual": asdict(eye)})
    sound = Pieces("frames", [30 + row % 30 for row in ROWS], (16,), 7)  # some below a clip's 40
    films = Films(sound, Pieces("crops", [8 + row % 7 for row in ROWS], (32, 32, 1), 8))
    sized = SimpleNamespace(head=SimpleNamespace(size=8))  # all that heads_of asks a run for
    made = job(
        "train-teacher",
        description,
        settings,
        [Clips(films, CHOSEN, settings.clip, 0)],
        terms=lambda: terms_of(CHOSEN, settings),
    )
    made.heads = lambda: heads_of(CHOSEN, settings, {"audio": sized, "visual": sized})
    return made, settings


TRAININGS = {
    "teacher": teacher,
    "fusion": fusion,
    "student": student,
    "adversary": adversary,
    "joint": joint,
}
