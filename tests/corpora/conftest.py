"""Small trees of files for the tests of listings, and one tiny stand-in corpus."""

from collections.abc import Callable
from pathlib import Path

import pytest

from avkd_cli.corpora.standin import make_standin
from avkd_cli.corpora.standin_plan import StandinPlan

TINY = StandinPlan(persons=4, sessions=2, utterances=2, seconds=(0.5, 0.6), picture=64)


@pytest.fixture
def plant(tmp_path: Path) -> Callable[..., Path]:
    """Make a tree: names give files of one byte."""

    def make(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        return tmp_path

    return make


@pytest.fixture(scope="session")
def tiny_plan() -> StandinPlan:
    return TINY


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A stand-in corpus of 16 utterances, made once."""
    out = tmp_path_factory.mktemp("standin") / "corpus"
    make_standin(out, TINY, workers=0)
    return out
