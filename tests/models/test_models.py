"""What every model of the dicts must do, on the day it is listed; at narrow widths, for speed."""

import pytest
import torch

from avkd_cli.models import AUDIO, FUSION, MODELS, VISUAL, build, settings_of

NARROW = {"audio": {"n_mels": 24, "width": 16, "embedding_size": 12}}
NARROW["visual"] = {"height": 48, "width_px": 40, "width": 16, "embedding_size": 12}
NARROW["sequence"] = {"size": 12, "embedding_size": 12, "length": 10}
NARROW["fusion"] = {"visual_size": 12, "audio_size": 12, "embedding_size": 12}
NARROW["pair"] = NARROW["fusion"] | {"dropout": 0.0}
EVERY = [(kind, name) for kind, models in MODELS.items() for name in models]


def inputs(kind, batch):
    torch.manual_seed(1)
    if kind == "audio":
        return (torch.randn(batch, 50, 24),)
    if kind == "visual":
        return (torch.rand(batch, 3, 48, 40) - 0.5,)
    if kind == "sequence":
        return (torch.randn(batch, 50, 12),)
    return torch.randn(batch, 12), torch.randn(batch, 12)


def narrow(kind, name, **settings):
    torch.manual_seed(0)
    return build(kind, name, **NARROW[kind], **settings)


def embed(model, *batch):
    return model(*batch)["embedding"]


@pytest.mark.parametrize(("kind", "name"), EVERY)
class TestEveryModel:
    def test_gives_one_embedding_a_row(self, kind, name):
        model = narrow(kind, name)
        embedding = embed(model, *inputs(kind, 5))
        assert embedding.shape == (5, 12)
        assert embedding.dtype == torch.float32
        assert model.embedding_size == 12

    def test_a_gradient_reaches_every_weight(self, kind, name):
        model = narrow(kind, name)
        batch = [part.requires_grad_() for part in inputs(kind, 6)]
        # Squares alone would be constant after a batch normalisation.
        direction = torch.arange(12.0) - 5
        (embed(model, *batch) @ direction).pow(3).sum().backward()
        assert all(part.grad.abs().sum() > 0 for part in batch)
        unreached = [
            key
            for key, weight in model.named_parameters()
            if weight.requires_grad and (weight.grad is None or not weight.grad.abs().sum() > 0)
        ]
        assert unreached == []

    def test_a_batch_of_one_equals_a_row_of_a_batch(self, kind, name):
        model = narrow(kind, name)
        model(*inputs(kind, 6))  # moves the running statistics away from 0 and 1
        model.eval()
        with torch.no_grad():
            batch = inputs(kind, 4)
            together = embed(model, *batch)
            alone = torch.cat(
                [embed(model, *(part[i : i + 1] for part in batch)) for i in range(4)]
            )
        torch.testing.assert_close(alone, together, rtol=1e-5, atol=1e-6)

    def test_the_same_seed_gives_the_same_model(self, kind, name):
        first, second = narrow(kind, name).state_dict(), narrow(kind, name).state_dict()
        assert list(first) == list(second)
        assert all(torch.equal(first[key], second[key]) for key in first)

    def test_bfloat16_stays_near_float32(self, kind, name):
        model = narrow(kind, name)
        model(*inputs(kind, 6))
        model.eval()
        with torch.no_grad():
            exact = embed(model, *inputs(kind, 4))
            with torch.autocast("cpu", torch.bfloat16):
                rough = embed(model, *inputs(kind, 4)).float()
        assert torch.nn.functional.cosine_similarity(exact, rough).min() > 0.99

    def test_another_shape_is_refused(self, kind, name):
        model = narrow(kind, name).eval()
        wrong = [part[..., :-1] for part in inputs(kind, 2)]
        with pytest.raises(ValueError, match="takes"):
            model(*wrong)


@pytest.mark.parametrize("name", AUDIO)
@pytest.mark.parametrize("frames", [17, 200, 203])
def test_audio_encoders_take_any_length(name, frames):
    model = narrow("audio", name).eval()
    assert torch.isfinite(embed(model, torch.randn(2, frames, 24))).all()


@pytest.mark.parametrize("name", AUDIO)
def test_a_single_frame_has_a_finite_embedding_and_gradient(name):
    model = narrow("audio", name).eval()
    embed(model, torch.randn(2, 1, 24)).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


@pytest.mark.parametrize("name", VISUAL)
def test_visual_encoders_take_grey_crops(name):
    model = narrow("visual", name, in_channels=1).eval()
    assert embed(model, torch.rand(2, 1, 48, 40) - 0.5).shape == (2, 12)


@pytest.mark.parametrize("name", [name for name in FUSION if name != "average"])
def test_fusions_take_senses_of_different_size(name):
    model = build("fusion", name, visual_size=7, audio_size=5, embedding_size=9)
    assert embed(model, torch.randn(3, 7), torch.randn(3, 5)).shape == (3, 9)


@pytest.mark.parametrize(
    ("kind", "name", "settings", "weights"),
    [
        ("audio", "resnet34", {}, 6_634_592),
        ("audio", "resnet34", {"embedding_size": 256}, 5_978_976),
        ("audio", "resnet34", {"embedding_size": 256, "embedding_layers": 2}, 6_044_768),
        ("audio", "resnet34", {"n_mels": 80, "embedding_size": 256}, 6_634_336),
        (
            "audio",
            "resnet34",
            {"n_mels": 80, "embedding_size": 256, "embedding_layers": 2},
            6_700_128,
        ),
        ("audio", "resnet34", {"n_mels": 80}, 7_945_312),
        ("audio", "ecapa-tdnn", {}, 6_190_720),
        ("audio", "ecapa-tdnn", {"width": 1024}, 14_657_088),
        ("audio", "ecapa-tdnn", {"global_context": False}, 5_797_504),
        ("audio", "ecapa-tdnn", {"width": 1024, "global_context": False}, 14_263_872),
        ("audio", "ecapa-tdnn", {"width": 1024, "embedding_size": 512}, 15_640_448),
        ("audio", "vgg", {}, 772_800),
        ("audio", "thin-resnet", {}, 4_215_552),
        ("audio", "thin-se-resnet", {}, 4_349_940),
        # The 8 rows of the last map: 7 * 512 * 512 more in the first layer.
        ("audio", "thin-resnet", {"freq_flatten": True}, 4_215_552 + 7 * 512 * 512),
        # Thirteen convolutions 14,710,464, their norms 8,448, two layers 2 * 262,656.
        ("visual", "vgg16", {}, 15_244_224),
        ("visual", "resnet34", {}, 21_547_328),
        ("visual", "se-resnet34", {}, 21_708_524),
        ("visual", "se-resnet50", {}, 27_088_112),
        ("visual", "iresnet18", {}, 24_025_600),
        ("visual", "iresnet18", {"in_channels": 1}, 24_024_448),
        ("visual", "iresnet18", {"in_channels": 1, "height": 128, "width_px": 128}, 27_956_608),
        ("fusion", "gate", {}, 538_136),
        ("fusion", "gate", {"hidden": 32}, 575_072),
        ("fusion", "gate", {"hidden": 64}, 624_320),
        ("fusion", "gate", {"hidden": 128}, 722_816),
        ("fusion", "ssa", {}, 527_362),
        ("fusion", "cbp", {}, 525_312),
        ("fusion", "average", {}, 0),
    ],
)
def test_the_printed_sizes(kind, name, settings, weights):
    with torch.device("meta"):  # counts without drawing weights
        model = build(kind, name, **settings)
    assert sum(p.numel() for p in model.parameters()) == weights


def test_the_scale_of_the_iresnet_embedding_is_frozen():
    with torch.device("meta"):
        model = build("visual", "iresnet18")
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 24_025_088


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("smell", "cnn"), {}, "no kind of model is called 'smell'; there are: audio, visual"),
        (("audio", "resnet43"), {}, "no audio model is called 'resnet43'; did you mean 'resnet34'"),
        (("visual", "cnn"), {"widht": 3}, "no setting of the visual model 'cnn' is called 'widht'"),
        (("fusion", "ssa"), {"hidden": 8}, "is called 'hidden'; there are: visual_size"),
        (("visual", "cnn"), {"width": 8}, "width must be at least 16, not 8"),
        (("audio", "ecapa-tdnn"), {"width": 20}, "width must be a multiple of 8, not 20"),
        (("audio", "tdnn"), {"pooling": "max"}, "no pooling 'max'; there are statistics"),
        (("audio", "resnet34"), {"embedding_layers": 3}, "embedding_layers is 1 or 2, not 3"),
        (("fusion", "average"), {"audio_size": 192}, "an average needs one size"),
    ],
)
def test_wrong_names_and_settings_are_refused(arguments, settings, message):
    with pytest.raises(ValueError, match=message):
        build(*arguments, **settings)


def test_settings_are_named_with_their_defaults():
    assert settings_of("fusion", "gate") == {
        "visual_size": 512,
        "audio_size": 512,
        "embedding_size": 512,
        "hidden": 8,
        "tanh": True,
    }
