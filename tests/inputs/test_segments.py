import numpy as np
import pytest

from avkd_cli.inputs.segments import Drawn, Segments
from avkd_cli.training.sampler import Draws


class Sounds:
    """A store whose frame t of row r is (r, t)."""

    dtype, row_shape = np.dtype(np.float32), (2,)

    def __init__(self, *lengths):
        self.lengths = np.array(lengths)

    def crops(self, rows, starts, length):
        assert (np.asarray(starts) + length <= self.lengths[rows]).all()
        places = zip(rows, starts, strict=True)
        frames = [[(row, start + t) for t in range(length)] for row, start in places]
        return np.array(frames, np.float32).reshape(-1, length, 2)


def draws(*rows, first=0):
    return Draws(np.array(rows), np.arange(first, first + len(rows)))


def test_segments_of_one_batch_are_as_many_of_each_and_never_mixed():
    store = Sounds(57, 30, 4, 26)  # segments of 10: 6 (the last filled), 3, 1, 3
    source = Segments(store, np.arange(4), 10, (30, 39), seed=0)
    found = source(0, draws(0, 1, 2, 3))
    assert found["audio"].shape == (4, 30, 2)
    for row in range(4):
        pieces = found["audio"][row].reshape(3, 10, 2)
        assert (pieces[:, :, 0] == row).all()
        for piece, number in zip(pieces, found["segment"][row], strict=True):
            have = min(10, store.lengths[row] - 10 * number)
            assert piece[:, 1].tolist() == [10 * number + t % have for t in range(10)]
    assert found["segment"][2].tolist() == [0, 0, 0]  # it begins again
    assert sorted(found["segment"][1]) == [0, 1, 2]


def test_all_places_are_drawn_and_a_draw_has_its_place_in_any_company():
    drawn = Drawn(np.array([6]), 10, (30, 30), seed=1)
    firsts = [drawn(0, draws(0, first=n))[0, 0] for n in range(60)]
    assert set(firsts) == {0, 1, 2, 3}
    together = drawn(0, draws(*[0] * 60))
    assert together[:, 0].tolist() == firsts
    assert (np.diff(together, axis=1) == 1).all()


@pytest.mark.parametrize("crop", [(20, 50), (30, 30)])
def test_the_number_of_segments_is_one_that_fits_the_crop(crop):
    drawn = Drawn(np.array([9, 9]), 10, crop, seed=2)
    found = {drawn(k, draws(0, 1)).shape[1] for k in range(40)}
    assert found == set(range(crop[0] // 10, crop[1] // 10 + 1))
