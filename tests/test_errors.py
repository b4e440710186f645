import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.audio.limits import Segment
from avkd_cli.errors import Rejected, apart
from avkd_cli.storage.utterance import Utterance, check_values


@pytest.mark.parametrize(
    ("numbers", "digits", "shown"),
    [
        ((1.0, 2.0), 2, ("1.00", "2.00")),
        ((0.3999375, 0.4), 2, ("0.3999", "0.4000")),
        ((1800.2, 1800), 0, ("1800.2", "1800.0")),
        ((1.0, 1.0), 2, ("1.00", "1.00")),
        ((1e-30, 0.0), 2, ("1e-30", "0.0")),
    ],
)
def test_a_difference_is_not_rounded_away(numbers, digits, shown):
    assert apart(*numbers, digits) == shown


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_two_numbers_that_differ_look_different(first, second):
    shown = apart(first, second)
    assert (shown[0] == shown[1]) <= (abs(first) == abs(second))
    for text, number in zip(shown, (first, second), strict=True):
        assert float(text) == pytest.approx(number, abs=0.0051)


def test_segments_that_differ_by_little_are_shown_apart():
    with pytest.raises(Rejected, match=r"end 1\.000 s is not after start 1\.001 s"):
        check_values(Utterance("a", audio="a.wav", start=1.001, end=1.0))
    with pytest.raises(Rejected, match=r"end 1\.000 s is not after start 1\.001 s"):
        Segment(1.001, 1.0)
    with pytest.raises(Rejected, match=r"start -0\.001 s is before 0"):
        check_values(Utterance("a", audio="a.wav", start=-0.001))
