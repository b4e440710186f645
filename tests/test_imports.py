"""`make imports` finds an import that does not load, wherever it stands."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location("avkd_imports", Path(__file__).parent / "imports.py")
imports = importlib.util.module_from_spec(spec)
spec.loader.exec_module(imports)


@pytest.fixture
def package(tmp_path, monkeypatch) -> Iterator[Path]:
    """A package whose functions import what is there; its own part and a module of another."""
    folder = tmp_path / "imported_by_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "part.py").write_text("def f():\n    from os import path\n    import json.decoder\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith(folder.name)]:
        del sys.modules[name]


def test_imports_that_load_are_passed_over(package):
    assert list(imports.failures(package)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import no_such_library", "part.py:2: no_such_library : ModuleNotFoundError"),
        ("from json import no_such_name", "part.py:2: json no_such_name: ModuleNotFoundError"),
        ("from os.nowhere import path", "part.py:2: os.nowhere path: ModuleNotFoundError"),
    ],
)
def test_an_import_inside_a_function_is_named_by_file_and_line(package, line, said):
    (package / "part.py").write_text(f"def f():\n    {line}\n")
    (found,) = imports.failures(package)
    assert found.startswith(f"imported_by_a_test/{said}")


def test_a_library_that_breaks_as_it_loads_is_named_too(package):
    # As torchaudio beside another torch.
    (package / "part.py").write_text("raise OSError('undefined symbol')\n")
    (found,) = imports.failures(package)
    assert found == "imported_by_a_test.part: imported_by_a_test.part : OSError: undefined symbol"


def test_the_packages_own_modules_are_all_there():
    found = imports.modules(imports.ROOT / "avkd_cli")
    assert {"avkd_cli", "avkd_cli.audio.resample", "avkd_cli.commands.score"} <= set(found)


def test_what_is_not_installed_is_told_as_such():
    assert imports.version_of("no-such-library") == "no no-such-library"
    assert imports.version_of("torch").startswith("torch 2.")
