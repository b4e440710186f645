"""S2, a reconstruction: loose teaching (MKD) and weights by quality (QAW) of VGSR.

Neither equations nor tables of the paper are public, so nothing is printed here, and whatever
names the system calls it a reconstruction.

Systems: `audio` and `visual` learn from labels alone, `audio-kd-LOSS` is taught with the hard
loss, `audio-mkd-LOSS` with the loose one at its default tolerance, `audio-mkd-cos-QUALITY` loose
and weighed, `audio-mkd-cos-m20` loose with tolerance 0.20; the same with `visual`.
"""

from avkd_cli.papers.form import (
    EER,
    OTHER,
    PUBLISHED,
    Layout,
    Line,
    Paper,
    Row,
    Sweep,
    System,
    columns_by_list,
    named,
)

LOSSES = {"cos": "COS", "l2": "L2", "kl": "KL", "mmd": "MMD"}
QUALITIES = ("face-cos", "face-norm", "speech-cos", "snr", "sharpness", "product")
TOLERANCES = (0, 20, 30, 40, 50, 60, 80)  # hundredths
WORDS = "reconstruction; the paper's figures are not public"


def _systems(sense: str) -> list[System]:
    found = [System(sense, f"{sense.capitalize()} baseline", "baseline", sense)]
    found += [_taught(sense, f"kd-{one}", f"{label} hard") for one, label in LOSSES.items()]
    found += [_taught(sense, f"mkd-{one}", f"{label} loose") for one, label in LOSSES.items()]
    found += [_taught(sense, f"mkd-cos-{one}", f"COS loose, weighed by {one}") for one in QUALITIES]
    found += [
        _taught(sense, f"mkd-cos-m{one}", f"COS loose, μ {one / 100:g}") for one in TOLERANCES
    ]
    return found


def _taught(sense: str, kind: str, brief: str) -> System:
    label = f"{sense.capitalize()} student, {brief}"
    return System(f"{sense}-{kind}", label, brief, sense, sense, OTHER[sense])


def _table(name: str, sense: str) -> Layout:
    swept = {f"{sense}-mkd-cos-m{one}" for one in TOLERANCES}
    shown = [one for one in _systems(sense) if one.name not in swept]
    organ, teacher = {"audio": ("Voice", "face"), "visual": ("Face", "voice")}[sense]
    return Layout(
        name,
        f"{organ} taught by a {teacher} ({WORDS})",
        "loss besides AAM",
        columns_by_list(PUBLISHED, EER),
        tuple(Row(one.brief, named(one.name)) for one in shown),
        by_list=EER,
        more=f"{sense}-*",
        baseline=sense,
    )


def _sweep(sense: str) -> Sweep:
    at = {f"{sense}-kd-cos": 0.0, f"{sense}-mkd-cos": 0.4}
    line = Line(f"{sense} student, COS", f"{sense}-mkd-cos-m", at)
    return Sweep(
        f"sweep-{sense}",
        "EER against the tolerance",
        "tolerance μ of the cosine distance",
        "*",
        "eer_percent",
        (line,),
    )


PAPER = Paper(
    name="s2",
    source=(
        "a reconstruction after the abstract of Jin et al., “Cross-modal distillation for speaker "
        "recognition”, AAAI 2023; its equations and tables are not public"
    ),
    note="",
    title="Do loose teachers and weighed samples help? A reconstruction of VGSR",
    lead=(
        "A face teaches a voice, or a voice a face, without demanding equality, and samples count "
        "by their quality. The formulas were never published: this is a reconstruction."
    ),
    claim=(
        "The paper's abstract speaks of 10 to 15 % on VoxCeleb1 and CN-Celeb; this is a "
        "reconstruction of what it describes, and no figure here bears on that claim."
    ),
    systems=(*_systems("audio"), *_systems("visual")),
    layouts=(_table("table-1", "audio"), _table("table-2", "visual")),
    taught="student",
    corrected="What distillation corrected",
    venn_list="vox1-o",
    sweeps=(_sweep("audio"), _sweep("visual")),
)
