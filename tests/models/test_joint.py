import pytest
import torch

from avkd_cli.models import build
from avkd_cli.models.joint import Joint, OverTime


def narrow(pooling="weasp-safe", fusion="ssa"):
    torch.manual_seed(0)
    voice = build("audio", "ecapa-tdnn", n_mels=16, width=16, embedding_size=8, pooling=pooling)
    face = build("visual", "cnn", in_channels=1, height=32, width_px=32, embedding_size=6)
    sizes = {"visual_size": 6, "audio_size": 8, "embedding_size": 10}
    return Joint(voice, OverTime(face, pooling), build("fusion", fusion, **sizes))


def clip(batch=4, time=5, sound=20):
    torch.manual_seed(1)
    return torch.randn(batch, sound, 16), torch.rand(batch, time, 1, 32, 32) - 0.5


@pytest.mark.parametrize("fusion", ["ssa", "gate"])
def test_a_clip_has_both_senses_their_weights_and_their_fusion(fusion):
    levels = narrow(fusion=fusion)(*clip())
    shapes = {name: tuple(level.shape) for name, level in levels.items()}
    assert shapes == {
        "audio": (4, 8),
        "visual": (4, 6),
        "embedding": (4, 10),
        "audio.weights": (4, 20),
        "visual.weights": (4, 5),
    }


@pytest.mark.parametrize("fusion", ["ssa", "gate"])
def test_a_gradient_reaches_every_weight(fusion):
    model = narrow(fusion=fusion)
    levels = model(*clip())
    direction = torch.arange(10.0) - 4
    weights = levels["audio.weights"].sum() + levels["visual.weights"].sum()
    ((levels["embedding"] @ direction).pow(3).sum() + weights).backward()
    unreached = [name for name, p in model.named_parameters() if p.grad is None]
    assert unreached == []


def test_a_batch_of_one_is_a_row_of_a_batch():
    # In float64, since a weight that is a ratio to little multiplies what is rounded.
    model = narrow().double()
    sound, film = (one.double() for one in clip())
    model(sound, film)
    model.eval()
    with torch.no_grad():
        together = model(sound, film)
        alone = [model(sound[i : i + 1], film[i : i + 1]) for i in range(4)]
    for name, level in together.items():
        found = torch.cat([one[name] for one in alone])
        torch.testing.assert_close(found, level, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("fusion", ["ssa", "gate", "linear"])
@pytest.mark.parametrize("sense", ["audio", "visual"])
def test_one_sense_still_gives_an_embedding_in_the_same_space(fusion, sense):
    model = narrow(fusion=fusion).eval()
    sound, film = clip()
    levels = model(**{sense: sound if sense == "audio" else film})
    assert levels["embedding"].shape == (4, 10) and set(levels) >= {sense, f"{sense}.weights"}
    both = model(sound, film)
    torch.testing.assert_close(levels[sense], both[sense])


def test_a_still_is_held_and_takes_all_the_weight():
    model = narrow().eval()
    sound, film = clip(time=1)
    levels = model(sound, film)
    assert levels["visual.weights"].shape == (4, 1)
    assert torch.isfinite(levels["embedding"]).all()


def test_neither_sense_is_refused():
    with pytest.raises(ValueError, match="neither sound nor film"):
        narrow()()
