"""The paper's figures, as systems.md 1.5 has them."""

from avkd_cli.analysis.printed import EER_PERCENT, is_official, printed_eer
from avkd_cli.analysis.systems import MODALITIES, students


def test_printed_figures_of_each_table():
    assert printed_eer("fusion-gate", "vox1-e") == 0.375
    assert printed_eer("visual-kd-mmd", "vox1-o") == 1.140
    assert printed_eer("audio-kd-kl-mmd", "vox1-h") == 2.950


def test_every_row_of_the_three_tables_is_there():
    rows = {*MODALITIES, *students("audio"), *students("visual")}
    assert set(EER_PERCENT) == rows


def test_nothing_is_printed_for_other_systems_or_lists():
    assert printed_eer("mine", "vox1-o") is None
    assert printed_eer("audio", "vox1-o-cleaned") is None


def test_a_list_is_the_official_one_by_its_counts():
    assert is_official("vox1-o", 18_860, 18_860)
    assert not is_official("vox1-o", 300, 400)
    assert not is_official("mine", 18_860, 18_860)
