import pytest
import torch

from avkd_cli.training.frontend import AudioFrontEnd, FaceFrontEnd, erased, mask, shifted


def test_sound_has_zero_mean_over_time_in_every_band():
    frames = torch.randn(3, 50, 8, dtype=torch.float16) + 5
    found = AudioFrontEnd(n_mels=8)(frames)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.mean(dim=1), torch.zeros(3, 8), atol=1e-5, rtol=0)


def test_a_level_makes_no_difference():
    frames = torch.randn(2, 50, 8)
    front_end = AudioFrontEnd(n_mels=8)
    torch.testing.assert_close(front_end(frames), front_end(frames + 3), atol=1e-5, rtol=0)


@pytest.mark.parametrize("axis", [1, 2])
def test_a_mask_is_one_stretch_no_wider_than_told_and_differs_in_the_batch(axis):
    torch.manual_seed(0)
    masked = mask(torch.ones(200, 30, 20), axis, 6)
    lines = masked.transpose(1, 2)[:, 0] if axis == 1 else masked[:, 0]
    widths = (lines == 0).sum(dim=1)
    assert widths.min() == 0 and widths.max() == 6
    edges = (lines.diff(dim=1) != 0).sum(dim=1)
    assert edges.max() <= 2
    assert len({tuple(line.tolist()) for line in lines}) > 50


def test_masks_are_for_training_only():
    front_end = AudioFrontEnd(n_mels=8, time_mask=20, freq_mask=4).eval()
    frames = torch.randn(4, 50, 8)
    assert torch.equal(front_end(frames), front_end(frames))
    assert torch.equal(front_end(frames), AudioFrontEnd(n_mels=8)(frames))


def test_bytes_become_numbers_between_minus_and_plus_one_half():
    faces = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(3, 1, 1, 1)
    found = FaceFrontEnd()(faces.expand(3, 4, 5, 3))
    assert found.shape == (3, 3, 4, 5)
    torch.testing.assert_close(found[:, 0, 0, 0], torch.tensor([-0.5, -0.3, 0.5]))


def test_flip_mirrors_some_faces_and_never_turns_them_upside_down():
    torch.manual_seed(0)
    ramp = torch.arange(6).repeat(64, 4, 1).unsqueeze(-1).to(torch.uint8) * 40
    front_end = FaceFrontEnd(flip=True)
    plain = FaceFrontEnd()(ramp)
    found = front_end.train()(ramp)
    same = (found == plain).flatten(1).all(dim=1)
    mirrored = (found == plain.flip(3)).flatten(1).all(dim=1)
    assert (same ^ mirrored).all() and 10 < same.sum() < 54


def test_shift_moves_by_at_most_what_it_is_told():
    torch.manual_seed(0)
    pixels = torch.zeros(100, 1, 9, 9)
    pixels[:, 0, 4, 4] = 1
    places = shifted(pixels, 2).flatten(1).argmax(dim=1)
    rows, columns = places // 9, places % 9
    assert {2, 3, 4, 5, 6} == set(rows.tolist()) == set(columns.tolist())


def test_erasing_greys_a_patch_with_the_given_probability():
    torch.manual_seed(0)
    found = erased(torch.ones(400, 1, 20, 20), 0.5)
    share = (found == 0).float().mean(dim=(1, 2, 3))
    hit = share > 0
    assert 150 < hit.sum() < 250
    assert share[hit].min() > 0.005 and share.max() < 0.3


def test_augmented_faces_stay_in_range_and_evaluation_is_plain():
    faces = torch.randint(0, 256, (8, 12, 10, 3), dtype=torch.uint8)
    front_end = FaceFrontEnd(flip=True, jitter=0.5, shift=2, erase=0.5)
    assert front_end.train()(faces).abs().max() <= 0.5
    assert torch.equal(front_end.eval()(faces), FaceFrontEnd()(faces))


def test_waveforms_become_fbank_on_the_way():
    sound = (torch.randn(2, 16000) * 3000).to(torch.int16)
    assert AudioFrontEnd("waveform", n_mels=40)(sound).shape == (2, 98, 40)
