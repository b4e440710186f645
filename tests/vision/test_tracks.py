import numpy as np
import pytest

from avkd_cli.errors import Rejected
from avkd_cli.vision.tracks import read_track

HEADER = (
    "Identity  : \tid00012\nReference : \t21Uxsk56VDQ\nOffset    : \t-2\nFV Conf   : \t18.5\n\n"
)


def track(tmp_path, text):
    path = tmp_path / "00001.txt"
    path.write_text(text)
    return read_track(path)


def test_pixels_of_voxceleb1(tmp_path):
    text = HEADER + "FRAME \tX \tY \tW \tH \n000050 \t10 \t20 \t30 \t40 \n000025 \t1 \t2 \t3 \t4 \n"
    found = track(tmp_path, text)
    assert found.times.tolist() == [1, 2]
    assert found.at(2.1, 100, 200).tolist() == [10, 20, 40, 60]
    assert found.at(1.2, 100, 200).tolist() == [1, 2, 4, 6]


def test_fractions_of_voxceleb2(tmp_path):
    found = track(tmp_path, HEADER + "FRAME X Y W H\n000000 0.25 0.5 0.5 0.25\n")
    assert found.at(0, 100, 200).tolist() == [50, 50, 150, 75]


def test_a_frame_far_from_the_track_has_no_box(tmp_path):
    found = track(tmp_path, "FRAME X Y W H\n0 1 1 9 9\n1 1 1 9 9\n")
    assert found.at(0.54, 10, 10) is not None
    assert found.at(0.55, 10, 10) is None


def test_byte_order_mark_carriage_returns_and_blank_ends(tmp_path):
    path = tmp_path / "00001.txt"
    path.write_bytes(b"\xef\xbb\xbfFRAME X Y W H\r\n0 1 2 3 4 \r\n\r\n")
    assert np.array_equal(read_track(path).boxes, [[1, 2, 3, 4]])


@pytest.mark.parametrize(
    "rows", ["", "0 1 2 3", "0 1 2 3 nan", "0 1 2 -3 4", "0 1 2 3 0", "a b c d e", "0 1 2 3 4 5"]
)
def test_a_row_that_is_no_box_is_a_reject(rows, tmp_path):
    with pytest.raises(Rejected) as caught:
        track(tmp_path, HEADER + "FRAME X Y W H\n" + rows)
    assert caught.value.code == "bad_box"


def test_a_file_without_a_track_is_a_reject(tmp_path):
    with pytest.raises(Rejected, match="no row"):
        track(tmp_path, HEADER)
