"""What is compared: systems, tables and grids, as data. Nothing here computes.

A system is one way to train a student; its words are options of `avkd train-teacher` or `avkd
distill`. `labelled` is the share of the training people whose names it has, `unlabelled` whether
it has the recordings of the others too.
"""

from dataclasses import dataclass

NETWORK = {
    "audio": "--modality audio --model tdnn --width 32 --embedding-size 128 --batch-size 64 "
    "--optimizer adamw --lr 3e-3 --lr-final 1e-4 --warmup 0.05 --crop-min 120 --crop-max 200",
    "visual": "--modality visual --model cnn --width 16 --embedding-size 128 --batch-size 64 "
    "--optimizer adamw --lr 2e-3 --lr-final 1e-4 --warmup 0.05 --flip --jitter 0.2 --shift 4",
}
FUSION = "--modality fusion --model gate --config small"
OTHER = {"audio": "visual", "visual": "audio"}

STEPS = {"audio": (300, 600), "visual": (150, 300)}
"""Steps of training among which the folds choose for the students of labels alone; all systems of
a sense then take as many."""
USUAL_STEPS = {"audio": 600, "visual": 300}
FUSION_STEPS = 600

REGULARISATION = {
    "audio": {
        "usual": "--dropout 0.2 --weight-decay 5e-4",
        "heavy": "--dropout 0.4 --weight-decay 0.05 --time-mask 20 --freq-mask 8",
    },
    "visual": {
        "usual": "--dropout 0.2 --weight-decay 5e-4",
        "heavy": "--dropout 0.4 --weight-decay 0.05 --erase 0.5",
    },
}
"""Of each sense, for each kind of student by itself: with labels alone, with clusters, with all."""
USUAL = "usual"

QUARTER, HALF, MOST, ALL = 0.25, 0.5, 0.75, 1.0
SMALL = 16  # pixels' width of a small face


@dataclass(frozen=True)
class System:
    """One way to train a student.

    Args:
        name: of its runs and scores.
        stage: whose experiments it belongs to.
        says: what it is, in a table.
        sense: that the student has.
        labelled: share of the training people whose names are used.
        unlabelled: the others take part, without a name.
        teacher: nobody (""), "imported" encoders of both senses, of one ("imported-audio",
            "imported-visual"), "spoilt-F" of both, "trained" here on the labelled people,
            "live" the same on what the student sees, or "held-out", trained on others each.
        words: more options; {weight} is chosen on folds.
        grid: weights to choose from.
        like: the system whose weight it takes instead.
        kind: whose regularisation it takes: "alone", "clusters" or "all".
        few: recordings kept of each person; 0: all.
        small: faces of whom nobody named are small, and so are those of a second test.
    """

    name: str
    stage: str
    says: str
    sense: str = "audio"
    labelled: float = QUARTER
    unlabelled: bool = False
    teacher: str = ""
    words: str = ""
    grid: tuple[str, ...] = ()
    like: str = ""
    kind: str = "alone"
    few: int = 0
    small: bool = False


def clusters(name: str, stage: str, says: str, teacher: str = "imported", **more) -> System:
    """Return a system that is taught by clusters of whom nobody named."""
    return System(name, stage, says, teacher=teacher, unlabelled=True, kind="clusters", **more)


WEIGHTS = ("0.3", "1", "3")
_TERMS = {"cos": "--beta {weight}", "kl": "--alpha {weight}", "mmd": "--gamma {weight}"}
_CLEAN = "--cluster-separation 0"  # a teacher that separates badly is measured, not refused

SYSTEMS: tuple[System, ...] = (
    System("alone", "primary", "labels of a quarter alone"),
    clusters("clusters", "primary", "labels of a quarter, clusters of the others by both senses"),
    System("all", "primary", "labels of all", labelled=ALL, kind="all"),
    clusters(
        "voice-clusters",
        "ways",
        "labels of a quarter, clusters by voices alone",
        "imported-audio",
        words=_CLEAN,
    ),
    clusters(
        "face-clusters",
        "ways",
        "labels of a quarter, clusters by faces alone",
        "imported-visual",
        words=_CLEAN,
    ),
    System(
        "posteriors",
        "ways",
        "labels of a quarter, batch posteriors",
        unlabelled=True,
        teacher="imported",
        words="--unlabelled-by terms --posteriors {weight}",
        grid=WEIGHTS,
        kind="clusters",
    ),
    clusters(
        "gated",
        "ways",
        "labels of a quarter, clusters, gate and correction",
        words="--loss-gate 0.5 --correction 0.8",
    ),
    clusters(
        "trained",
        "teachers",
        "labels of a quarter, clusters by a teacher trained on them",
        "trained",
        words=_CLEAN,
    ),
    *(
        clusters(
            f"spoilt-{percent}",
            "noise",
            f"labels of a quarter, clusters of F 0.{percent // 10}",
            f"spoilt-0.{percent // 10}",
            words=_CLEAN,
        )
        for percent in (90, 80, 60)
    ),
    System("half", "shares", "labels of a half alone", labelled=HALF),
    clusters("half-clusters", "shares", "labels of a half, clusters of the others", labelled=HALF),
    System("most", "shares", "labels of three quarters alone", labelled=MOST, kind="all"),
    clusters(
        "most-clusters", "shares", "labels of three quarters, clusters of the others", labelled=MOST
    ),
    System("faces-alone", "faces", "faces: labels of a quarter alone", "visual", small=True),
    clusters(
        "faces-clusters",
        "faces",
        "faces: labels of a quarter, clusters of the others",
        sense="visual",
        small=True,
    ),
    System(
        "faces-all", "faces", "faces: labels of all", "visual", labelled=ALL, kind="all", small=True
    ),
    System(
        "faces-labels",
        "labels",
        "faces: labels of all, large pictures",
        "visual",
        labelled=ALL,
        kind="all",
    ),
    *(
        System(
            f"{'faces-' if sense == 'visual' else ''}kd-{term}",
            "labels",
            f"{'faces: ' if sense == 'visual' else ''}labels of all, {term.upper()}",
            sense,
            labelled=ALL,
            teacher="trained",
            words=words,
            grid=WEIGHTS,
            kind="all",
        )
        for sense in ("audio", "visual")
        for term, words in _TERMS.items()
    ),
    System(
        "loose",
        "labels",
        "labels of all, loose COS",
        labelled=ALL,
        teacher="trained",
        words="--beta {weight} --tolerance cos=0.4",
        like="kd-cos",
        kind="all",
    ),
    System(
        "weighed",
        "labels",
        "labels of all, COS weighed by quality",
        labelled=ALL,
        teacher="trained",
        words="--beta {weight} --quality speech-cos",
        like="kd-cos",
        kind="all",
    ),
    System(
        "live",
        "labels",
        "labels of all, COS of a teacher on the same crop",
        labelled=ALL,
        teacher="live",
        words="--beta {weight}",
        like="kd-cos",
        kind="all",
    ),
    System(
        "held-out",
        "labels",
        "labels of all, COS of held-out teachers",
        labelled=ALL,
        teacher="held-out",
        words="--beta {weight}",
        like="kd-cos",
        kind="all",
    ),
    *(
        one
        for few in (6, 3)
        for one in (
            System(
                f"few-{few}",
                "labels",
                f"labels of all, {few} recordings a person",
                labelled=ALL,
                kind="all",
                few=few,
            ),
            System(
                f"few-{few}-kd",
                "labels",
                f"the same, MMD, {few} recordings",
                labelled=ALL,
                teacher="trained",
                words="--gamma {weight}",
                like="kd-mmd",
                kind="all",
                few=few,
            ),
        )
    ),
)
BY_NAME = {one.name: one for one in SYSTEMS}


@dataclass(frozen=True)
class Table:
    """One table of the page: what is held against what, all of it corrected together.

    Args:
        stage: whose systems have to be there.
        title: of its section.
        text: what a reader must know beforehand.
        pairs: (system, against).
    """

    stage: str
    title: str
    text: str
    pairs: tuple[tuple[str, str], ...]


def _against(base: str, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, base) for name in names)


TABLES: tuple[Table, ...] = (
    Table(
        "primary",
        "A quarter labelled, three quarters not",
        "Fixed before the test was opened: the first row against labels alone, the second "
        "against all labels.",
        (("clusters", "alone"), ("clusters", "all")),
    ),
    Table(
        "ways",
        "Other ways to take whom nobody named",
        "The same people, steps and network; against the labels of a quarter alone.",
        _against("alone", "voice-clusters", "face-clusters", "posteriors", "gated"),
    ),
    Table(
        "teachers",
        "A teacher trained here",
        "Encoders of voices and faces and their fusion, trained on the labelled quarter alone: "
        "what one has who has no strong encoders.",
        _against("alone", "trained"),
    ),
    Table(
        "noise",
        "A worse teacher",
        "The imported encoders chose who is in this set, so their clusters are better than "
        "those of other people would be. Noise was therefore added to both senses' embeddings "
        "until the pairwise F of the clusters was as said.",
        _against("alone", "spoilt-90", "spoilt-80", "spoilt-60"),
    ),
    Table(
        "shares",
        "How many are labelled",
        "Students of both kinds with half, and with three quarters of the people labelled.",
        (("half-clusters", "half"), ("most-clusters", "most")),
    ),
    Table(
        "faces",
        "Faces",
        f"Pictures of those whom nobody named have {SMALL} pixels' width in training. Two "
        "tests: with pictures as they are, and with small ones. Against labels alone, and against "
        "all labels, whose pictures are as they are.",
        (
            ("faces-clusters", "faces-alone"),
            ("faces-clusters.small", "faces-alone.small"),
            ("faces-clusters", "faces-all"),
            ("faces-clusters.small", "faces-all.small"),
        ),
    ),
    Table(
        "labels",
        "With all labels",
        "The paper's question: what a teacher who was trained on the same labels adds.",
        (
            *_against("all", "kd-cos", "kd-kl", "kd-mmd", "loose", "weighed", "live", "held-out"),
            *_against("faces-labels", "faces-kd-cos", "faces-kd-kl", "faces-kd-mmd"),
            ("few-6-kd", "few-6"),
            ("few-3-kd", "few-3"),
        ),
    ),
)
STAGES = tuple(table.stage for table in TABLES)


def of_stages(stages: tuple[str, ...]) -> list[System]:
    """Return the systems that tables of these stages speak of, each once, in order."""
    wanted = {
        name.partition(".")[0]
        for table in TABLES
        if table.stage in stages
        for pair in table.pairs
        for name in pair
    }
    return [one for one in SYSTEMS if one.name in wanted or one.stage in stages]


@dataclass(frozen=True)
class Cell:
    """One line of the decision table: a situation, and the one system that was tried in it."""

    senses: str
    system: str
    against: str


CELLS: tuple[Cell, ...] = (
    Cell("none", "alone", ""),
    Cell("both, strong encoders", "clusters", "alone"),
    Cell("both, worse encoders: clusters of F 0.9", "spoilt-90", "alone"),
    Cell("both, worse encoders: clusters of F 0.8", "spoilt-80", "alone"),
    Cell("both, worse encoders: clusters of F 0.6", "spoilt-60", "alone"),
    Cell("both, trained on the labelled people", "trained", "alone"),
    Cell("voices alone, a strong encoder", "voice-clusters", "alone"),
    Cell("faces alone, a strong encoder", "face-clusters", "alone"),
    Cell("none", "half", ""),
    Cell("both, strong encoders", "half-clusters", "half"),
    Cell("none", "most", ""),
    Cell("both, strong encoders", "most-clusters", "most"),
    Cell("none", "all", ""),
    Cell("both, trained on the same labels", "kd-cos", "all"),
    Cell("both, strong encoders, for a student of faces", "faces-clusters", "faces-alone"),
)
"""No cell chooses among systems by their test: each was named before."""
