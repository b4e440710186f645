"""What many tests share: where the real data lie, and the schemas."""

import errno
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


@pytest.fixture
def make_file(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes under a name."""

    def make(data: bytes, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return make


class FailingDisk:
    """The system's reads, of which number `fails` (from 0) and all later ones fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: int) -> None:
        self.calls, self.fails = 0, fails
        for name in ("pread", "preadv"):
            monkeypatch.setattr(os, name, self.wrap(getattr(os, name)))

    def wrap(self, real):
        def read(*arguments):
            self.calls += 1
            if self.calls > self.fails:
                raise OSError(errno.EIO, "Input/output error")
            return real(*arguments)

        return read


@pytest.fixture
def failing_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """Do something while the first, the second … read fails: the disk's error must come out.

    Returns how many reads it takes.
    """

    def fail(do: Callable[[], object]) -> int:
        for fails in range(200):
            with monkeypatch.context() as patched:
                disk = FailingDisk(patched, fails)
                try:
                    do()
                except OSError as error:
                    assert error.errno == errno.EIO
                else:
                    assert disk.calls == fails  # it read no more than worked
                    return fails
        raise AssertionError("it never ends")

    return fail
