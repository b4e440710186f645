import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.verification.idcodes import check_ids, numbered

# Short ones that repeat, and long ones that differ in one sign only.
ids = st.one_of(st.text("xyz", max_size=3), st.integers(0, 40).map(lambda n: "x" * n + "y" * 40))
blocks = st.lists(st.lists(ids, max_size=30), min_size=1, max_size=4)


def encoded(side):
    return [pa.array(block, pa.string()).dictionary_encode() for block in side]


@given(blocks, blocks)
def test_numbers_are_those_of_a_dict_over_enrolments_then_tests(enrol, test):
    number = {}
    wanted = [
        [number.setdefault(id, len(number)) for block in side for id in block]
        for side in (enrol, test)
    ]
    found, codes = numbered(encoded(enrol), encoded(test))
    assert (found, [side.tolist() for side in codes]) == (list(number), wanted)
    assert all(side.dtype == np.int32 for side in codes)


@pytest.mark.parametrize("id", ["a\u00a0b", "x" * 201, "a b", "a\u200db"])
def test_an_id_with_blanks_controls_or_too_long_is_refused(id):
    with pytest.raises(InputError, match="bad_id"):
        check_ids(["good", id], "list")


def test_ids_beyond_ascii_are_welcome():
    check_ids(["zoë/1"], "list")
