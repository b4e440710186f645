import torch

from avkd_cli.inputs.frontends import AudioFrontEnd, FaceFrontEnd, FusionFrontEnd


def test_sound_has_zero_mean_over_time_in_every_band():
    frames = torch.randn(3, 50, 8, dtype=torch.float16) + 5
    found = AudioFrontEnd(n_mels=8)(frames)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.mean(dim=1), torch.zeros(3, 8), atol=1e-5, rtol=0)


def test_a_level_makes_no_difference():
    frames = torch.randn(2, 50, 8)
    front_end = AudioFrontEnd(n_mels=8)
    torch.testing.assert_close(front_end(frames), front_end(frames + 3), atol=1e-5, rtol=0)


def test_training_hides_stretches_and_seeding_repeats_them():
    front_end = AudioFrontEnd(n_mels=8, time_mask=20, freq_mask=4).train()
    frames = torch.randn(64, 50, 8)
    torch.manual_seed(0)
    found = front_end(frames)
    assert (found == 0).any() and not (found == 0).all()
    torch.manual_seed(0)
    assert torch.equal(found, front_end(frames))


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


def test_augmented_faces_stay_in_range_and_evaluation_is_plain():
    faces = torch.randint(0, 256, (8, 12, 10, 3), dtype=torch.uint8)
    front_end = FaceFrontEnd(flip=True, jitter=0.5, shift=2, erase=0.5)
    assert front_end.train()(faces).abs().max() <= 0.5
    assert torch.equal(front_end.eval()(faces), FaceFrontEnd()(faces))


def test_waveforms_become_fbank_on_the_way():
    sound = (torch.randn(2, 16000) * 3000).to(torch.int16)
    assert AudioFrontEnd("waveform", n_mels=40)(sound).shape == (2, 98, 40)


def test_means_are_taken_off_each_sense_or_nothing_at_all():
    visual, audio = torch.ones(2, 3), torch.full((2, 4), 5.0)
    assert FusionFrontEnd()(visual, audio) == (visual, audio)
    assert not FusionFrontEnd().state_dict()
    front_end = FusionFrontEnd(3, 4)
    front_end.set_means(torch.tensor([1.0, 2.0, 3.0]), torch.full((4,), 5.0))
    face, voice = front_end(visual, audio)
    assert face.tolist() == [[0, -1, -2]] * 2 and not voice.any()


def test_corruption_spoils_one_sense_of_a_pair_and_none_in_evaluation():
    torch.manual_seed(0)
    clean = torch.randn(64, 4), torch.randn(64, 5)
    front_end = FusionFrontEnd(corrupt=1.0).train()
    spoilt = front_end(*clean)
    changed = [(one != other).any(dim=1) for one, other in zip(spoilt, clean, strict=True)]
    assert (changed[0] ^ changed[1]).all()
    kept = front_end.eval()(*clean)
    assert all(torch.equal(one, other) for one, other in zip(kept, clean, strict=True))
