"""Several trial lists scored on one store, in one process: a score file for each."""

from collections.abc import Callable
from pathlib import Path

from avkd_cli.errors import UsageError

PLACE = "{list}"


def is_asked(output: Path | None) -> bool:
    """Return whether an output is a pattern, which has a place for the list's name."""
    return output is not None and PLACE in str(output)


def score_lists(
    inputs: tuple[str, ...],
    score: Callable[..., dict],
    output: Path,
    metrics: Path | None,
) -> list[dict]:
    """Score each list; return the summaries, in the order of the lists.

    Args:
        inputs: trial lists, each a path or NAME=PATH, and behind them a store or two.
        score: from a list, stores, `output` and `metrics` to a summary.
        output: of the score files, with {list} where the name stands. metrics: the same of the
            summaries, None for none.

    Raises:
        UsageError: no store, no list, two lists of one name, or summaries that have one name.
    """
    if metrics is not None and not is_asked(metrics):
        raise UsageError(f"-o names a file for each list, --metrics {metrics} one; put {PLACE} in")
    stores = [one for one in inputs if Path(one).is_dir() or one == "-"]
    named = [_named(one) for one in inputs if one not in stores]
    if not stores or not named or list(inputs[-len(stores) :]) != stores:
        raise UsageError(f"{PLACE} in -o takes trial lists, each FILE or NAME=FILE, then a STORE")
    names = [name for name, _ in named]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two trial lists are called {twice}; name them, as in easy={named[0][1]}")
    return [
        score(path, stores, output=_of(output, name), metrics=metrics and _of(metrics, name))
        for name, path in named
    ]


def _named(given: str) -> tuple[str, str]:
    """Return the name and the path of a list."""
    name, equals, path = given.partition("=")
    if equals and not Path(given).exists():
        return name, path
    return Path(given).stem, given


def _of(pattern: Path, name: str) -> Path:
    return Path(str(pattern).replace(PLACE, name))
