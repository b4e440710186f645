"""Several trial lists scored on one store, in one process: a score file for each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from avkd_cli.errors import UsageError
from avkd_cli.steps.score_output import ScoreFiles

PLACE = "{list}"


def is_asked(output: Path | None) -> bool:
    """Return whether an output is a pattern, which has a place for the list's name."""
    return output is not None and PLACE in str(output)


def lists_of(
    inputs: tuple[str, ...], files: ScoreFiles
) -> Iterator[tuple[str, list[str], ScoreFiles]]:
    """Yield each list with its stores and the files that are made of it, in the lists' order.

    Args:
        inputs: trial lists, each a path or NAME=PATH, and behind them a store or two.
        files: output and metrics with {list} where the name stands.

    Raises:
        UsageError: no store, no list, two lists of one name, or summaries that have one name.
    """
    output, metrics = files.output, files.metrics
    if metrics is not None and not is_asked(metrics):
        raise UsageError(f"-o names a file for each list, --metrics {metrics} one; put {PLACE} in")
    stores = [one for one in inputs if Path(one).is_dir() or one == "-"]
    named = [_named(one) for one in inputs if one not in stores]
    if not stores or not named or list(inputs[-len(stores) :]) != stores:
        raise UsageError(f"{PLACE} in -o takes trial lists, each FILE or NAME=FILE, then a STORE")
    names = [name for name, _ in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two trial lists are called {twice}; name them, as in easy={named[0][1]}")
    for name, path in named:
        to = [one and Path(str(one).replace(PLACE, name)) for one in (output, metrics)]
        yield path, stores, replace(files, output=to[0], metrics=to[1])


def _named(given: str) -> tuple[str, str]:
    """Return the name and the path of a list."""
    name, equals, path = given.partition("=")
    if equals and not Path(given).exists():
        return name, path
    return Path(given).stem, given
