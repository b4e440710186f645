"""What every term of face-voice association must do, on the day it is listed."""

import pytest
import torch

from avkd_cli import config
from avkd_cli.losses.moment import Moment
from avkd_cli.losses.orthogonal import FORMS
from avkd_cli.losses.pairs import PAIR_TERMS, Orthogonal
from avkd_cli.recipes.pair import PARAMETERS

NOW = Moment(0, 10)


def step(batch=6, size=8, persons=3):
    torch.manual_seed(1)
    levels = {
        name: torch.randn(batch, size, requires_grad=True)
        for name in ("embedding", "visual", "audio")
    }
    return levels, {"label": torch.arange(batch) % persons}


@pytest.mark.parametrize("name", PAIR_TERMS)
class TestEveryTerm:
    def test_says_truly_whether_it_has_a_loss_for_each_sample(self, name):
        term = PAIR_TERMS[name](3, 8)
        assert term(*step(), NOW).shape == ((6,) if term.per_sample else ())

    def test_a_gradient_reaches_the_network(self, name):
        levels, batch = step()
        PAIR_TERMS[name](3, 8)(levels, batch, NOW).mean().backward()
        assert any(one.grad is not None and one.grad.any() for one in levels.values())

    def test_is_computed_in_float32_under_autocast(self, name):
        levels, batch = step()
        half = {key: one.detach().bfloat16() for key, one in levels.items()}
        exact = PAIR_TERMS[name](3, 8)({k: v.float() for k, v in half.items()}, batch, NOW)
        with torch.autocast("cpu", torch.bfloat16):
            rough = PAIR_TERMS[name](3, 8)(half, batch, NOW)
        assert rough.dtype == torch.float32
        assert torch.equal(rough, exact)

    def test_a_batch_of_one_is_finite(self, name):
        levels, batch = step(batch=1)
        found = PAIR_TERMS[name](3, 8)(levels, batch, NOW).mean()
        found.backward()
        assert torch.isfinite(found)
        assert all(
            torch.isfinite(one.grad).all() for one in levels.values() if one.grad is not None
        )

    def test_has_no_weight_that_an_optimizer_would_move(self, name):
        assert not list(PAIR_TERMS[name](3, 8).parameters())

    def test_its_settings_are_there(self, name):
        fields = config.PairConfig.__dataclass_fields__
        assert name in fields
        settings = config.PairConfig()
        given = {key: getattr(settings, field) for key, field in PARAMETERS[name].items()}
        PAIR_TERMS[name](3, 8, **given)

    def test_names_the_levels_there_are_where_one_is_missing(self, name):
        levels, batch = step()
        del levels["visual"], levels["embedding"]
        with pytest.raises(ValueError, match=r"no level '(embedding|visual)'; there are audio"):
            PAIR_TERMS[name](3, 8)(levels, batch, NOW)


def test_the_forms_on_the_command_line_are_those_there_are():
    choices = config.PairConfig.__dataclass_fields__["orthogonal_form"].metadata["choices"]
    assert choices == tuple(FORMS)
    with pytest.raises(ValueError, match="released, printed, opl"):
        Orthogonal(3, 8, form="fop")
