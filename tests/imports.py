"""Import every module of avkd and all that its functions import, and say what does not load.

Half of the imports stand inside functions, so that `--help` is light; a library that does not
load is otherwise met hours later, by the first step that needs it. This is `make imports`.
"""

import ast
import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOLD = ("torch", "torchaudio", "accelerate", "numpy", "scipy", "zarr", "tensorstore", "av")


def modules(package: Path) -> list[str]:
    """Return the dotted names of a package's modules."""
    paths = (p.relative_to(package.parent).with_suffix("") for p in package.rglob("*.py"))
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    return sorted(name for name in names if not name.endswith("__main__"))


def imports(source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name ('' for a bare import) of every import, wherever it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, node.module, alias.name) for alias in node.names)


def load(module: str, name: str = "") -> None:
    """Import a module, and a name of it, which may be a module too."""
    found = importlib.import_module(module)
    if name and not hasattr(found, name):
        importlib.import_module(f"{module}.{name}")


def failures(package: Path) -> Iterator[str]:
    """Yield a line for each import of a package that does not load."""
    wanted = [(name, name, "") for name in modules(package)]
    for path in sorted(package.rglob("*.py")):
        shown = path.relative_to(package.parent)
        found = imports(path.read_text("utf-8"))
        wanted += [(f"{shown}:{line}", module, name) for line, module, name in found]
    for place, module, name in wanted:
        try:
            load(module, name)
        except Exception as error:  # a library that breaks may raise anything
            yield f"{place}: {module} {name}: {type(error).__name__}: {error}"


def version_of(name: str) -> str:
    """Return name and version of a library, such as `torch 2.11.0`."""
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return f"no {name}"


def main() -> int:
    """Print what loads, or a line for each import that does not; 1 then."""
    found = list(dict.fromkeys(failures(ROOT / "avkd_cli")))
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    told = ", ".join(map(version_of, TOLD))
    print(
        f"imports of {len(modules(ROOT / 'avkd_cli'))} modules: {len(found)} do not load ({told})"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
