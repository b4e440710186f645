import numpy as np
import pytest

from avkd_cli.vision.orientation import EXIF_ORIENTATIONS, Orientation, display_orientation

L = np.array([[1, 0], [1, 0], [1, 1]])[:, :, None]  # an L: no two of its eight positions are equal


def test_the_eight_orientations_are_all_different_and_undo_each_other():
    seen = {o.apply(L).tobytes() + bytes(o.apply(L).shape) for o in EXIF_ORIENTATIONS.values()}
    assert len(seen) == 8
    assert np.array_equal(EXIF_ORIENTATIONS[6].apply(EXIF_ORIENTATIONS[8].apply(L)), L)


def test_orientation_6_turns_a_quarter_clockwise():
    assert np.array_equal(EXIF_ORIENTATIONS[6].apply(L), np.rot90(L, -1))
    assert np.array_equal(EXIF_ORIENTATIONS[3].apply(L), np.rot90(L, 2))


@pytest.mark.parametrize(
    ("abcd", "expected"),
    [
        ((1, 0, 0, 1), Orientation()),
        ((-1, 0, 0, 1), Orientation(mirror_x=True)),
        ((-1, 0, 0, -1), Orientation(mirror_x=True, mirror_y=True)),
        # (p, q) is shown at (-q, p): the top edge comes to the right, a quarter clockwise.
        ((0, 1, -1, 0), Orientation(transpose=True, mirror_x=True)),
        ((0, 0, 0, 0), Orientation()),
    ],
)
def test_a_display_matrix_is_read_by_its_signs(abcd, expected):
    a, b, c, d = (65536 * value for value in abcd)
    matrix = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=np.int32).tobytes()
    assert display_orientation(matrix) == expected
