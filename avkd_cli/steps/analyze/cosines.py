"""`avkd analyze cosines`: mean cosines within and between persons, store by store."""

from collections.abc import Sequence
from pathlib import Path

from avkd_cli.analysis.cosines import MOST_ROWS, mean_cosines
from avkd_cli.errors import blame
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.inputs import finite, named_paths
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.spaces import ids_of, listed, opened, persons_of, rows

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

    Raises:
        MissingInputError, InputError: a store or list cannot be read; embeddings without
            direction, or no two of known persons.
    """
    wanted = listed(list_file)
    found = []
    for name, store in opened(named_paths(sources)).items():
        ids = ids_of(store, wanted)
        persons = persons_of(store, ids)
        with blame(store.path, "extract or choose others"):
            one = mean_cosines(rows(store, ids), persons, seed)
        found.append(
            {
                "name": name,
                "recordings": len(ids),
                "persons": len(set(persons) - {""}),
                "within": finite(one.within),
                "between": finite(one.between),
                "absolute_between": finite(one.absolute),
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
    draw(plot, lambda figures: figures.cosines_figure(result))
    return result
