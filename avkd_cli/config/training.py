"""Settings of what is trained: a sense, a fusion, a pair, a sequence, both senses at once."""

from dataclasses import dataclass

from avkd_cli.config.choices import (
    AUDIO_MODELS,
    FUSION_MODELS,
    GEN_DIRECTIONS,
    HEADS,
    PAIR_MODELS,
    POOLINGS,
    SCHEDULES,
    SEQUENCE_MODELS,
    VISUAL_MODELS,
    WEASP,
)
from avkd_cli.config.setting import again, setting


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
    width: int = again(AudioConfig, "width")
    pooling: str = setting(
        "",
        "see films: every frame, pooled over time by this; none: one face at a time",
        choices=("", *POOLINGS),
    )
    frames: int = setting(
        50, "with --pooling, faces of a training clip; shorter films are repeated", minimum=1
    )
    emb_bn: bool = again(AudioConfig, "emb_bn", True)
    flip: bool = setting(False, "mirror faces at random")
    jitter: float = setting(0.0, "brightness and contrast jitter", minimum=0, maximum=1)
    shift: int = setting(0, "random shift of a crop", unit="pixels", minimum=0)
    erase: float = setting(0.0, "probability of erasing a patch", minimum=0, maximum=1)
    dropout: float = again(AudioConfig, "dropout")


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
    margin: float = again(TrainConfig, "margin", 0.7)
    margin_from: float = again(TrainConfig, "margin_from", 0.0)
    margin_to: float = again(TrainConfig, "margin_to", 0.0)
    optimizer: str = again(TrainConfig, "optimizer", "adam")
    lr: float = again(TrainConfig, "lr", 1e-5)
    lr_final: float = again(TrainConfig, "lr_final", 1e-6)
    warmup: float = again(TrainConfig, "warmup", 0.0)
    epochs: float = setting(0.0, "passes over the training set; 0: by --max-steps", minimum=0)
    max_steps: int = again(TrainConfig, "max_steps", 75_000)
    batch_size: int = setting(256, "pairs a step, over all processes", minimum=2)


@dataclass(frozen=True)
class PairConfig(TrainConfig):
    """Settings of `train-teacher --modality pair`, faces and voices in one space (S3)."""

    model: str = setting("gated", "fusion of the two branches", choices=PAIR_MODELS)
    embedding_size: int = again(TrainConfig, "embedding_size", 128)
    head: str = again(TrainConfig, "head", "softmax")
    dropout: float = setting(0.5, "dropout at the end of each branch", minimum=0, maximum=0.95)
    pairing: str = again(FusionConfig, "pairing", "same-clip")
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
    crop_min: int = again(AudioConfig, "crop_min")
    crop_max: int = again(AudioConfig, "crop_max")
    optimizer: str = again(TrainConfig, "optimizer", "adam")
    lr: float = again(TrainConfig, "lr", 1e-5)
    lr_final: float = again(TrainConfig, "lr_final", 1e-5)
    warmup: float = again(TrainConfig, "warmup", 0.0)
    weight_decay: float = again(TrainConfig, "weight_decay", 0.01)
    epochs: float = again(TrainConfig, "epochs", 50.0)


@dataclass(frozen=True)
class SequenceConfig(TrainConfig):
    """Settings of `train-teacher --modality sequence`, on frames in a row."""

    model: str = setting("bilstm", "what aggregates frames", choices=SEQUENCE_MODELS)
    frames: int = setting(125, "frames of a training clip; shorter films are repeated", minimum=1)
    segment: float = setting(1.0, "length of a segment", unit="s", minimum=0.01, maximum=60)
    train_encoder: bool = setting(
        False, "train the frame encoder of --init-from too, on the faces themselves"
    )
    head: str = again(TrainConfig, "head", "softmax")
    optimizer: str = again(TrainConfig, "optimizer", "adam")
    lr: float = again(TrainConfig, "lr", 1e-3)
    lr_final: float = again(TrainConfig, "lr_final", 1e-5)
    schedule: str = again(TrainConfig, "schedule", "triangular")
    warmup: float = again(TrainConfig, "warmup", 0.0)
    epochs: float = again(TrainConfig, "epochs", 50.0)
    batch_size: int = again(TrainConfig, "batch_size", 32)


@dataclass(frozen=True)
class JointConfig(TrainConfig):
    """Settings of `train-teacher --modality joint`, both senses through time (S4)."""

    model: str = setting("ssa", "fusion of the two senses", choices=("ssa", "gate", "linear"))
    weasp: str = setting(
        "safe", "how weights of moments are enhanced, in either sense", choices=WEASP
    )
    start: str = again(FusionConfig, "start")
    clip: float = setting(
        2.0,
        "length of a training clip; what is shorter is repeated",
        unit="s",
        minimum=0.2,
        maximum=60,
    )
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
    augment: float = again(AudioConfig, "augment")
    margin: float = again(TrainConfig, "margin", 0.5)
    scale: float = again(TrainConfig, "scale", 30.0)
    lr: float = again(TrainConfig, "lr", 0.01)
    lr_final: float = again(TrainConfig, "lr_final", 1e-6)
    schedule: str = again(TrainConfig, "schedule", "halving")
    warmup: float = again(TrainConfig, "warmup", 0.0)
    weight_decay: float = again(TrainConfig, "weight_decay", 5e-4)
    epochs: float = again(TrainConfig, "epochs", 30.0)
    batch_size: int = again(TrainConfig, "batch_size", 320)
    per_person: int = again(TrainConfig, "per_person", 2)
