import pytest
import torch

from avkd_cli.models.encoder import Encoder, at_least_float32


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((2, 9, 40), True), ((2, 1, 40), True), ((2, 9, 80), False), ((9, 40), False)],
)
def test_an_encoder_names_the_shape_it_takes(shape, fits):
    encoder = Encoder((None, 40), embedding_size=8)
    if fits:
        encoder.check(torch.zeros(shape))
    else:
        with pytest.raises(ValueError, match=r"Encoder takes \(batch, any, 40\), got"):
            encoder.check(torch.zeros(shape))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_only_half_precision_is_raised(given, kept):
    assert at_least_float32(torch.ones(2, dtype=given)).dtype == kept
