import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.verification import idcodes
from avkd_cli.verification.idcodes import IdCodes
from avkd_cli.verification.words import fingerprints, joined

# Short ones that repeat, and long ones that differ in one byte only.
ids = st.one_of(
    st.binary(max_size=3), st.integers(0, 40).map(lambda n: b"x" * n + b"y" + b"x" * (40 - n))
).filter(lambda id: b"\n" not in id)
batches = st.lists(st.lists(ids, max_size=30), max_size=4)


def by_dict(batches):
    number = {}
    return [[number.setdefault(id, len(number)) for id in batch] for batch in batches], list(number)


@given(batches)
def test_codes_are_those_of_a_dict(batches):
    codes = IdCodes()
    found = [codes.of(joined(batch)).tolist() for batch in batches]
    assert (found, list(codes)) == by_dict(batches)


@given(batches)
def test_ids_whose_fingerprints_collide_are_told_apart(batches):
    weak = pytest.MonkeyPatch()
    # Four values of the first fingerprint only; the second stays as it is.
    weak.setattr(
        idcodes, "fingerprints", lambda ids: (fingerprints(ids)[0] % 4, fingerprints(ids)[1])
    )
    with weak.context():
        codes = IdCodes()
        found = [
            [list(codes)[code] for code in codes.of(joined(batch)).tolist()] for batch in batches
        ]
    weak.undo()
    assert found == batches
    assert len(set(codes)) == len(codes)


def test_fingerprints_of_many_like_ids_do_not_collide():
    many = [b"id%05d/video%05d/%05d" % (n % 97, n // 97, n % 7) for n in range(100_000)]
    for hashes in fingerprints(joined(many)):
        assert len(np.unique(hashes)) == len(many)
        # Every bit is set about half the time: no bit is wasted.
        shares = [np.mean((hashes >> np.uint64(bit)) & np.uint64(1)) for bit in range(64)]
        assert 0.45 < min(shares) < max(shares) < 0.55


def test_a_fingerprint_is_of_the_id_alone_not_of_its_neighbours():
    alone = fingerprints(joined([b"abc"]))
    among = fingerprints(joined([b"x" * 50, b"abc", b"", b"yy"]))
    assert [h[0] for h in alone] == [h[1] for h in among]


def test_codes_number_ids_by_first_appearance():
    codes = IdCodes()
    np.testing.assert_array_equal(codes.of(joined([b"x", b"y", b"x"])), [0, 1, 0])
    np.testing.assert_array_equal(codes.of(joined([b"z", b"y"])), [2, 1])
    assert codes.ids("list") == ["x", "y", "z"]


@pytest.mark.parametrize("id", ["a\u00a0b", "x" * 201, "a b", "a\u200db"])
def test_an_id_with_blanks_controls_or_too_long_is_refused(id):
    codes = IdCodes()
    codes.of(joined([b"good", id.encode()]))
    with pytest.raises(InputError, match="bad_id"):
        codes.ids("list")


def test_ids_beyond_ascii_are_welcome():
    codes = IdCodes()
    codes.of(joined(["zoë/1".encode()]))
    assert codes.ids("list") == ["zoë/1"]
