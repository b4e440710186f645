"""Recordings far from their person's others."""

import numpy as np
import pytest

from avkd_cli.analysis.figures import plane_figure, save
from avkd_cli.analysis.outliers import distances_to_own_mean, outliers


def test_distances_by_hand():
    # Person a at 0 and 90 degrees: the mean is (.5, .5), both lie sqrt(.5) away.
    found = distances_to_own_mean([[2, 0], [0, 5], [1, 1]], ["a", "a", "b"])
    assert found[:2] == pytest.approx([0.5**0.5] * 2)
    assert np.isnan(found[2])


def test_the_length_of_an_embedding_does_not_count():
    x = np.random.default_rng(0).normal(size=(10, 4))
    who = list("aabbbccccc")
    longer = x * np.arange(1, 11)[:, None]
    assert distances_to_own_mean(longer, who) == pytest.approx(distances_to_own_mean(x, who))


def test_the_rule_by_hand():
    # Nine of 1 and one of 2: mean 1.1, deviation 0.3, so the border is 1.7.
    assert outliers([1] * 9 + [2]).tolist() == [False] * 9 + [True]
    # Three of 1 and one of 2: mean 1.25, deviation 0.43, so 2 is within the border of 2.12.
    assert not outliers([1, 1, 1, 2]).any()


def test_persons_with_one_recording_neither_are_outliers_nor_make_them():
    distance = [1] * 9 + [2]
    assert outliers([*distance, *[np.nan] * 50]).sum() == 1
    assert not outliers([np.nan]).any()


def test_other_lengths_are_refused():
    with pytest.raises(ValueError, match="2 persons of 1"):
        distances_to_own_mean([[1.0, 0.0]], ["a", "b"])


def test_a_ring_is_drawn_for_each_outlier():
    places = np.random.default_rng(0).normal(size=(6, 2))
    persons = list("aabbcc")

    def picture(outlying):
        return save(plane_figure({"audio": (places, outlying)}, persons), "svg").decode()

    two, three = picture([True, True, *[False] * 4]), picture([True] * 3 + [False] * 3)
    assert "audio: 2 outliers" in two
    assert "audio: 1 outlier<" in picture([True, *[False] * 5])
    assert three.count("<use") == two.count("<use") + 1
    assert two == picture([True, True, *[False] * 4])
