import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.config import ExtractConfig
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.networks import Description, build
from avkd_cli.inputs.passing import Passage, equal_lengths
from avkd_cli.inputs.sound import Sound


def names(rows):
    return [f"u{row}" for row in rows]


class Sounds:
    long_name = "frames"

    def __init__(self, lengths):
        draw = np.random.default_rng(0)
        self.sounds = [draw.standard_normal((n, 8)).astype(np.float32) for n in lengths]
        self.lengths = np.array(lengths)
        self.row_of = {f"u{row}": row for row in range(len(lengths))}

    def read(self, rows):
        return [self.sounds[row] for row in rows]


class Pictures:
    def __init__(self, counts):
        draw = np.random.default_rng(0)
        self.faces = [draw.integers(0, 256, (n, 32, 32, 3), np.uint8) for n in counts]
        self.lengths = np.array(counts)
        self.row_of = {f"u{row}": row for row in range(len(counts))}

    def gather(self, rows, offsets):
        return np.stack([self.faces[r][o] for r, o in zip(rows, offsets, strict=True)])


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(1, 100))
def test_batches_hold_equal_lengths_each_row_once(lengths, most):
    lengths = np.array(lengths)
    batches = list(equal_lengths(lengths, most))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert len(set(lengths[batch])) == 1
        assert len(batch) == 1 or lengths[batch].sum() <= most


@pytest.mark.parametrize("batch_frames", [1, 10_000])
def test_an_embedding_does_not_depend_on_its_batch(batch_frames):
    torch.manual_seed(0)
    description = Description(
        "audio", "tdnn", {"n_mels": 8, "embedding_size": 6, "width": 16}, {"n_mels": 8}
    )
    network = build(description).eval()
    store = Sounds([40, 60, 40, 50, 40])
    rows = np.array([4, 1, 0, 3, 2])
    settings = ExtractConfig(batch_frames=batch_frames)
    found = Sound([store]).embed(Passage(network, settings), names(rows))
    alone = [
        network({"audio": torch.from_numpy(store.sounds[r])[None]})["embedding"][0] for r in rows
    ]
    np.testing.assert_allclose(found, torch.stack(alone).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("batch_faces", [1, 3, 100])
def test_the_embedding_of_an_utterance_is_the_mean_of_its_faces(batch_faces):
    torch.manual_seed(0)
    model = {"in_channels": 3, "height": 32, "width_px": 32, "embedding_size": 6}
    network = build(Description("visual", "cnn", model)).eval()
    store = Pictures([2, 1, 4])
    rows = np.array([2, 0, 1])
    settings = ExtractConfig(batch_faces=batch_faces)
    found = Face([store]).embed(Passage(network, settings), names(rows))
    each = [
        network({"faces": torch.from_numpy(store.faces[r])})["embedding"].mean(dim=0) for r in rows
    ]
    np.testing.assert_allclose(found, torch.stack(each).detach().numpy(), atol=1e-5)
