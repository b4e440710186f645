"""`avkd analyze cosines`: mean cosines within and between persons, store by store."""

import math
from collections.abc import Sequence
from pathlib import Path

from avkd_cli.analysis.cosines import MOST_ROWS, mean_cosines
from avkd_cli.errors import InputError
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.correlation import opened, rows
from avkd_cli.steps.analyze.inputs import display_names
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.storage.store import resolve_input
from avkd_cli.storage.utterances import read_ids

NOTE = (
    f"means over all pairs of different recordings; absolute values of more than {MOST_ROWS:,} "
    "recordings are of so many drawn ones"
)


def cosines(
    sources: Sequence[str],
    list_file: Path | None = None,
    plot: Picture | None = None,
    seed: int = 0,
) -> dict:
    """Return the mean cosines of each store, in the order given, such as epochs of a training.

    Args:
        sources: embedding stores.
        list_file: take only the utterances of this list.
        plot: picture to draw.
        seed: of the recordings drawn for absolute values.

    Raises:
        MissingInputError, InputError: a store or list cannot be read; embeddings without
            direction, or no two of known persons.
    """
    paths = [resolve_input(one) for one in sources]
    wanted = None if list_file is None else set(read_ids(list_file))
    found = []
    for name, store in opened(dict(zip(display_names(paths, sources), paths, strict=True))).items():
        ids = [id for id in store.ids if wanted is None or id in wanted]
        persons = [store.persons[store.row_of[id]] for id in ids]
        try:
            one = mean_cosines(rows(store, ids), persons, seed)
        except ValueError as error:
            raise InputError(f"{store.path}: {error}; extract or choose others") from None
        found.append(
            {
                "name": name,
                "recordings": len(ids),
                "persons": len(set(persons) - {""}),
                "within": _number(one.within),
                "between": _number(one.between),
                "absolute_between": _number(one.absolute),
                "pairs_within": one.same_pairs,
                "pairs_between": one.other_pairs,
            }
        )
    result = {
        "format": "avkd.analysis.cosines",
        "version": 1,
        "seed": seed,
        "stores": found,
        "notes": [NOTE],
    }
    if plot is not None:
        from avkd_cli.analysis.figures import cosines_figure

        draw(plot, cosines_figure(result))
    return result


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
