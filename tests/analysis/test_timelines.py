"""Weights of moments over time: by hand."""

import numpy as np
import pytest

from avkd_cli.analysis.figures import save, timelines_figure
from avkd_cli.analysis.timelines import agreement, decided, mean_by_person, standardised


def test_standardised_by_hand():
    np.testing.assert_allclose(standardised([1, 3]), [-1, 1])
    np.testing.assert_array_equal(standardised([0.1, 0.1, 0.1]), [0, 0, 0])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([2, 2], 0), ([1, 3], 0.5), ([-1, -3], 0.5), ([0, 4], 1), ([-1, 1], 0)],
)
def test_decided_is_the_deviation_over_the_size_of_the_mean(weights, expected):
    assert decided(weights) == pytest.approx(expected)


def test_agreement_is_of_the_time_that_both_last_whatever_their_rates():
    fast, slow = np.arange(200) / 100, np.arange(51) / 25  # 1.99 s and 2 s
    rises = agreement((fast, fast), (slow, 3 * slow + 1))
    assert rises == pytest.approx(1, abs=1e-9)
    assert agreement((fast, fast), (slow, -slow)) == pytest.approx(-1, abs=1e-9)
    assert np.isnan(agreement((fast, fast), (slow, np.ones(51))))
    # After 1 s the slow one falls, which the short one never hears.
    half, tent = fast[:101], 1 - np.abs(slow - 1)
    assert agreement((half, half), (slow, tent)) == pytest.approx(1, abs=1e-9)


def test_intervals_draw_persons_with_all_they_said():
    values, persons = [1, 1, 1, 0], ["a", "a", "a", "b"]
    mean, low, high = mean_by_person(values, persons, 2000, 0)
    assert mean == 0.75
    assert (low, high) == (0, 1)  # both persons the same: 1 of 4 draws each
    assert mean_by_person([1, np.nan], ["a", "b"], 10, 0)[0] == 1
    assert np.isnan(mean_by_person([1.0], ["a"], 10, 0)[1])
    assert np.isnan(mean_by_person([np.nan], ["a"], 10, 0)).all()


def test_a_picture_has_a_panel_an_utterance_and_a_line_a_store():
    series = {"time_s": [0, 1], "standardised": [-1, 1], "highest_s": 1.0}
    shown = [{"id": one, "series": {"sound": series, "film": series}} for one in ("u1", "u2")]
    figure = timelines_figure(shown)
    assert [axes.get_title("left") for axes in figure.axes] == ["u1", "u2"]
    assert b"sound" in save(figure, "svg") and b"seconds" in save(figure, "svg")
    assert save(timelines_figure([]), "svg")
