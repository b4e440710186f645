"""The lock has all that pyproject.toml asks for, on every Python it allows, and says no host."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PYTHONS = ["3.11.0", "3.12.0", "3.13.0"]
PIN = re.compile(
    r"^([a-z0-9.-]+==\S+(?: ; .*?)?) \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE
)


def linux(python: str) -> dict[str, str]:
    """Return what markers ask of a machine: Linux on x86-64 with this Python."""
    return default_environment() | {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }


def pins(python: str) -> list[tuple[str, str]]:
    """Return name and version of each package that one Python gets."""
    found = (Requirement(line) for line, _ in PIN.findall(LOCK))
    chosen = [r for r in found if r.marker is None or r.marker.evaluate(linux(python))]
    return [(canonicalize_name(r.name), str(r.specifier).removeprefix("==")) for r in chosen]


def test_every_line_is_a_pin_with_sha256_or_a_comment():
    rest = PIN.sub("", LOCK)
    assert [line for line in rest.splitlines() if not line.lstrip().startswith("#")] == []
    hashes = [text.split() for _, text in PIN.findall(LOCK)]
    assert len(hashes) > 100
    wanted = re.compile(r"--hash=sha256:[0-9a-f]{64}|\\")
    assert all(wanted.fullmatch(word) for words in hashes for word in words)


def test_no_host_is_named():
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@", LOCK)


@pytest.mark.parametrize("python", PYTHONS)
def test_each_python_gets_one_version_of_all_that_is_asked_for(python):
    assert SpecifierSet(PROJECT["requires-python"]).contains(python)
    found = pins(python)
    versions = dict(found)
    assert len(versions) == len(found)
    extras = PROJECT["optional-dependencies"].values()
    for text in [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]:
        asked = Requirement(text)
        version = versions.get(canonicalize_name(asked.name))
        assert version and asked.specifier.contains(version), f"{text}: {version}; make lock"


def test_torch_is_the_one_of_the_record():
    text = (ROOT / "requirements-torch.txt").read_text("utf-8")
    asked = {line for line in text.splitlines() if not line.startswith("#")}
    assert len(asked) == 2
    for python in PYTHONS:
        assert {f"{name}=={version}" for name, version in pins(python)} >= asked
    version = dict(pins("3.11.0"))["torch"]
    assert f"torch {version}." in (ROOT / "docs/results.md").read_text("utf-8")
