import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.verification.idcodes import IdCodes

# Short ones that repeat, and long ones that differ in one sign only.
ids = st.one_of(st.text("xyz", max_size=3), st.integers(0, 40).map(lambda n: "x" * n + "y" * 40))


def coded(*batches):
    codes = IdCodes()
    return codes, [codes.of(pa.array(batch, pa.string())).tolist() for batch in batches]


@given(st.lists(st.lists(ids, max_size=30), max_size=4))
def test_codes_are_those_of_a_dict(batches):
    number = {}
    wanted = [[number.setdefault(id, len(number)) for id in batch] for batch in batches]
    codes, found = coded(*batches)
    assert (found, codes.spelled()) == (wanted, list(number))


def test_codes_number_ids_by_first_appearance():
    codes, found = coded(["x", "y", "x"], ["z", "y"])
    assert found == [[0, 1, 0], [2, 1]]
    assert codes.ids("list") == ["x", "y", "z"]
    assert codes.of(pa.array(["y"])).dtype == np.int32


@pytest.mark.parametrize("id", ["a\u00a0b", "x" * 201, "a b", "a\u200db"])
def test_an_id_with_blanks_controls_or_too_long_is_refused(id):
    codes, _ = coded(["good", id])
    with pytest.raises(InputError, match="bad_id"):
        codes.ids("list")


def test_ids_beyond_ascii_are_welcome():
    assert coded(["zoë/1"])[0].ids("list") == ["zoë/1"]
