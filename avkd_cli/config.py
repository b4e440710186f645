"""Every setting of every step: name, default, unit and range, in one place and light to import.

A step's settings are a frozen dataclass whose fields are made by `setting`. Values come from
the defaults, then a TOML file, then flags (`load`). Nothing here imports more than the standard
library, since `--help` prints all of it.
"""

import dataclasses
import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from avkd_cli.errors import MissingInputError, UsageError

Config = TypeVar("Config")

PRESETS = ("paper", "strong", "small", "lupi", "lupi-small", "joint", "joint-small")

# What the rooms offer, by name; the dicts of each room must hold the same (tested).
AUDIO_MODELS = ("resnet34", "ecapa-tdnn", "tdnn", "vgg", "thin-resnet", "thin-se-resnet")
VISUAL_MODELS = ("resnet34", "se-resnet34", "se-resnet50", "iresnet18", "cnn", "vgg16")
PAIR_MODELS = ("gated", "linear")
SEQUENCE_MODELS = ("bilstm",)
FUSION_MODELS = ("gate", "ssa", "cbp", "concat", "linear", "average")
DETECTORS = ("yunet", "scrfd", "none")
SOUND_DISTURBANCES = ("none", "babble", "music", "noise", "room", "telephone")
FACE_DISTURBANCES = ("none", "blur", "dark", "small", "jpeg", "occlude")
CROP_MODES = ("aligned-112x96", "aligned-112", "box-224", "gray-128", "centre-224")
FEATURES = ("fbank", "waveform", "spectrogram")
TRIAL_FORMATS = ("voxceleb", "kaldi", "3dspeaker", "pairs", "fame", "csv", "nist", "lfw")
SCORE_FORMATS = (
    "avkd", "wespeaker", "kaldi", "bosaris", "3dspeaker", "speechbrain", "voxsrc", "fame",
    "bob2", "bob4", "bob5", "nist18", "nist21", "csv",
)  # fmt: skip
P_TARGETS = (0.01, 0.05)  # probabilities of a target in detection costs, where none is given
SCORE_NORMS = ("none", "as", "s", "z", "t")
METRICS = ("cosine", "tanh-l2")
STRATA = ("random", "G", "N", "A", "GNA", "GA")
EER_MODES = ("interp", "nist", "vgg", "mean", "fop", "rocch")
FUSIONS_OF_SCORES = ("none", "mean", "z-sum", "logistic")
DTYPES = ("float16", "float32")
HEADS = ("aam-softmax", "softmax")
WEASP = ("safe", "printed", "shift", "post", "off")
POOLINGS = ("statistics", "attentive", *(f"weasp-{mode}" for mode in WEASP))
GEN_DIRECTIONS = ("both", "a2v", "v2a")
SCHEDULES = ("exponential", "triangular", "halving")


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    choices: tuple[str, ...] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    term: str = "",
    parameter: str = "",
    several: bool = False,
) -> Any:
    """Return a dataclass field with what a person needs to know about it.

    Args:
        term: name of the term (`losses.TERMS`) whose weight this is; with `parameter`, the term
            of which it is that keyword.
        several: text by commas, whose flag may also be given several times.
    """
    metadata = {"help": help, "unit": unit, "choices": choices, "min": minimum, "max": maximum,
                "term": term, "parameter": parameter, "several": several}  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Execution:
    """How a store is made, which never changes what is in it."""

    workers: int | None = None
    partition_size: int | None = None
    max_reject_fraction: float | None = None
    max_rejects: int | None = None
    strict: bool = False
    dry_run: bool = False
    overwrite: bool = False
    root: Path | None = None
    dask: str | None = None
    partitions: tuple[int, int] | None = None
    finalise: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class PrepAudioConfig:
    """Settings of prep-audio."""

    features: str = setting("fbank", "what is stored of a recording", choices=FEATURES)
    n_mels: int = setting(40, "mel bands of the fbank", minimum=8, maximum=256)
    dtype: str = setting(
        "float16", "precision of a stored fbank (of a log energy: 0.008)", choices=DTYPES
    )
    min_duration: float = setting(0.4, "shorter recordings are rejected", unit="s", minimum=0.03)
    max_duration: float = setting(600.0, "longer recordings are rejected", unit="s", minimum=1)
    min_source_rate: int = setting(8000, "lower sample rates are rejected", unit="Hz", minimum=1)
    channel: str = setting("mean", "which channel of several", choices=("mean", "0", "1", "error"))
    disturb: str = setting(
        "none", "make a spoilt copy, to test with: what spoils it", choices=SOUND_DISTURBANCES
    )
    snr: float = setting(
        5.0,
        "with --disturb, power of the voice over the noise's; for room, of direct over "
        "reverberant sound",
        unit="dB",
        minimum=-10,
        maximum=60,
    )
    seed: int = setting(
        0, "of what --disturb draws, by the utterance's id", minimum=0, maximum=2**63 - 1
    )


@dataclass(frozen=True)
class CropFacesConfig:
    """Settings of crop-faces."""

    detector: str = setting("yunet", "what finds faces; none: already crops", choices=DETECTORS)
    mode: str = setting("aligned-112x96", "what a crop is", choices=CROP_MODES)
    fps: float = setting(1.0, "frames taken from a video", unit="per second", minimum=0.01)
    count: int = setting(0, "frames taken from a video, evenly spaced; 0: by --fps", minimum=0)
    gaps: str = setting(
        "auto",
        "moments of a film without a face: left out, or the nearest face held there and marked, so "
        "that face k is k / fps seconds from the beginning; auto: held from --fps 10 on",
        choices=("auto", "skip", "hold"),
    )
    format: str = setting("raw", "how crops are stored", choices=("raw", "jpeg"))
    jpeg_quality: int = setting(90, "of --format jpeg", minimum=1, maximum=100)
    max_faces: int = setting(
        0, "most faces kept of an utterance; 0: 100, or all where gaps are held", minimum=0
    )
    min_faces: int = setting(0, "utterances with fewer faces are rejected", minimum=0)
    min_score: float = setting(0.5, "detections below are no face", minimum=0, maximum=1)
    detector_size: int = setting(
        640, "longest side that the detector sees", unit="pixels", minimum=64, maximum=4096
    )
    face: str = setting(
        "follow",
        "which of several faces; follow: of a film that of the one person with most area over time "
        "(of pictures the largest); track: that of the box file",
        choices=("follow", "largest", "central", "track"),
    )
    box_margin: float = setting(
        0.3, "how much wider than the box a box or gray crop is", minimum=0, maximum=3
    )
    device: str = setting("cpu", "where the scrfd detector runs", choices=("cpu", "cuda"))
    disturb: str = setting(
        "none", "make a spoilt copy, to test with: what spoils it", choices=FACE_DISTURBANCES
    )
    strength: float = setting(
        0.0,
        "of --disturb: blur's deviation in pixels, the share of light left when dark, small's "
        "width in pixels, the JPEG quality, the share of the area occluded",
        minimum=0,
        maximum=4096,
    )
    seed: int = setting(
        0, "of what --disturb draws, by the utterance's id", minimum=0, maximum=2**63 - 1
    )


@dataclass(frozen=True)
class TrainConfig:
    """Settings that every training step shares."""

    embedding_size: int = setting(512, "width of the embedding", minimum=2)
    label: str = setting("person", "column of the list whose values are the classes")
    split_column: str = setting("split", "column whose value 'train' says what is trained on")
    head: str = setting("aam-softmax", "classifier of the embedding in training", choices=HEADS)
    margin: float = setting(0.2, "AAM-softmax margin", unit="rad", minimum=0, maximum=3)
    scale: float = setting(32.0, "AAM-softmax scale", minimum=0.1)
    fallback: str = setting("a", "AAM-softmax beyond pi - margin", choices=("a", "b", "c"))
    margin_from: float = setting(
        0.13, "share of the run before the margin grows", minimum=0, maximum=1
    )
    margin_to: float = setting(
        0.27, "share of the run when the margin is full", minimum=0, maximum=1
    )
    optimizer: str = setting("sgd", "update rule", choices=("sgd", "adam", "adamw"))
    lr: float = setting(0.1, "learning rate after warm-up", minimum=1e-9, maximum=1e30)
    lr_final: float = setting(
        5e-5,
        "learning rate at the end, or at the foot of a triangle, or the least by halving",
        minimum=1e-12,
        maximum=1e30,
    )
    schedule: str = setting("exponential", "of the learning rate", choices=SCHEDULES)
    period: float = setting(
        0.0, "half a triangle, or from halving to halving; 0: 4 and 5", unit="epochs", minimum=0
    )
    network_lr: float = setting(
        1.0, "learning rate of the network, as a share of its head's", minimum=0, maximum=1e6
    )
    adversary_lr: float = setting(
        1e-4, "learning rate of discriminators and diffusion nets", minimum=1e-9, maximum=1e30
    )
    warmup: float = setting(0.04, "share of the run to warm up", minimum=0, maximum=1)
    momentum: float = setting(0.9, "momentum (sgd, Nesterov)", minimum=0, maximum=0.9999)
    weight_decay: float = setting(1e-4, "weight decay", minimum=0, maximum=1e6)
    clip_norm: float = setting(0.0, "gradient norm is clipped here; 0: never", minimum=0)
    epochs: float = setting(150.0, "passes over the training set", minimum=0)
    max_steps: int = setting(0, "stop after so many steps; 0: by --epochs", minimum=0)
    batch_size: int = setting(128, "utterances a step, over all processes", minimum=2)
    accumulate: int = setting(1, "micro-batches a step", minimum=1)
    per_person: int = setting(1, "utterances a person in a batch; 1: plain shuffling", minimum=1)
    mixed_precision: str = setting("no", "arithmetic of the nets", choices=("no", "bf16", "fp16"))
    compile: bool = setting(False, "compile the net (torch.compile): faster on GPUs, slow to start")
    workers: int = setting(1, "threads that read batches ahead; 0: none", minimum=0, maximum=64)
    seed: int = setting(0, "of everything random", minimum=0, maximum=2**63 - 1)
    checkpoint_every: int = setting(0, "steps between checkpoints; 0: one an epoch", minimum=0)
    log_every: int = setting(10, "steps between log lines", minimum=1)
    on_nonfinite: str = setting("stop", "when a loss is not finite", choices=("stop", "skip"))
    patience: float = setting(
        0.0, "epochs without a better validation EER before stopping; 0: never", minimum=0
    )
    train_trials: int = setting(
        0,
        "trials of training people, drawn once and measured beside --validation to show what is "
        "learnt by heart; 0: none",
        minimum=0,
    )
    tracker: str = setting("", "Accelerate tracker besides log.jsonl, such as tensorboard")
    keep_names: bool = setting(
        False, "write names of classes and persons into the run in plain, not as digests"
    )
    deterministic: bool = setting(False, "refuse operations that may differ between runs")


@dataclass(frozen=True)
class AudioConfig(TrainConfig):
    """Settings of `train-teacher --modality audio`."""

    model: str = setting("resnet34", "audio encoder", choices=AUDIO_MODELS)
    width: int = setting(0, "channels of the first stage; 0: as printed", minimum=0)
    pooling: str = setting("", "over time; none: the model's own", choices=("", *POOLINGS))
    emb_bn: bool = setting(False, "batch norm between embedding and AAM-softmax")
    crop_min: int = setting(200, "shortest training crop", unit="frames", minimum=8)
    crop_max: int = setting(400, "longest training crop", unit="frames", minimum=8)
    n_mels: int = setting(40, "mel bands, when the store holds waveforms", minimum=8)
    time_mask: int = setting(0, "widest SpecAugment time mask", unit="frames", minimum=0)
    freq_mask: int = setting(0, "widest SpecAugment frequency mask", unit="bands", minimum=0)
    dropout: float = setting(0.0, "dropout before the embedding layer", minimum=0, maximum=0.95)
    augment: float = setting(
        0.0, "probability of noise or reverberation, on waveforms", minimum=0, maximum=1
    )
    speed_classes: bool = setting(
        False, "voices at speeds 0.9 and 1.1 as other persons in training, on waveforms"
    )
    freq_flatten: bool = setting(
        False, "vgg and thin-resnets: keep the frequencies apart instead of averaging over them"
    )
    segment: float = setting(
        0.0,
        "embed pieces of this length one by one, and aggregate them by a BiLSTM with attention; "
        "0: the whole at once",
        unit="s",
        minimum=0,
        maximum=60,
    )


@dataclass(frozen=True)
class VisualConfig(TrainConfig):
    """Settings of `train-teacher --modality visual`."""

    model: str = setting("resnet34", "face encoder", choices=VISUAL_MODELS)
    width: int = setting(0, "channels of the first stage; 0: as printed", minimum=0)
    pooling: str = setting(
        "",
        "see films: every frame, pooled over time by this; none: one face at a time",
        choices=("", *POOLINGS),
    )
    frames: int = setting(
        50, "with --pooling, faces of a training clip; shorter films are repeated", minimum=1
    )
    emb_bn: bool = setting(True, "batch norm between embedding and AAM-softmax")
    flip: bool = setting(False, "mirror faces at random")
    jitter: float = setting(0.0, "brightness and contrast jitter", minimum=0, maximum=1)
    shift: int = setting(0, "random shift of a crop", unit="pixels", minimum=0)
    erase: float = setting(0.0, "probability of erasing a patch", minimum=0, maximum=1)
    dropout: float = setting(0.0, "dropout before the embedding layer", minimum=0, maximum=0.95)


@dataclass(frozen=True)
class FusionConfig(TrainConfig):
    """Settings of `train-teacher --modality fusion`, on stored embeddings."""

    model: str = setting("gate", "fusion of the two senses", choices=FUSION_MODELS)
    hidden: int = setting(8, "hidden units of the gate, M in GATE", minimum=1)
    centre: bool = setting(False, "take the training set's mean embedding off each sense first")
    start: str = setting(
        "random",
        "projections of the senses at the beginning; orthogonal keeps all angles, for few persons",
        choices=("random", "orthogonal"),
    )
    gate_tanh: bool = setting(True, "tanh on both branches, as in the formula of S0")
    pairing: str = setting(
        "person",
        "face and voice of a training pair: any two of a person, or of one utterance",
        choices=("person", "same-clip"),
    )
    corrupt: float = setting(
        0.0, "probability of replacing one sense by noise", minimum=0, maximum=1
    )
    margin: float = setting(0.7, "AAM-softmax margin", unit="rad", minimum=0, maximum=3)
    margin_from: float = setting(
        0.0, "share of the run before the margin grows", minimum=0, maximum=1
    )
    margin_to: float = setting(
        0.0, "share of the run when the margin is full", minimum=0, maximum=1
    )
    optimizer: str = setting("adam", "update rule", choices=("sgd", "adam", "adamw"))
    lr: float = setting(1e-5, "learning rate after warm-up", minimum=1e-9, maximum=1e30)
    lr_final: float = setting(
        1e-6,
        "learning rate at the end, or at the foot of a triangle, or the least by halving",
        minimum=1e-12,
        maximum=1e30,
    )
    warmup: float = setting(0.0, "share of the run to warm up", minimum=0, maximum=1)
    epochs: float = setting(0.0, "passes over the training set; 0: by --max-steps", minimum=0)
    max_steps: int = setting(75_000, "stop after so many steps; 0: by --epochs", minimum=0)
    batch_size: int = setting(256, "pairs a step, over all processes", minimum=2)


@dataclass(frozen=True)
class PairConfig(TrainConfig):
    """Settings of `train-teacher --modality pair`, faces and voices in one space (S3)."""

    model: str = setting("gated", "fusion of the two branches", choices=PAIR_MODELS)
    embedding_size: int = setting(128, "width of the embedding", minimum=2)
    head: str = setting("softmax", "classifier of the embedding in training", choices=HEADS)
    dropout: float = setting(0.5, "dropout at the end of each branch", minimum=0, maximum=0.95)
    pairing: str = setting(
        "same-clip",
        "face and voice of a training pair: any two of a person, or of one utterance",
        choices=("person", "same-clip"),
    )
    orthogonal: float = setting(1.0, "weight of orthogonality (alpha of FOP)", minimum=0)
    orthogonal_form: str = setting(
        "released",
        "as FOP's code computes it, as its eq. 4 is printed, or as the OPL's code",
        choices=("released", "printed", "opl"),
    )
    centre_loss: float = setting(0.0, "weight of the centre loss", minimum=0)
    git_loss: float = setting(0.0, "weight of the git loss", minimum=0)
    centre_rate: float = setting(
        0.5, "how far centres go towards their batch", minimum=0, maximum=1
    )
    git_push: float = setting(1.0, "push from others' centres, in the git loss", minimum=0)
    contrastive: float = setting(0.0, "weight of the contrastive loss", minimum=0)
    contrastive_margin: float = setting(0.6, "distance that two people are pushed to", minimum=0)
    triplet: float = setting(0.0, "weight of the triplet loss", minimum=0)
    triplet_margin: float = setting(0.2, "how much further another person is", minimum=0)
    crop_min: int = setting(200, "shortest training crop", unit="frames", minimum=8)
    crop_max: int = setting(400, "longest training crop", unit="frames", minimum=8)
    optimizer: str = setting("adam", "update rule", choices=("sgd", "adam", "adamw"))
    lr: float = setting(1e-5, "learning rate after warm-up", minimum=1e-9, maximum=1e30)
    lr_final: float = setting(
        1e-5,
        "learning rate at the end, or at the foot of a triangle, or the least by halving",
        minimum=1e-12,
        maximum=1e30,
    )
    warmup: float = setting(0.0, "share of the run to warm up", minimum=0, maximum=1)
    weight_decay: float = setting(0.01, "weight decay", minimum=0, maximum=1e6)
    epochs: float = setting(50.0, "passes over the training set", minimum=0)


@dataclass(frozen=True)
class SequenceConfig(TrainConfig):
    """Settings of `train-teacher --modality sequence`, on frames in a row."""

    model: str = setting("bilstm", "what aggregates frames", choices=SEQUENCE_MODELS)
    frames: int = setting(125, "frames of a training clip; shorter films are repeated", minimum=1)
    segment: float = setting(1.0, "length of a segment", unit="s", minimum=0.01, maximum=60)
    train_encoder: bool = setting(
        False, "train the frame encoder of --init-from too, on the faces themselves"
    )
    head: str = setting("softmax", "classifier of the embedding in training", choices=HEADS)
    optimizer: str = setting("adam", "update rule", choices=("sgd", "adam", "adamw"))
    lr: float = setting(1e-3, "learning rate after warm-up", minimum=1e-9, maximum=1e30)
    lr_final: float = setting(
        1e-5,
        "learning rate at the end, or at the foot of a triangle, or the least by halving",
        minimum=1e-12,
        maximum=1e30,
    )
    schedule: str = setting("triangular", "of the learning rate", choices=SCHEDULES)
    warmup: float = setting(0.0, "share of the run to warm up", minimum=0, maximum=1)
    epochs: float = setting(50.0, "passes over the training set", minimum=0)
    batch_size: int = setting(32, "utterances a step, over all processes", minimum=2)


@dataclass(frozen=True)
class JointConfig(TrainConfig):
    """Settings of `train-teacher --modality joint`, both senses through time (S4)."""

    model: str = setting("ssa", "fusion of the two senses", choices=("ssa", "gate", "linear"))
    weasp: str = setting(
        "safe", "how weights of moments are enhanced, in either sense", choices=WEASP
    )
    clip: float = setting(2.0, "length of a training clip", unit="s", minimum=0.2, maximum=60)
    cycle: float = setting(0.0, "weight of the cycle between both senses' weights", minimum=0)
    nce: float = setting(0.0, "weight of PatchNCE between both senses' weights", minimum=0)
    diffusion: float = setting(
        0.0, "weight of the diffusion bridge between both senses' weights", minimum=0
    )
    gen_direction: str = setting(
        "both", "which sense's weights are mapped to the other's", choices=GEN_DIRECTIONS
    )
    orthogonal: float = setting(1.0, "weight of orthogonality of the fused", minimum=0)
    audio_head: float = setting(0.0, "weight of an AAM-softmax on the voice alone", minimum=0)
    visual_head: float = setting(0.0, "weight of an AAM-softmax on the face alone", minimum=0)
    augment: float = setting(
        0.0, "probability of noise or reverberation, on waveforms", minimum=0, maximum=1
    )
    margin: float = setting(0.5, "AAM-softmax margin", unit="rad", minimum=0, maximum=3)
    scale: float = setting(30.0, "AAM-softmax scale", minimum=0.1)
    lr: float = setting(0.01, "learning rate after warm-up", minimum=1e-9, maximum=1e30)
    lr_final: float = setting(
        1e-6,
        "learning rate at the end, or at the foot of a triangle, or the least by halving",
        minimum=1e-12,
        maximum=1e30,
    )
    schedule: str = setting("halving", "of the learning rate", choices=SCHEDULES)
    warmup: float = setting(0.0, "share of the run to warm up", minimum=0, maximum=1)
    weight_decay: float = setting(5e-4, "weight decay", minimum=0, maximum=1e6)
    epochs: float = setting(30.0, "passes over the training set", minimum=0)
    batch_size: int = setting(320, "utterances a step, over all processes", minimum=2)
    per_person: int = setting(2, "utterances a person in a batch; 1: plain shuffling", minimum=1)


@dataclass(frozen=True)
class DistillTerms:
    """What `distill` adds to the AAM-softmax of a baseline (S0, eq. 2 to 7)."""

    alpha: float = setting(0.0, "weight of KL, between posteriors", minimum=0, term="kl")
    beta: float = setting(0.0, "weight of COS, between embeddings", minimum=0, term="cos")
    gamma: float = setting(
        0.0, "weight of MMD, between batches of embeddings", minimum=0, term="mmd"
    )
    temperature: float = setting(
        0.03125, "of the posteriors in KL", minimum=1e-6, term="kl", parameter="temperature"
    )
    kl_form: str = setting(
        "kl", "KL, or cross entropy as printed", choices=("kl", "ce"), term="kl", parameter="form"
    )
    kl_reduction: str = setting(
        "mean", "over the batch", choices=("mean", "sum"), term="kl", parameter="reduction"
    )
    kl_student_head: str = setting(
        "own",
        "student posteriors from its own or the teacher's classes",
        choices=("own", "teacher"),
        term="kl",
        parameter="student_head",
    )
    cos_form: str = setting(
        "mean",
        "mean(1 - cos), or 1 - sum cos",
        choices=("mean", "sum1"),
        term="cos",
        parameter="form",
    )
    mmd_form: str = setting(
        "sqrt",
        "MMD, squared MMD, or unbiased",
        choices=("sqrt", "squared", "unbiased"),
        term="mmd",
        parameter="form",
    )
    mmd_kernels: str = setting(
        "sum",
        "of the five Gaussian kernels",
        choices=("sum", "mean"),
        term="mmd",
        parameter="kernels",
    )
    mmd_bandwidth: float = setting(
        0.0, "fixed bandwidth; 0: from the batch", minimum=0, term="mmd", parameter="bandwidth"
    )
    mmd_gather: bool = setting(
        False, "MMD over all processes' batches", term="mmd", parameter="gather"
    )
    similarity: float = setting(
        0.0, "weight of the similarity-preserving term", minimum=0, term="similarity"
    )
    relational: float = setting(
        0.0, "weight of the relational distance term", minimum=0, term="relational"
    )
    imitation: float = setting(
        0.0,
        "share of the teacher's vectors in what the encoder learns from, the labels have the rest",
        minimum=0,
        maximum=1,
        term="imitation",
    )
    distance: str = setting(
        "mse",
        "of --imitation",
        choices=("mse", "l2", "l1", "cosine"),
        term="imitation",
        parameter="distance",
    )
    level: str = setting(
        "embedding",
        "what imitates: the embedding, or each segment (--segment) its own of a sequence store",
        choices=("embedding", "segments"),
    )
    soft_labels: float = setting(
        0.0,
        "share of the teacher's posteriors in place of the labels",
        minimum=0,
        maximum=1,
        term="soft-labels",
    )
    multitask: float = setting(
        0.0,
        "weight of decoding the teacher's embedding from the student's",
        minimum=0,
        term="multitask",
    )
    projection: bool = setting(
        False,
        "learn a linear map of the student's embedding to the teacher's, for COS and MMD; "
        "needed when their sizes differ",
    )
    l2: float = setting(0.0, "weight of L2, between embeddings at length 1", minimum=0, term="l2")
    l2_raw: float = setting(
        0.0, "weight of L2 between embeddings as they are", minimum=0, term="l2-raw"
    )
    class_ce: float = setting(
        0.0, "weight of CE of the student in the teacher's classes", minimum=0, term="class-ce"
    )
    class_cos: float = setting(
        0.0, "weight of COS to the person's class of the teacher", minimum=0, term="class-cos"
    )
    tolerance: str = setting(
        "",
        "how far each sample may be off without a cost: TERM=MU, or TERM=WIDE:MU, which narrows; "
        "MU alone where one term is on; cos alone for cos=0.4",
        several=True,
    )
    tolerance_share: float = setting(
        0.2, "share of the run over which a tolerance narrows", minimum=0, maximum=1
    )
    teacher_projection: bool = setting(
        False, "learn a linear map of the teacher's embedding to the student's, with a classifier"
    )
    teacher_ce: float = setting(
        0.1, "weight of the classifier of --teacher-projection", minimum=1e-9
    )
    quality: str = setting(
        "",
        "what samples count by: face-cos, face-norm, speech-cos, snr, sharpness, product (of face "
        "and speech) or column:NAME; by commas: their product",
        several=True,
    )
    quality_scope: str = setting(
        "kd", "what is weighed: the terms, or the classifier too", choices=("kd", "all")
    )
    quality_slope: float = setting(
        1.0, "how much a standard deviation of quality changes a weight", minimum=1e-3, maximum=100
    )
    posteriors: float = setting(
        0.0,
        "weight of the batch posteriors: whom each resembles among the others of the batch",
        minimum=0,
        term="posteriors",
    )
    posteriors_temperature: float = setting(
        0.1, "of the batch posteriors", minimum=1e-3, term="posteriors", parameter="temperature"
    )
    beside_pairing: str = setting(
        "person",
        "what --beside gives of each sample: any recording of the person, or the same utterance's",
        choices=("person", "same-clip"),
    )
    beside_crop: int = setting(
        300, "length of what --beside gives of sound", unit="frames", minimum=8
    )
    cluster_threshold: float = setting(
        0.0,
        "affinity from which on clusters of --unlabelled are one person; 0: by the labelled",
        minimum=-1,
        maximum=1,
    )
    cluster_film: str = setting(
        "session", "column of what has one person alone, for --unlabelled; none: ''"
    )
    cluster_least: int = setting(
        2, "utterances of the smallest cluster of --unlabelled; fewer are noise", minimum=1
    )
    cluster_separation: float = setting(
        0.5,
        "least pairwise F of the labelled people, their names hidden, for --unlabelled",
        minimum=0,
        maximum=1,
    )
    cluster_rounds: int = setting(
        0,
        "times that the student embeds --unlabelled and clusters are found again, by it and the "
        "teacher together, and another student learns from them",
        minimum=0,
        maximum=20,
    )
    loss_gate: float = setting(
        0.0,
        "of what a teacher named, each epoch only what surely has a small loss counts: least "
        "probability of the small part; 0: all counts",
        minimum=0,
        maximum=1,
    )
    gate_from: float = setting(
        0.3, "share of the run before --loss-gate closes", minimum=0, maximum=1
    )
    correction: float = setting(
        0.0,
        "least posterior of the student's own with which what --loss-gate leaves out is given that "
        "person; 0: never",
        minimum=0,
        maximum=1,
    )


@dataclass(frozen=True)
class DistillAudioConfig(DistillTerms, AudioConfig):
    """Settings of `distill --modality audio`."""


@dataclass(frozen=True)
class DistillVisualConfig(DistillTerms, VisualConfig):
    """Settings of `distill --modality visual`."""


@dataclass(frozen=True)
class ExtractConfig:
    """Settings of extract-embeddings."""

    level: str = setting(
        "embedding",
        "what is stored: one embedding an utterance, its posteriors, its segments or frames in a "
        "row, or, of a joint network, the weight of each moment of its film",
        choices=("embedding", "posteriors", "segments", "frames", "weights"),
    )
    face_pool: str = setting(
        "mean",
        "of an utterance's faces: their mean, or the one whose class is most probable",
        choices=("mean", "peak"),
    )
    batch_frames: int = setting(20_000, "frames of sound in a batch", minimum=100)
    batch_faces: int = setting(256, "faces in a batch", minimum=1)
    mixed_precision: str = setting("no", "arithmetic of the nets", choices=("no", "bf16", "fp16"))


@dataclass(frozen=True)
class ScoreConfig:
    """Settings of score."""

    metric: str = setting(
        "cosine",
        "what compares two embeddings; tanh-l2: the squared distance d of their tanh, as FOP's "
        "code; lines say 1 - d/2, with --out-format fame d itself",
        choices=METRICS,
    )
    eer_mode: str = setting(
        "interp",
        "of the EER; fop: over ten folds on a grid of squared distances, with its AUC",
        choices=EER_MODES,
    )
    norm: str = setting("none", "score normalisation by --cohort", choices=SCORE_NORMS)
    top_n: int = setting(300, "closest cohort persons kept by AS-norm", minimum=2)
    trials_format: str = setting(
        "auto", "of the trial list; auto: guessed, and said", choices=("auto", *TRIAL_FORMATS)
    )
    in_format: str = setting(
        "auto", "of score files, with --fuse; auto: guessed", choices=("auto", *SCORE_FORMATS)
    )
    columns: str = setting(
        "", "what columns of CSV lists and scores are called: enrol=COLUMN,test=COLUMN,label=COLUMN"
    )
    out_format: str = setting("avkd", "of the scores", choices=SCORE_FORMATS)
    skip_missing: bool = setting(False, "leave out trials without an embedding, and count them")
    fuse: str = setting("none", "how several score files become one", choices=FUSIONS_OF_SCORES)
    score_type: str = setting("scores", "with --fuse: what each file's scores are, by commas")
    quality: str = setting("duration_s", "columns of --quality-store for calibration, by commas")
    prior: float = setting(
        0.5, "probability of a target that calibration is for", minimum=1e-6, maximum=0.999999
    )


@dataclass(frozen=True)
class CalibrateConfig:
    """Settings of calibrate."""

    prior: float = setting(
        0.5, "probability that a question is about one person", minimum=1e-6, maximum=0.999999
    )
    cost_miss: float = setting(1.0, "cost of saying 'different' of one person", minimum=1e-6)
    cost_false_alarm: float = setting(1.0, "cost of saying 'same' of two persons", minimum=1e-6)
    in_format: str = setting(
        "auto", "of the score files; auto: guessed", choices=("auto", *SCORE_FORMATS)
    )
    score_type: str = setting("scores", "what the scores are, where no summary beside them says it")


def load(
    config: type[Config],
    sections: tuple[str, ...],
    file: str | Path | None,
    flags: Mapping[str, Any],
) -> Config:
    """Return `config` with defaults < file < flags, every value checked.

    Args:
        config: a dataclass made of `setting` fields.
        sections: dotted table names whose keys apply, later ones winning, such as
            ("train-teacher", "train-teacher.audio"). Keys at the top of the file count as well.
        file: a TOML file or the name of a preset; None for none.
        flags: values given on the command line; None means not given.

    Raises:
        UsageError: for an unknown key (with the nearest name), a wrong type or range.
        MissingInputError: if the file does not exist.
    """
    values = read_toml(config, sections, file) if file is not None else {}
    values |= {name: value for name, value in flags.items() if value is not None}
    hints = get_type_hints(config)
    checked = {
        field.name: check_value(field, hints[field.name], values[field.name])
        for field in dataclasses.fields(config)  # type: ignore[arg-type]
        if field.name in values
    }
    return config(**checked)


def read_toml(config: type, sections: tuple[str, ...], file: str | Path) -> dict[str, Any]:
    """Return the keys of `file` that apply to `sections`, all of them known to `config`."""
    path = preset_path(str(file)) if str(file) in PRESETS else Path(file)
    try:
        tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise MissingInputError(
            f"{path}: no such file; give a TOML file or one of {', '.join(PRESETS)}"
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise MissingInputError(f"{path}: {error.strerror}; give a readable TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    top = {key: value for key, value in tables.items() if not isinstance(value, dict)}
    found = rename(config, top, path, sections[-1])
    refuse_unknown_tables(tables, path)
    for section in sections:
        found |= rename(config, table_of(tables, section), path, section)
    return found


def table_of(tables: dict[str, Any], section: str) -> dict[str, Any]:
    """Return the plain keys of a dotted table, {} where it is absent."""
    for part in section.split("."):
        tables = tables.get(part, {})
        if not isinstance(tables, dict):
            return {}
    return {key: value for key, value in tables.items() if not isinstance(value, dict)}


STEPS = {
    "prep-audio": (),
    "crop-faces": (),
    "train-teacher": ("audio", "visual", "fusion", "pair", "sequence", "joint"),
    "extract-embeddings": (),
    "distill": ("audio", "visual"),
    "score": (),
    "calibrate": (),
}


def refuse_unknown_tables(tables: dict[str, Any], path: Path) -> None:
    """Raise UsageError for a table that no step has."""
    for name, table in tables.items():
        if not isinstance(table, dict):
            continue
        if name not in STEPS:
            raise UsageError(f"{path} has a table [{name}]{nearest(name, STEPS)}")
        for part, value in table.items():
            if isinstance(value, dict) and part not in STEPS[name]:
                raise UsageError(f"{path} has a table [{name}.{part}]{nearest(part, STEPS[name])}")


def rename(config: type, keys: dict[str, Any], path: Path, section: str) -> dict[str, Any]:
    """Return keys with - as _, refusing those that the step does not have."""
    names = {field.name for field in dataclasses.fields(config)}
    found = {}
    for key, value in keys.items():
        name = key.replace("-", "_")
        if name not in names:
            raise UsageError(
                f"Invalid value for '--config': {path} sets '{key}', "
                f"which {section} does not have.{nearest(name, names, ' ')}"
            )
        found[name] = value
    return found


def nearest(name: str, names: Any, lead: str = "; ") -> str:
    """Return a hint at the closest of `names`, or nothing."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f"{lead}Did you mean '{close[0]}'?" if close else ""


def check_value(field: dataclasses.Field, kind: Any, value: Any) -> Any:
    """Return `value` as the field's type, or raise UsageError saying what is wanted."""
    meta, name = field.metadata, field.name.replace("_", "-")
    if type(None) in get_args(kind):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"--{name} is {value!r}, wanted {kind.__name__}")
    if kind is float and not math.isfinite(value):
        raise UsageError(f"--{name} is {value}, wanted a finite number")
    if meta["choices"] and value not in meta["choices"]:
        raise UsageError(f"--{name} is {value!r}, wanted one of {', '.join(meta['choices'])}")
    if meta["min"] is not None and value < meta["min"]:
        raise UsageError(f"--{name} is {value}, wanted at least {meta['min']}")
    if meta["max"] is not None and value > meta["max"]:
        raise UsageError(f"--{name} is {value}, wanted at most {meta['max']}")
    return value


def preset_path(name: str) -> Path:
    """Return the TOML file of a preset: beside the package in a wheel, in examples/ in a tree."""
    package = Path(__file__).parent
    shipped = package / "presets" / f"{name}.toml"
    return shipped if shipped.exists() else package.parent / "examples" / "presets" / f"{name}.toml"


def to_toml(config: Any, section: str) -> str:
    """Return the settings as a TOML table that `--config` reads back."""
    lines = [f"[{section}]"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        if isinstance(value, str):
            text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        unit = f"  # {field.metadata['unit']}" if field.metadata["unit"] else ""
        lines.append(f"{field.name.replace('_', '-')} = {text}{unit}")
    return "\n".join(lines) + "\n"
