"""One tiny stand-in corpus, made once."""

from pathlib import Path

import pytest

from avkd_cli.standin.corpus import make_standin
from avkd_cli.standin.plan import StandinPlan

TINY = StandinPlan(persons=4, sessions=2, utterances=2, seconds=(0.5, 0.6), picture=64)


@pytest.fixture(scope="session")
def tiny_plan() -> StandinPlan:
    return TINY


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A stand-in corpus of 16 utterances, made once."""
    out = tmp_path_factory.mktemp("standin") / "corpus"
    make_standin(out, TINY, workers=0)
    return out
