"""What many tests share: where the real data lie, and the schemas."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import jsonschema
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


@pytest.fixture(scope="session")
def schema() -> Callable[[str], jsonschema.Draft202012Validator]:
    """From the name of one of ours to what validates by it."""
    folder = Path(__file__).parents[1] / "schemas"

    def named(name: str) -> jsonschema.Draft202012Validator:
        text = (folder / f"{name}.schema.json").read_text("utf-8")
        return jsonschema.Draft202012Validator(json.loads(text))

    return named
