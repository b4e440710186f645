"""Pictures: deterministic, self-contained, and drawn from the right numbers."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.special import ndtr, ndtri

from avkd_cli.analysis.figures import (
    bars_figure,
    det_figure,
    histogram_figure,
    inline,
    interval_panels,
    reliability_panels,
    roc_figure,
    save,
    sizes_figure,
    training_figure,
    venn_figure,
    venn_panels,
)
from avkd_cli.analysis.figures.curves import curve, operating_points
from avkd_cli.analysis.figures.distributions import reliability
from avkd_cli.analysis.figures.style import looks
from avkd_cli.papers import USUAL
from avkd_cli.shown import Picture


def students(sense):
    return [sense, *(one.name for one in USUAL.families()[sense])]


def venn_result(newly_right=26, newly_wrong=16, both_wrong=30, trials=500, more=()):
    both_right = trials - newly_right - newly_wrong - both_wrong
    return {
        "trials": trials,
        "both_right": both_right,
        "newly_right": newly_right,
        "newly_wrong": newly_wrong,
        "both_wrong": both_wrong,
        "systems": {letter: {"name": f"system {letter}"} for letter in ("a", "b", *more)},
        "regions": [
            {"right": ("a", "b"), "wrong": tuple(more), "trials": both_right},
            {"right": (), "wrong": ("a", "b", *more), "trials": both_wrong},
        ],
    }


def gaussian(seed=0, distance=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(distance, 1, 400), rng.normal(0, 1, 900)


RATES = [5e-3, 1e-3]
FIGURES = {
    "venn": lambda table: venn_figure(venn_result()),
    "venn of three": lambda table: venn_figure(venn_result(more=("c",))),
    "panels": lambda table: venn_panels({"COS": venn_result(), "KL": venn_result(0, 0, 0)}),
    "det": lambda table: det_figure({"audio": gaussian(), "mine": gaussian(1)}, "title"),
    "roc": lambda table: roc_figure({"audio": gaussian()}),
    "histogram": lambda table: histogram_figure(*gaussian(), threshold=1.0),
    "reliability": lambda table: reliability_panels(
        {"": ([1.0, -1.0, 2.0], [True, False, True])}, 0.5
    ),
    "bars": bars_figure,
    "training": lambda table: training_figure({"mine": {"lr": {"step": [1, 9], "value": RATES}}}),
    "sizes": lambda table: sizes_figure([1, 20, 3000], [0.5, 0.2, -0.1]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_is_the_same_bytes_each_time_and_has_no_date(name, table):
    first, second = (save(FIGURES[name](table), ".svg") for _ in range(2))
    assert first == second
    assert b"<dc:date>" not in first and b"mathdefault" not in first
    ET.fromstring(first)


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_other_formats_are_deterministic_too(suffix, start):
    first, second = (save(venn_figure(venn_result()), suffix) for _ in range(2))
    assert first == second
    assert first.startswith(start)


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="svg, png or pdf"):
        save(venn_figure(venn_result()), ".gif")


@pytest.mark.parametrize("name", FIGURES)
def test_an_inline_picture_refers_to_nothing_outside(name, table):
    text = inline(FIGURES[name](table), "fig-1", 'a "quoted" <description>')
    assert text.startswith("<svg")
    assert "http" not in text
    assert "&quot;quoted&quot; &lt;description>" in text
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert all(one.startswith("fig-1-") for one in ids)
    used = re.findall(r'(?:url\(|href=")#([^)"]+)', text)
    assert set(used) <= set(ids)


def test_the_counts_are_always_written_whatever_the_areas():
    for sets in [(26, 16, 30), (0, 0, 120), (30, 20, 0), (1, 1, 490), (0, 0, 0)]:
        text = save(venn_figure(venn_result(*sets)), "svg").decode()
        both_right = 500 - sum(sets)
        assert f"both right {both_right} of 500 trials" in text
        if sum(sets):
            for number, name in zip(
                sets, ("newly right", "newly wrong", "both wrong"), strict=True
            ):
                assert f">{number}<" in text
                assert name in text


def test_the_curve_runs_through_all_errors_and_stays_in_its_limits():
    miss, false_alarm = curve(*gaussian(), low=0.001)
    assert (miss.min(), false_alarm.min()) == (0.001, 0.001)
    assert (miss.max(), false_alarm.max()) == (0.999, 0.999)
    along = ndtri(miss) - ndtri(false_alarm)
    assert (np.diff(along) >= 0).all()
    assert len(miss) <= 1301


def test_the_points_of_a_curve_are_its_eer_and_where_costs_are_least():
    # EER .25, minDCF .25 at any low prior, by missing one target of four.
    points = operating_points([0.9, 0.8, 0.7, 0.3], [0.6, 0.4, 0.2, 0.1], (0.01,))
    assert points == [(0.25, 0.25), (0.0, 0.25)]


def test_the_curve_of_gaussian_scores_is_straight_on_probit_axes():
    rng = np.random.default_rng(0)
    miss, false_alarm = curve(rng.normal(2, 1, 200_000), rng.normal(0, 1, 200_000), low=0.005)
    inner = (miss > 0.01) & (false_alarm > 0.01)
    # N(2, 1) against N(0, 1): probit(miss) + probit(false alarm) = -2.
    assert ndtri(miss[inner]) + ndtri(false_alarm[inner]) == pytest.approx(-2, abs=0.05)


def test_students_have_the_colour_of_their_sense_and_dashes_of_their_own():
    found = looks(["fusion-gate", *students("audio"), *students("visual"), "mine", "yours"])
    assert len({found[name]["color"] for name in students("audio")}) == 1
    assert len({str(found[name]["linestyle"]) for name in students("audio")}) == 7
    assert found["audio"]["color"] != found["visual"]["color"] != found["fusion-gate"]["color"]
    assert found["mine"]["color"] != found["yours"]["color"]
    assert found["mine"]["linestyle"] != found["yours"]["linestyle"]


def test_systems_that_a_paper_does_not_know_look_unlike_all_others_of_their_sense():
    unknown = ["fusion-mine", "fusion-yours", "audio-mine"]
    found = looks([*unknown, "audio", "fusion-mine"])
    assert len({str(found[name]) for name in found}) == 4
    assert found["audio"] == looks(["audio"])["audio"]  # the paper's look stays
    assert found["fusion-mine"]["color"] == found["fusion-yours"]["color"]


def test_calibrated_posteriors_are_what_happens():
    rng = np.random.default_rng(0)
    target, nontarget = rng.normal(2, 1, 40_000), rng.normal(0, 1, 80_000)
    llr = 2 * np.concatenate([target, nontarget]) - 2  # exact for these two densities
    label = np.arange(len(llr)) < len(target)
    stated, seen, share = reliability(llr, label, p_target=0.1)
    assert share.sum() == pytest.approx(1)
    assert seen == pytest.approx(stated, abs=0.03)
    overconfident = reliability(3 * llr, label, p_target=0.1)
    assert np.abs(overconfident[0] - overconfident[1]).max() > 0.05


@pytest.mark.parametrize("wrong", [([1.0], [True], 0.5), ([1.0, 2.0], [True, False], 1.0)])
def test_reliability_needs_both_classes_and_a_prior(wrong):
    with pytest.raises(ValueError):
        reliability(*wrong)


def ends(figure):
    return [ndtr(one) for one in (*figure.axes[0].get_xlim(), *figure.axes[0].get_ylim())]


def test_every_tick_of_a_det_picture_has_its_number_and_none_lie_over_each_other():
    # Nearly all targets missed at the first minDCF: from 0.02 to 99 % on one axis.
    rng = np.random.default_rng(0)
    wide = det_figure({"a": (rng.normal(0.2, 1, 3000), rng.normal(0, 1, 3000))})
    axes = wide.axes[0]
    FigureCanvasAgg(wide).draw()
    for labels, side in ((axes.get_xticklabels(), 0), (axes.get_yticklabels(), 1)):
        boxes = [one.get_window_extent() for one in labels]
        assert len(boxes) >= 5
        assert all(one.get_text() for one in labels)
        for before, after in pairwise(boxes):
            assert before.max[side] < after.min[side]


def test_det_axes_end_where_the_curves_do():
    # No false alarm of 900 is beyond 3.5 of N(0, 1), and targets of N(6, 1) begin below 3.5.
    target, nontarget = gaussian(distance=6.0)
    x_low, x_high, y_low, y_high = ends(det_figure({"a": (target, nontarget)}))
    assert (x_low, y_low) == pytest.approx((0.5 / 900, 0.5 / 400))
    assert (nontarget >= target.min()).mean() < x_high < 0.02
    assert (target < nontarget.max()).mean() < y_high < 0.02


def test_axes_of_what_overlaps_do_not_go_on_to_a_hundred_percent():
    *_, x_high, _, y_high = ends(det_figure({"a": gaussian(distance=1.0)}, p_targets=()))
    assert (x_high, y_high) == pytest.approx((0.6, 0.6), abs=0.03)


def test_ends_that_are_asked_for_are_those_of_the_axes_in_percent():
    look = Picture(xlim=(1, 40), ylim=(2, 60))
    assert ends(det_figure({"a": gaussian()}, look=look)) == pytest.approx([0.01, 0.4, 0.02, 0.6])
    roc = roc_figure({"a": gaussian()}, look=look).axes[0]
    assert (roc.get_xlim(), roc.get_ylim()) == ((1, 40), (2, 60))


def test_the_legend_has_each_system_by_name_with_its_eer():
    target, nontarget = [0.9, 0.8, 0.7, 0.3], [0.6, 0.4, 0.2, 0.1]
    legend = det_figure({"_mine $": (target, nontarget)}).axes[0].get_legend()
    assert [one.get_text() for one in legend.get_texts()] == ["_mine $, EER 25.00 %"]


def test_a_venn_picture_names_both_systems_and_counts_what_each_has_wrong():
    result = venn_result(newly_right=26, newly_wrong=16, both_wrong=30)
    texts = [one.get_text() for one in venn_figure(result, 3.3).axes[0].texts]
    assert any("system a" in text and "(56)" in text for text in texts)
    assert any("system b" in text and "(46)" in text for text in texts)


def size(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("name", ["venn", "det", "roc", "reliability"])
def test_a_picture_is_as_wide_as_was_asked(name, table):
    assert size(save(FIGURES[name](table), "png", 3.4, 100))[0] == pytest.approx(340, abs=2)


def test_a_det_picture_of_few_trials_fits_the_narrowest_column():
    both = {name: gaussian(distance=1.0) for name in ("their one", "their two")}
    narrow = det_figure(both, look=Picture(width=3.0))
    assert size(save(narrow, "png", 3.0, 100))[0] == pytest.approx(300, abs=2)


def test_a_width_that_names_do_not_fit_is_refused_with_what_they_need():
    figure = roc_figure({"a": gaussian()})
    figure.axes[0].set_title("a title that is far too long for a picture of one inch")
    with pytest.raises(ValueError, match=r"1in is too narrow.*about \d"):
        save(figure, "png", 1.0)


def test_letters_in_a_pdf_are_truetype_as_journals_want():
    text = save(det_figure({"a": gaussian()}), "pdf")
    assert b"/TrueType" in text or b"/CIDFontType2" in text
    assert b"/Type3" not in text


def test_a_system_missing_on_one_list_leaves_its_row_empty_there():
    row = {"value": -1.0, "low": -2.0, "high": -0.5}
    panels = {"O": [("COS", row), ("KL", row)], "E": [("KL", row)]}
    both, one = interval_panels(panels).axes
    assert [label.get_text() for label in both.get_yticklabels()] == ["COS", "KL"]
    drawn = {float(y) for line in one.lines[1:] for y in line.get_ydata()}
    assert drawn == {1.0}  # the second row, which says KL
