"""Sentences say what the numbers are."""

import pytest

from avkd_cli.analysis.report.words import INTERVAL, NO_INTERVAL, change, glance, sentences
from avkd_cli.analysis.tables import arrange


@pytest.fixture
def small(result):
    eers = {"audio": 10, "visual": 8, "fusion-gate": 4, "audio-kd-cos": 9, "audio-kd-kl": 10.5}
    return arrange([result(system, "vox1-o", eer) for system, eer in eers.items()])


def test_fusion_is_compared_with_the_better_sense(small):
    said = sentences(small)[0]
    assert "Vox1-O 4.00 % EER" in said
    assert "50 % lower than the better one" in said


def test_students_below_their_baseline_are_counted_and_the_lowest_named(small):
    said = sentences(small)[1]
    assert "voice only: Vox1-O 1 of 2, the lowest COS with 9.00 % against 10.00 %." in said


def test_without_intervals_it_says_that_this_may_be_chance(small):
    assert sentences(small)[-1] == NO_INTERVAL


def test_a_difference_comes_with_its_interval(small):
    one = {"system": "audio-kd-cos", "list": "vox1-o", "difference": -1.0, "interval": [-1.6, -0.3]}
    said = " ".join(sentences(small, differences=[one]))
    assert "against 10.00 % (−1.00 points, interval −1.60 to −0.30)." in said
    assert INTERVAL.format(taught="student") in said
    assert NO_INTERVAL not in said


def test_what_the_best_student_corrected_is_told_with_what_the_other_sense_knew(small):
    venn = {
        "system": "audio-kd-cos",
        "list": "vox1-o",
        "newly_right": 30,
        "newly_wrong": 5,
        "both_wrong": 70,
        "other_share": 0.85,
        "other_of_errors": 0.8,
    }
    said = " ".join(sentences(small, [venn], venn_list="vox1-o"))
    assert "corrects 30 of the baseline's 100 errors and breaks 5 trials" in said
    assert "visual baseline has 85 % of the corrected right, and 80 % of all those errors" in said
    said = " ".join(sentences(small, [venn | {"other_share": None}], venn_list="vox1-o"))
    assert "breaks 5 trials." in said


def test_no_senses_no_sentences(result):
    assert sentences(arrange([result("mine", "list", 3)])) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [(10, 5, "50 % lower"), (10, 12, "20 % higher"), (10, 10, "no lower"), (0, 1, "no lower")],
)
def test_a_change_in_words(before, after, words):
    assert change(before, after) == words


def test_a_glance_says_both_senses_and_each_student_in_cases_of_a_hundred(small):
    both, heard = glance(small)
    assert (
        "the voice alone errs in 10.0 of 100 cases, the face alone in 8.0, both together in 4.0"
        in both
    )
    assert heard.startswith("Of 2 students that only hear, 1 err less often than the same network")
    assert heard.endswith("the best errs in 9.0 of 100 cases where that one errs in 10.0.")


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("open", "errs in 10.0, too little to be told from chance."),
        ("better", "errs in 10.0, more than chance."),
    ],
)
def test_a_glance_says_whether_it_may_be_chance(small, verdict, said):
    one = {"system": "audio-kd-cos", "list": "vox1-o", "verdict": verdict}
    assert glance(small, [one])[1].endswith(said)


def test_a_glance_at_systems_of_no_sense_says_nothing(result):
    assert glance(arrange([result("mine", "list", 3)])) == []
    assert glance(arrange([])) == []
