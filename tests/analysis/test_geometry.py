"""Circles with right areas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis.geometry import lens_area, two_circles

areas = st.integers(1, 10**6)


def test_the_lens_of_two_unit_circles_through_each_others_centre():
    # 2 pi / 3 - sqrt(3) / 2
    assert lens_area(1, 1, 1) == pytest.approx(2 * math.pi / 3 - math.sqrt(3) / 2)


def test_the_lens_agrees_with_counting_points():
    r, s, distance = 1.3, 0.7, 1.1
    x, y = np.meshgrid(np.linspace(-2, 2, 2001), np.linspace(-2, 2, 2001))
    inside = (x**2 + y**2 <= r**2) & ((x - distance) ** 2 + y**2 <= s**2)
    assert lens_area(r, s, distance) == pytest.approx(inside.mean() * 16, abs=5e-3)


def test_far_circles_share_nothing_and_an_inner_one_is_shared_whole():
    assert lens_area(1, 2, 3) == 0
    assert lens_area(1, 2, 0.5) == pytest.approx(math.pi)
    assert lens_area(0, 1, 0.5) == 0


@given(areas, areas, st.floats(0, 1))
def test_areas_and_overlap_are_those_asked_for(a, b, part):
    shared = part * min(a, b)
    r, s, distance = two_circles(a, b, shared)
    assert math.pi * r**2 == pytest.approx(a)
    assert math.pi * s**2 == pytest.approx(b)
    assert lens_area(r, s, distance) == pytest.approx(shared, rel=1e-6, abs=1e-6 * min(a, b))


def test_disjoint_sets_are_seen_to_be_two():
    r, s, distance = two_circles(4, 1, 0)
    assert distance > r + s


def test_equal_sets_are_one_circle():
    assert two_circles(5, 5, 5)[2] == 0


def test_an_empty_set_is_a_point():
    r, s, _ = two_circles(0, 5, 0)
    assert r == 0
    assert s > 0


@pytest.mark.parametrize("sets", [(1, 1, 2), (-1, 1, 0), (1, 1, -1)])
def test_impossible_sets_are_refused(sets):
    with pytest.raises(ValueError):
        two_circles(*sets)
