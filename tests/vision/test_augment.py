import pytest
import torch

from avkd_cli.vision.augment import erase, flip, jitter, shift, to_unit


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def faces():
    return torch.rand(64, 3, 12, 10, generator=generator(9)) - 0.5


CHANGES = {
    "flip": flip,
    "jitter": lambda faces, g: jitter(faces, 0.4, g),
    "shift": lambda faces, g: shift(faces, 3, g),
    "erase": lambda faces, g: erase(faces, 0.5, g),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_generator_gives_the_same_faces_and_leaves_the_input(name, faces):
    before = faces.clone()
    one, two = CHANGES[name](faces, generator(3)), CHANGES[name](faces, generator(3))
    other = CHANGES[name](faces, generator(4))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert torch.equal(faces, before)
    assert one.shape == faces.shape
    assert one.dtype == faces.dtype
    assert one.abs().max() <= 0.5


def test_to_unit_maps_black_and_white_to_minus_and_plus_a_half():
    crops = torch.zeros(1, 2, 3, 1, dtype=torch.uint8)
    crops[0, 1, 2, 0] = 255
    unit = to_unit(crops)
    assert unit.shape == (1, 1, 2, 3)
    assert unit.is_contiguous()
    assert unit[0, 0, 1, 2] == 0.5
    assert unit[0, 0, 0, 0] == -0.5


def test_about_half_are_mirrored_and_the_others_untouched(faces):
    flipped = flip(faces, generator())
    same = (flipped == faces).flatten(1).all(dim=1)
    mirrored = (flipped == faces.flip(-1)).flatten(1).all(dim=1)
    assert (same | mirrored).all()
    assert 15 < same.sum() < 49


def test_jitter_of_strength_0_changes_nothing(faces):
    assert torch.allclose(jitter(faces, 0.0, generator()), faces, atol=1e-6)


def test_jitter_moves_mean_and_spread_within_bounds():
    faces = 0.1 * (torch.rand(500, 1, 8, 8, generator=generator(1)) - 0.5)  # far from clipping
    out = jitter(faces, 0.4, generator())
    moved = out.mean(dim=(1, 2, 3)) - faces.mean(dim=(1, 2, 3))
    ratio = out.std(dim=(1, 2, 3)) / faces.std(dim=(1, 2, 3))
    assert moved.abs().max() <= 0.2 + 1e-6
    assert moved.min() < -0.15
    assert moved.max() > 0.15
    assert 0.6 - 1e-3 <= ratio.min() < 0.7
    assert 1.3 < ratio.max() <= 1.4 + 1e-3


def test_shift_moves_whole_pixels_and_repeats_the_edge():
    faces = torch.arange(7.0).expand(200, 1, 5, 7).contiguous() / 100
    out = shift(faces, 2, generator())
    allowed = {tuple((torch.arange(7) + move).clamp(0, 6).tolist()) for move in range(-2, 3)}
    rows = {tuple((row * 100).round().int().tolist()) for row in out[:, 0, 0]}
    assert rows == allowed
    assert torch.equal(shift(faces, 0, generator()), faces)


def test_erase_makes_one_grey_rectangle_in_about_so_many():
    faces = torch.full((400, 2, 20, 30), 0.3)
    out = erase(faces, 0.25, generator())
    holes = out[:, 0] == 0
    hit = holes.flatten(1).any(dim=1)
    assert 60 < hit.sum() < 140
    for hole in holes[hit]:
        rows, columns = hole.any(dim=1), hole.any(dim=0)
        assert hole.sum() == rows.sum() * columns.sum()  # a rectangle
        assert rows.sum() <= 9
        assert columns.sum() <= 13
    assert torch.equal(out[:, 0], out[:, 1])
    # No rectangle lies beyond the edge: asked of all, all lose some.
    assert (erase(faces, 1.0, generator()) == 0).flatten(1).any(dim=1).all()
    assert torch.equal(erase(faces, 0.0, generator()), faces)
