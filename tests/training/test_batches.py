import threading

import numpy as np
import pytest

from avkd_cli.inputs.crops import AudioCrops
from avkd_cli.inputs.embeddings import OtherOfPerson
from avkd_cli.inputs.face import Faces
from avkd_cli.training.batches import Batches, Labels, read_ahead
from avkd_cli.training.sampler import Draws, ShuffleSampler


class Sounds:
    """Utterance u of a length of its own, whose frame t holds (u, t)."""

    long_name = "frames"

    def __init__(self, lengths):
        self.lengths = np.array(lengths)

    def read(self, rows):
        return [
            np.stack([np.full(n, row), np.arange(n)], axis=1).astype(np.float32)
            for row, n in zip(rows, self.lengths[rows], strict=True)
        ]

    def crops(self, rows, starts, length):
        assert (starts >= 0).all() and (starts + length <= self.lengths[rows]).all()
        whole = self.read(rows)
        return np.stack([u[s : s + length] for u, s in zip(whole, starts, strict=True)])

    def gather(self, rows, offsets):
        return self.crops(rows, offsets, 1)[:, 0]


def draws(rows, first=0):
    return Draws(np.array(rows), np.arange(first, first + len(rows)))


def test_crops_have_one_length_a_batch_within_the_bounds():
    source = AudioCrops(Sounds([50] * 4), np.arange(4), 10, 20, seed=0)
    lengths = [source(k, draws([0, 1, 2, 3]))["audio"].shape[1] for k in range(60)]
    assert min(lengths) == 10 and max(lengths) == 20


def test_crops_are_stretches_of_the_right_utterance():
    source = AudioCrops(Sounds([50, 30, 40]), np.array([2, 0, 1]), 10, 20, seed=0)
    audio = source(3, draws([0, 1, 2]))["audio"]
    assert audio[:, 0, 0].tolist() == [2, 0, 1]
    assert (np.diff(audio[:, :, 1], axis=1) == 1).all()


def test_short_recordings_are_repeated_and_long_ones_are_not():
    source = AudioCrops(Sounds([4, 50]), np.arange(2), 10, 10, seed=0)
    short, long = source(0, draws([0, 1]))["audio"]
    assert short[:, 1].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert (np.diff(long[:, 1]) == 1).all() and (long[:, 0] == 1).all()


def test_all_places_of_a_recording_are_drawn():
    source = AudioCrops(Sounds([12]), np.arange(1), 10, 10, seed=0)
    starts = {source(0, draws([0], n))["audio"][0, 0, 1] for n in range(50)}
    assert starts == {0, 1, 2}


def test_a_crop_depends_on_the_draw_not_on_its_neighbours():
    source = AudioCrops(Sounds([50] * 8), np.arange(8), 10, 20, seed=0)
    together = source(5, draws(range(8)))["audio"]
    alone = source(5, draws([3], first=3))["audio"]
    np.testing.assert_array_equal(together[3], alone[0])


def test_faces_are_drawn_from_all_of_an_utterance():
    source = Faces(Sounds([3, 5]), np.arange(2), seed=0)
    seen = [source(k, draws([0, 1], 2 * k))["faces"] for k in range(40)]
    assert {face[0, 1] for face in seen} == {0, 1, 2}
    assert {face[1, 1] for face in seen} == {0, 1, 2, 3, 4}


def test_pairs_are_of_one_person_and_not_of_one_clip():
    labels = np.array([0, 1, 0, 1, 0])
    embedding = np.arange(5, dtype=np.float32)[:, None]
    source = OtherOfPerson("visual", embedding, np.arange(5), labels, seed=0)
    partners = np.stack(
        [source(k, draws(range(5), 5 * k))["visual"][:, 0].astype(int) for k in range(50)]
    )
    assert (labels[partners] == labels).all()
    assert {0, 2, 4} == set(partners[:, 0])


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_reading_ahead_gives_the_same_batches_in_order(threads):
    batches = Batches(ShuffleSampler(10, 4, 0), [Labels(np.arange(10))])
    with read_ahead(batches, 2, 9, threads) as take:
        found = [take()["label"].tolist() for _ in range(2, 9)]
    assert found == [batches(k)["label"].tolist() for k in range(2, 9)]


def test_an_error_in_a_thread_reaches_the_loop():
    def broken(k):
        raise OSError("disk")

    with read_ahead(broken, 0, 3, 2) as take, pytest.raises(OSError, match="disk"):
        take()


def test_leaving_early_leaves_no_thread_behind():
    with read_ahead(lambda k: {}, 0, 1000, 2) as take:
        take()
    for thread in threading.enumerate():
        if thread.name.startswith("avkd-batches"):
            thread.join(timeout=5)
            assert not thread.is_alive()
