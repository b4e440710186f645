"""Numbers for ids: a million trials name far fewer recordings, so each id is looked up once."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from avkd_cli.errors import InputError, Rejected


class IdCodes:
    """Numbers for ids, from 0, in the order in which they appear."""

    def __init__(self) -> None:
        self._ids = pa.array([], pa.string())

    def of(self, ids: pa.StringArray) -> np.ndarray:
        """Return the numbers of ids, int32, shape (n,); new ones are added."""
        codes = pc.index_in(ids, self._ids)
        if codes.null_count:
            new = ids.filter(codes.is_null()).unique()
            self._ids = pa.concat_arrays([self._ids, new])
            codes = pc.index_in(ids, self._ids)
        return codes.to_numpy()

    def spelled(self) -> list[str]:
        """Return all ids by number, whatever they look like."""
        return self._ids.to_pylist()

    def ids(self, name: str) -> list[str]:
        """Return all ids by number.

        Raises:
            InputError: one is longer than 200 bytes or holds a blank or control character.
        """
        from avkd_cli.storage.lines import check_id  # loads msgspec

        ids = self.spelled()
        for id in ids:
            try:
                check_id(id)
            except Rejected as reject:
                shown = id if len(id) < 60 else id[:60] + "…"
                found = f"id {shown!r}: bad_id, {reject.detail}"
                raise InputError(f"{name}: {found}; rename it") from None
        return ids
