"""A wheel built from the tree works alone: it has all that avkd reads, and nothing of the tests."""

import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """A wheel of the tree, built without a network."""
    pytest.importorskip("hatchling", reason="building a wheel needs hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    words = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run([sys.executable, *words, "-w", folder, ROOT], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run `python -m avkd_cli` of the wheel, unpacked far from the tree."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    def run(*words: str) -> str:
        code = (
            "import sys; sys.path.insert(0, sys.argv.pop(1)); import avkd_cli;"
            "assert avkd_cli.__file__.startswith(sys.path[0]), avkd_cli.__file__;"
            "from avkd_cli.__main__ import main; main()"
        )
        return subprocess.run(
            [sys.executable, "-P", "-c", code, str(site), *words],
            cwd=site,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    return run


def names_of(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tree(folder: str, pattern: str) -> set[str]:
    """Return the files of a folder of the tree, relative to the root."""
    return {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob(pattern)}


def test_every_module_is_in_the_wheel(wheel):
    assert tree("avkd_cli", "*.py") <= names_of(wheel)


def test_schemas_presets_and_the_page_are_in_the_wheel(wheel):
    names = names_of(wheel)
    schemas, presets = tree("schemas", "*"), tree("examples/presets", "*.toml")
    assert len(schemas) > 3
    assert {Path(name).stem for name in presets} >= {"paper", "strong", "small"}
    assert {f"avkd_cli/{name}" for name in schemas} <= names
    assert {name.replace("examples", "avkd_cli") for name in presets} <= names
    for kind in ("*.css", "*.js", "*.html", "*.md"):
        assert tree("avkd_cli", kind) <= names


def test_nothing_else_is_in_the_wheel(wheel):
    parts = {name.split("/")[0] for name in names_of(wheel)}
    assert parts == {"avkd_cli", f"avkd-{PROJECT['version']}.dist-info"}
    kinds = {Path(name).suffix for name in names_of(wheel) if name.startswith("avkd_cli/")}
    assert kinds <= {".py", ".json", ".md", ".toml", ".html", ".css", ".js", ".typed"}


def test_the_wheel_says_what_pip_must_know(wheel):
    info = f"avkd-{PROJECT['version']}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
    assert "avkd = avkd_cli.__main__:main" in entry_points
    assert f"{info}/licenses/LICENSE" in names_of(wheel)
    required = {line.split(";")[0].strip() for line in metadata.get_all("Requires-Dist")}
    assert {"torch<3,>=2.11", "torchaudio<3,>=2.11"} <= required


def test_the_version_is_one(wheel, installed):
    wanted = PROJECT["version"]
    headings = [
        x for x in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if x[:3] == "## "
    ]
    assert headings[0].split()[1].rstrip(",") == wanted
    assert version("avkd") == wanted
    assert wheel.name == f"avkd-{wanted}-py3-none-any.whl"
    assert installed("--version") == f"avkd, version {wanted}\n"


@pytest.mark.parametrize("preset", ["paper", "strong", "small"])
def test_presets_are_found_without_the_tree(installed, preset):
    words = ("prep-audio", "list.jsonl", "-o", "x.zarr", "--config", preset, "--print-config")
    printed = tomllib.loads(installed(*words))["prep-audio"]
    given = tomllib.loads((ROOT / "examples/presets" / f"{preset}.toml").read_text("utf-8"))
    assert printed.items() >= given["prep-audio"].items()
