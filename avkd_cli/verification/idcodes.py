"""Numbers for ids: a million trials name far fewer recordings, so each id is looked at once."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from avkd_cli.errors import InputError, Rejected


def numbered(*sides: Sequence[pa.DictionaryArray]) -> tuple[list[str], list[np.ndarray]]:
    """Return all ids, each once, and the numbers of those of each side.

    All blocks are put together in one pass: looking a block's ids up among those known so far
    would hash these again for each block.

    Args:
        sides: blocks of enrolments and blocks of tests, each encoded by itself.

    Returns:
        Ids, and for each side (n,) int32 places in them.
    """
    whole = pa.chunked_array([block for side in sides for block in side]).unify_dictionaries()
    ends = np.cumsum([len(side) for side in sides])
    each = [chunk.indices.to_numpy() for chunk in whole.chunks]
    parts = np.split(np.arange(len(each)), ends[:-1])
    codes = [np.concatenate([each[place] for place in part]) for part in parts]
    return whole.chunk(0).dictionary.to_pylist(), codes


def check_ids(ids: Sequence[str], name: str) -> None:
    """Refuse ids that no line of a list could hold.

    Raises:
        InputError: one is longer than 200 bytes or holds a blank or control character.
    """
    from avkd_cli.storage.lines import check_id  # loads msgspec

    for id in ids:
        try:
            check_id(id)
        except Rejected as reject:
            shown = id if len(id) < 60 else id[:60] + "…"
            found = f"id {shown!r}: bad_id, {reject.detail}"
            raise InputError(f"{name}: {found}; rename it") from None
