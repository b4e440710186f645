"""What many tests share: where the real data lie."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("avkd", deadline=None)  # a busy machine is no fault
settings.load_profile("avkd")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings, or skip: `AVKD_SHARED`, else ../shared beside the project."""
    root = Path(__file__).parents[1]
    shared = Path(os.environ.get("AVKD_SHARED", root.parent / "shared"))
    if not (shared / "data").is_dir():
        pytest.skip("no shared data: set AVKD_SHARED to the folder that holds data/")
    return shared / "data"
