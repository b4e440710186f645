"""A choice of utterances by `--list`: which rows it names, and what a plan says of it."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from avkd_cli.errors import InputError, some
from avkd_cli.storage import durable


def chosen_fingerprint(ids: Sequence[str], list_file: Path | None) -> dict[str, str]:
    """Return the fingerprint of a choice, for the inputs of a plan; nothing without a list."""
    if list_file is None:
        return {}
    return {"list": "sha256:" + durable.sha256_bytes("\n".join(ids).encode())}


def chosen_rows(
    source: Path, ids: list[str], wanted: Collection[str], list_file: Path, *, quiet: bool
) -> list[int]:
    """Return the rows that a list names; say how many of the list are not there.

    Raises:
        InputError: none is.
    """
    kept = [row for row, one in enumerate(ids) if one in wanted]
    if not kept:
        raise InputError(
            f"{list_file}: none of its {len(wanted):,} ids is in {source}, where they are like "
            f"{some(ids, 2)}; give the list of these recordings"
        )
    if absent := len(wanted) - len(kept):
        there = set(ids)
        first = next(one for one in wanted if one not in there)
        text = f"{absent:,} utterances of {list_file} have no embedding there, first {first!r}"
        if not quiet:
            print(f"avkd extract-embeddings: warning: {text}", file=sys.stderr)
    return kept
