"""Kaldi's archives, written here byte by byte as its documentation describes them."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.storage.arks import read_ark, read_scp

A, B = np.array([1.5, -2.0, 0.25], np.float32), np.array([4.0, 5.0, 6.0], np.float32)


def entry(id: str, vector: np.ndarray, kind: bytes = b"FV ") -> bytes:
    data = vector.astype("<f8" if kind[:1] == b"D" else "<f4").tobytes()
    sizes = (1, len(vector)) if kind[1:2] == b"M" else (len(vector),)
    return (
        id.encode() + b" \0B" + kind + b"".join(b"\4" + struct.pack("<i", n) for n in sizes) + data
    )


@pytest.fixture
def write(tmp_path):
    def make(data: bytes, name: str = "x.ark"):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return make


@pytest.mark.parametrize("kind", [b"FV ", b"DV ", b"FM ", b"DM "])
def test_vectors_of_either_width_are_read(write, kind):
    arrays = read_ark(write(entry("id1/a", A, kind) + entry("Jürgen", B, kind)))
    assert arrays["id"].tolist() == ["id1/a", "Jürgen"]
    np.testing.assert_array_equal(arrays["embedding"], [A, B])


def test_text_is_read_beside_bytes(write):
    arrays = read_ark(write(b"a  [ 1.5 -2 0.25 ]\n" + entry("b", B) + b"c [ 4e0 5 6 ]\n"))
    assert arrays["id"].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(arrays["embedding"], [A, B, B])


def test_an_scp_names_places_relative_to_itself_or_to_where_one_stands(
    write, tmp_path, monkeypatch
):
    (tmp_path / "my vectors").mkdir()
    write(entry("b", B) + entry("a", A), "my vectors/x.ark")
    at = len(entry("b", B)) + 2
    lines = f"a my vectors/x.ark:{at}\nb\t{tmp_path}/my vectors/x.ark:2\n"
    for folder in (tmp_path, tmp_path.parent):
        monkeypatch.chdir(folder)
        arrays = read_scp(write(lines.encode(), "x.scp"))
        assert arrays["id"].tolist() == ["a", "b"]
        np.testing.assert_array_equal(arrays["embedding"], [A, B])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a copy-vector ark:- |", "a command is never run"),
        ("a x.ark:2[0:1]", "a range of rows"),
        ("a", "is no 'id path:offset'"),
        ("a x.ark:900000", "is followed by ''"),
    ],
)
def test_lines_that_are_no_place_are_refused_and_never_run(write, tmp_path, line, said):
    write(entry("a", A))
    with pytest.raises(InputError, match=said):
        read_scp(write((line + "\n").encode(), "x.scp"))


def test_absent_files(tmp_path, write):
    with pytest.raises(MissingInputError, match="no such file"):
        read_ark(tmp_path / "none.ark")
    with pytest.raises(MissingInputError, match=r"x.scp:1: .*none.ark: no such file"):
        read_scp(write(b"a none.ark:2\n", "x.scp"))
    with pytest.raises(MissingInputError, match="is no file"):
        read_ark(tmp_path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"a \0BFM \4\2\0\0\0\4\3\0\0\0" + bytes(24), r"a matrix of 2 x 3; one vector"),
        (b"a \0BCM " + bytes(40), "'a' is 'CM', no plain vector"),
        (b"a \0BFV \4\xff\xff\xff\xff" + bytes(9), "has -1 values"),
        (b"a \0BFV \4\0\0\0\x40" + bytes(12), "is cut off within 'a'"),
        (b"a \0BFV \4\3", "is cut off or damaged at 'a'"),
        (b"a", "is cut off behind the id 'a'"),
        (b"a [ 1 2", r"is followed by '\[ 1 2'"),
        (b"a [ 1 x ]\n", "'a' has a value that is no number"),
        (b"PK\3\4\0\0\0\0", "is no archive of Kaldi"),
        (entry("a", A) + entry("b", B[:2]), "'b' has 2 values, 'a' has 3"),
    ],
)
def test_what_is_no_archive_of_vectors_is_refused(write, data, said):
    with pytest.raises(InputError, match=said):
        read_ark(write(data))


@given(st.integers(1, 60))
def test_a_cut_is_never_a_short_success(tmp_path_factory, cut):
    data = entry("a", A) + entry("b", B)
    path = tmp_path_factory.mktemp("ark") / "x.ark"
    whole = len(entry("a", A))
    path.write_bytes(data[: -min(cut, len(data) - 1)])
    if path.stat().st_size == whole:  # an archive says nowhere how many there are
        assert read_ark(path)["id"].tolist() == ["a"]
        return
    with pytest.raises(InputError):
        read_ark(path)
