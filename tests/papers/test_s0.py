"""The first paper's names and figures."""

import pytest

from avkd_cli.papers import PAPERS

S0 = PAPERS["s0"]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("audio", "Audio baseline"),
        ("visual-kd-cos-mmd", "Visual student, COS+MMD"),
        ("fusion-gate", "Audio-visual, GATE"),
        ("fusion-concat", "Audio-visual, concat"),
        ("fusion-of-mine", "fusion-of-mine"),
        ("audio-kd-tricks", "audio-kd-tricks"),
        ("wespeaker", "wespeaker"),
    ],
)
def test_a_label_says_what_the_name_says(name, label):
    assert S0.label(name) == label


def test_a_student_has_its_sense_as_baseline_and_nothing_else_has_one():
    assert S0.baseline_of("audio-kd-kl") == "audio"
    assert S0.system("audio-kd-kl").other == "visual"
    assert S0.baseline_of("audio") == ""
    assert S0.baseline_of("mine-kd-kl") == ""


def test_a_name_that_begins_with_a_sense_has_its_colour():
    assert S0.system("fusion-of-mine").sense == "fusion"
    assert S0.system("wespeaker").sense == ""


def test_systems_sort_modalities_first_and_unknown_ones_last():
    names = ["zeta", "audio-kd-kl", "fusion-gate", "alpha", "visual-kd-cos", "visual", "audio"]
    assert (
        sorted(names, key=S0.order)
        == "audio visual fusion-gate visual-kd-cos audio-kd-kl alpha zeta".split()
    )


def test_lists_sort_o_e_h_then_the_cleaned_ones_then_others():
    names = ["mine", "vox1-o-cleaned", "vox1-h", "vox1-o", "vox1-e"]
    assert sorted(names, key=S0.list_order) == [
        "vox1-o",
        "vox1-e",
        "vox1-h",
        "vox1-o-cleaned",
        "mine",
    ]
    assert S0.list_label("vox1-o-cleaned") == "Vox1-O cleaned"
    assert S0.list_label("mine") == "mine"


def test_printed_figures_of_each_table():
    modalities, visual, audio = ({row.label: row.printed for row in one.rows} for one in S0.layouts)
    assert modalities["Audio-visual, GATE"] == ("0.514", "0.375", "0.555")
    assert visual["MMD"] == ("1.140", "0.903", "1.341")
    assert audio["KL+MMD"] == ("1.697", "1.684", "2.950")
    assert modalities["Audio baseline"] == audio["baseline"]
    assert modalities["Visual baseline"] == visual["baseline"]
    assert len(visual) == len(audio) == 7
