"""What names of systems and lists say."""

import pytest

from avkd_cli.analysis.systems import (
    baseline_of,
    list_label,
    list_order,
    students,
    system,
    system_order,
)


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
    assert system(name).label == label


def test_a_student_has_its_sense_as_baseline_and_nothing_else_has_one():
    assert baseline_of("audio-kd-kl") == "audio"
    assert baseline_of("audio") is None
    assert baseline_of("mine-kd-kl") is None


def test_students_are_in_the_order_of_the_papers_tables():
    assert students("audio")[:4] == ["audio", "audio-kd-cos", "audio-kd-kl", "audio-kd-mmd"]
    assert len(students("visual")) == 7


def test_systems_sort_modalities_first_and_unknown_ones_last():
    names = ["zeta", "audio-kd-kl", "fusion-gate", "alpha", "visual-kd-cos", "visual", "audio"]
    assert sorted(names, key=system_order) == [
        "audio", "visual", "fusion-gate", "visual-kd-cos", "audio-kd-kl", "alpha", "zeta",
    ]  # fmt: skip


def test_lists_sort_o_e_h_then_the_cleaned_ones_then_others():
    names = ["mine", "vox1-o-cleaned", "vox1-h", "vox1-o", "vox1-e"]
    assert sorted(names, key=list_order) == [
        "vox1-o", "vox1-e", "vox1-h", "vox1-o-cleaned", "mine",
    ]  # fmt: skip
    assert list_label("vox1-o-cleaned") == "Vox1-O cleaned"
    assert list_label("mine") == "mine"
