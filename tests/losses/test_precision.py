import torch

from avkd_cli.losses.precision import at_least_float32, without_autocast


def test_only_half_precision_is_raised():
    given = [torch.ones(1, dtype=t) for t in (torch.bfloat16, torch.float16, torch.float64)]
    kept = [t.dtype for t in at_least_float32(*given)]
    assert kept == [torch.float32, torch.float32, torch.float64]


def test_products_keep_their_precision_inside_and_only_there():
    values = torch.randn(3, 3)
    with torch.autocast("cpu", torch.bfloat16):
        with without_autocast(values):
            assert (values @ values).dtype == torch.float32
        assert (values @ values).dtype == torch.bfloat16
