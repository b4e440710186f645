import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.vision.timeline import choose_times, is_steady, nearest, slots, spread

TWENTY_FIVE = np.arange(75) / 25  # 3 s at 25 frames a second


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"fps": 1}, [0, 25, 50], id="one a second"),
        pytest.param({"fps": 2.5}, [0, 10, 20, 30, 40, 50, 60, 70], id="every 0.4 s"),
        pytest.param({"fps": 25}, list(range(75)), id="all, at the video's own rate"),
        pytest.param({"fps": 1000}, list(range(75)), id="no frame twice"),
        pytest.param({"count": 1}, [37], id="the middle one"),
        pytest.param({"count": 3}, [12, 37, 62], id="middles of thirds"),
        pytest.param({"count": 75}, list(range(75)), id="as many as there are"),
        pytest.param({"fps": 1, "start": 1, "end": 2}, [25], id="a second of it"),
        pytest.param({"fps": 1, "start": 0.5}, [13, 38, 63], id="from the first frame inside"),
        pytest.param({"fps": 1, "start": 4}, [], id="beyond the end"),
        pytest.param({"fps": 25, "at_most": 3}, [12, 37, 62], id="thinned evenly"),
    ],
)
def test_frames_are_chosen_by_time(asked, expected):
    assert choose_times(TWENTY_FIVE, **asked).tolist() == expected


def test_a_changing_frame_rate_does_not_change_the_seconds():
    # Ten frames in the first half second, then one a second.
    times = np.concatenate([np.arange(10) / 20, [1.0, 2.0, 3.0]])
    assert times[choose_times(times, fps=1)].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("asked", [{}, {"fps": 1, "count": 1}, {"fps": 0}, {"count": -1}])
def test_exactly_one_way_of_choosing_is_wanted(asked):
    with pytest.raises(ValueError, match="one of fps and count"):
        choose_times(TWENTY_FIVE, **asked)


rising = st.lists(st.floats(0, 100), min_size=1, max_size=40, unique=True).map(sorted)


@given(rising, st.integers(1, 50))
def test_count_gives_distinct_rising_frames_and_never_more(times, count):
    chosen = choose_times(np.array(times), count=count)
    assert 1 <= len(chosen) <= count
    assert (np.diff(chosen) > 0).all()


@given(rising, st.floats(0.1, 30))
def test_fps_begins_with_the_first_frame(times, fps):
    chosen = choose_times(np.array(times), fps=fps)
    assert chosen[0] == 0
    assert (np.diff(chosen) > 0).all()


@given(rising, st.lists(st.floats(-10, 110), min_size=1, max_size=9))
def test_nearest_is_nearest(times, targets):
    times, targets = np.array(times), np.array(targets)
    best = np.abs(times[None] - targets[:, None]).min(axis=1)
    assert np.abs(times[nearest(times, targets)] - targets) == pytest.approx(best, abs=1e-6)


def test_spread_takes_the_middles():
    assert spread(10, 2).tolist() == [2, 7]
    assert spread(3, 5).tolist() == [0, 1, 2]
    assert spread(7, 1).tolist() == [3]


def test_rounding_to_milliseconds_is_steady_and_a_pause_is_not():
    assert is_steady(np.round(np.arange(100) / 30, 3))
    assert not is_steady(np.array([0, 0.04, 0.08, 0.4]))
    assert is_steady(np.array([0.0]))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"fps": 25}, list(range(75)), id="a slot a frame"),
        pytest.param({"fps": 50, "end": 0.1}, [0, 0, 1, 1, 2], id="frames are shown twice"),
        pytest.param({"fps": 5}, list(range(0, 75, 5)), id="every fifth"),
        pytest.param({"fps": 25, "start": 1, "end": 1.12}, [25, 26, 27], id="a stretch"),
        pytest.param({"fps": 25, "start": 1.013, "end": 1.1}, [25, 26, 27], id="between frames"),
        pytest.param({"fps": 25, "start": 2.96, "end": 9}, [74], id="the film ends first"),
        pytest.param({"fps": 25, "start": 3}, [], id="beyond the end"),
    ],
)
def test_slots_keep_time(asked, expected):
    assert slots(TWENTY_FIVE, **asked).tolist() == expected


def test_slots_before_the_picture_begins_are_empty():
    assert slots(TWENTY_FIVE + 0.2, 25, 0.0, 0.32).tolist() == [-1] * 5 + [0, 1, 2]
    # A picture that is a fraction of a frame late is not missing.
    assert slots(TWENTY_FIVE + 0.015, 25, 0.0, 0.08).tolist() == [0, 1]


def test_a_changing_frame_rate_does_not_shift_the_slots():
    # 25 frames a second for a second, then 5 for two.
    times = np.concatenate([np.arange(25) / 25, 1 + np.arange(10) / 5])
    found = slots(times, 25)
    assert np.abs(times[found] - np.arange(len(found)) / 25).max() <= 0.1
    assert len(found) == pytest.approx(3 * 25, abs=5)


@given(rising, st.floats(0.1, 30), st.floats(0, 50), st.floats(0.01, 50))
def test_a_slot_has_the_frame_nearest_to_its_time(times, fps, start, length):
    found = slots(np.array(times), fps, start, start + length)
    moments = start + np.arange(len(found)) / fps
    there = found >= 0
    best = np.abs(np.array(times)[:, None] - moments).min(axis=0)
    assert np.abs(np.array(times)[found[there]] - moments[there]) == pytest.approx(best[there])
    assert (np.diff(found) >= 0).all()
    assert (moments < start + length).all()
