import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.verification.decimals import plain_decimals
from avkd_cli.verification.words import joined


@st.composite
def plain_words(draw):
    whole = draw(st.text("0123456789", min_size=1, max_size=8))
    decimals = draw(st.text("0123456789", min_size=1, max_size=15 - len(whole)))
    return f"{draw(st.sampled_from(['', '-']))}{whole}.{decimals}".encode()


@settings(deadline=None)
@given(st.lists(plain_words(), min_size=1, max_size=30))
def test_plain_numbers_are_exactly_what_float_gives(words):
    values, plain = plain_decimals(joined(words))
    assert plain.all()
    assert values.tolist() == [float(word) for word in words]


@settings(deadline=None)
@given(st.lists(st.text("0123456789.-+e_x", min_size=1, max_size=20), min_size=1, max_size=30))
def test_whatever_is_called_plain_is_what_float_gives(texts):
    # The neighbours of a word, a point or a digit among them, must not be taken for its own.
    words = [text.encode() for text in texts]
    values, plain = plain_decimals(joined(words))
    for word, value, is_plain in zip(words, values.tolist(), plain.tolist(), strict=True):
        assert not is_plain or value == float(word)


@pytest.mark.parametrize(
    "word",
    ["1", "-", ".", ".5", "5.", "+0.5", "1e5", "0.5e1", "1_0.5", "0x1.5", "1.2.3", "--0.5", "-.5",
     "nan", "0.1234567890123456", "123456789.5", "0,5", "0.5:", "0./5", "\uff11.5"],
)  # fmt: skip
def test_anything_else_is_left_to_stricter_eyes(word):
    values, plain = plain_decimals(joined([b"0.5", word.encode(), b"0.25"]))
    assert plain.tolist() == [True, False, True]
    assert values[[0, 2]].tolist() == [0.5, 0.25]


def test_no_word_gives_no_number():
    values, plain = plain_decimals(joined([]).take(np.array([], np.intp)))
    assert len(values) == len(plain) == 0


def test_the_sign_of_zero_is_no_part_of_the_number():
    values, plain = plain_decimals(joined([b"-0.0"]))
    assert plain.all() and values[0] == 0
