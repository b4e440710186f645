"""S0: knowledge distillation from an audio-visual teacher to students of one sense.

EER in percent, on the lists as first published: the paper (`PAPER.source`) does not say so, but
the counts in its section 4.4 fit them and not the cleaned ones.
"""

from avkd_cli.papers.form import (
    EER,
    OTHER,
    PUBLISHED,
    Layout,
    Likeness,
    Paper,
    Row,
    System,
    columns_by_list,
    named,
    printed,
)

LOSSES = ("cos", "kl", "mmd", "cos-kl", "cos-mmd", "kl-mmd")  # order of tables 2 and 3
FUSIONS = ("gate", "ssa", "cbp", "concat", "linear", "average")
COLUMNS = columns_by_list(PUBLISHED, EER)

BASELINE = {"audio": "1.792 1.704 2.964", "visual": "1.299 0.987 1.483"}
TAUGHT = {
    "visual": {
        "cos": "1.294 0.968 1.427",
        "kl": "1.257 0.905 1.331",
        "mmd": "1.140 0.903 1.341",
        "cos-kl": "1.288 0.938 1.386",
        "cos-mmd": "1.278 0.928 1.355",
        "kl-mmd": "1.235 0.903 1.346",
    },
    "audio": {
        "cos": "1.707 1.690 2.960",
        "kl": "1.671 1.686 2.935",
        "mmd": "1.718 1.680 2.947",
        "cos-kl": "1.691 1.692 2.963",
        "cos-mmd": "1.718 1.692 2.943",
        "kl-mmd": "1.697 1.684 2.950",
    },
}


def _loss(losses: str) -> str:
    return losses.upper().replace("-", "+")


def _fusion(kind: str) -> System:
    label = f"Audio-visual, {kind.upper() if len(kind) <= 4 else kind}"
    return System(f"fusion-{kind}", label, sense="fusion")


def _student(sense: str, losses: str) -> System:
    label = f"{sense.capitalize()} student, {_loss(losses)}"
    return System(f"{sense}-kd-{losses}", label, _loss(losses), sense, sense, OTHER[sense])


def _table(name: str, title: str, sense: str) -> Layout:
    rows = [Row("baseline", named(sense), printed(BASELINE[sense]))]
    rows += [
        Row(_loss(losses), named(f"{sense}-kd-{losses}"), printed(figures))
        for losses, figures in TAUGHT[sense].items()
    ]
    return Layout(
        name, title, "loss besides AAM", COLUMNS, tuple(rows), by_list=EER, baseline=sense
    )


PAPER = Paper(
    name="s0",
    source=(
        "L. Zhang, Z. Chen, Y. Qian, “Knowledge distillation from multi-modality to "
        "single-modality for person verification”, Interspeech 2021, tables 1 to 3"
    ),
    note="printed in the paper, on VoxCeleb; not comparable to results on any other list",
    title="Does a student of one sense keep what two senses know?",
    lead=(
        "Person verification by voice, by face and by both; and by students of one sense that "
        "were taught by both."
    ),
    claim="",
    systems=(
        System("audio", "Audio baseline", "baseline", "audio"),
        System("visual", "Visual baseline", "baseline", "visual"),
        *map(_fusion, FUSIONS),
        *(_student(sense, one) for sense in ("visual", "audio") for one in LOSSES),
    ),
    layouts=(
        Layout(
            "table-1",
            "Modalities (table 1 of the paper)",
            "modality",
            COLUMNS,
            (
                Row("Audio baseline", named("audio"), printed(BASELINE["audio"])),
                Row("Visual baseline", named("visual"), printed(BASELINE["visual"])),
                Row("Audio-visual, GATE", named("fusion-gate"), printed("0.514 0.375 0.555")),
            ),
            by_list=EER,
            more="fusion-*",
        ),
        _table("table-2", "Visual student (table 2 of the paper)", "visual"),
        _table("table-3", "Audio student (table 3 of the paper)", "audio"),
    ),
    taught="student",
    corrected="What distillation corrected",
    venn_list="vox1-e",
    likeness=(Likeness("visual", "fusion-gate", 0.079), Likeness("audio", "fusion-gate", 0.007)),
)
