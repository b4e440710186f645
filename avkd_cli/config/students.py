"""Settings of students: what they learn from a teacher, beside those of their sense."""

from dataclasses import dataclass

from avkd_cli.config.setting import setting
from avkd_cli.config.training import AudioConfig, VisualConfig


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
    unlabelled_by: str = setting(
        "clusters",
        "how --unlabelled teaches: clusters as persons, or by the terms alone, such as "
        "--posteriors, without a label",
        choices=("clusters", "terms"),
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
