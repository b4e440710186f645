"""`avkd analyze weights`: which moments counted, over the time of sound and film."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from avkd_cli.analysis import timelines
from avkd_cli.errors import InputError, some
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.inputs import finite, named_paths
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.spaces import ids_of, listed, persons_of
from avkd_cli.storage.store import RaggedStore, open_store

RESAMPLES = 2000
NOTE = (
    "Correlations are of weights at 64 points of the time that both last, means over utterances, "
    "95 % intervals by drawing persons"
)

Timeline = tuple[np.ndarray, np.ndarray]  # seconds and weights, each (moments,)


def weights(
    sources: Sequence[str],
    *,
    list_file: str | None = None,
    utterances: Sequence[str] = (),
    shown: int = 4,
    seed: int = 0,
    plot: Picture | None = None,
) -> dict:
    """Return how decided each store's weights are, how far stores agree, and some time lines.

    Raises:
        MissingInputError, InputError: a store or list cannot be read, is of another level, or
            stores share no utterance; an utterance named is in none or not in all.
    """
    stores = {name: opened(path) for name, path in named_paths(sources).items()}
    ids = chosen(stores, listed(list_file))
    lines = {name: {id: timeline(store, id) for id in ids} for name, store in stores.items()}
    named = named_or_first(utterances, ids, lines, shown)
    result = {
        "format": "avkd.analysis.weights",
        "version": 1,
        "utterances": len(ids),
        "stores": [said(name, store, lines[name]) for name, store in stores.items()],
        "pairs": pairs(stores, lines, seed),
        "shown": [
            {"id": id, "series": {name: drawn(lines[name][id]) for name in stores}} for id in named
        ],
        "notes": [NOTE] if len(stores) > 1 else [],
    }
    draw(plot, lambda figures: figures.timelines_figure(result["shown"]))
    return result


def opened(path: object) -> RaggedStore:
    """Open a store of weights; InputError for one of another level."""
    store = open_store(path, "avkd.sequences")
    if store.manifest.get("level") != "weights":
        raise InputError(
            f"{store.path}: holds {store.manifest.get('level')}, wanted the weights of moments; "
            "make them by extract-embeddings --level weights"
        )
    return store


def chosen(stores: Mapping[str, RaggedStore], wanted: set[str] | None) -> list[str]:
    """Return the utterances that all stores and the list hold, in the first store's order."""
    first, *others = stores.values()
    found = [id for id in ids_of(first, wanted) if all(id in one.row_of for one in others)]
    if not found:
        named = " and ".join(str(one.path) for one in stores.values())
        raise InputError(f"{named} share no utterance{' of the list' if wanted else ''}")
    return found


def timeline(store: RaggedStore, id: str) -> Timeline:
    """Return when each moment of an utterance is, in s, and its weight."""
    row = store.row_of[id]
    values = store.read([row])[0][:, 0].astype(np.float64)
    return np.asarray(store.times([row])[0], np.float64), values


def named_or_first(
    utterances: Sequence[str], ids: Sequence[str], lines: Mapping[str, Mapping], shown: int
) -> list[str]:
    """Return whose time lines are shown.

    Raises:
        InputError: one that is named is not in all stores.
    """
    if unknown := [one for one in utterances if one not in set(ids)]:
        raise InputError(f"{some(unknown)} not in all of the stores, or not in the list")
    moving = [id for id in ids if all(len(one[id][1]) > 1 for one in lines.values())]
    return list(utterances) or moving[:shown]


def said(name: str, store: RaggedStore, lines: Mapping[str, Timeline]) -> dict:
    """Return what is told of one store."""
    series = [weights for _, weights in lines.values()]
    return {
        "name": name,
        "fingerprint": store.fingerprint,
        "moments": int(sum(map(len, series))),
        "decided": float(np.mean([timelines.decided(one) for one in series])),
        "below_zero": float(np.mean([one.mean() < 0 for one in series])),
    }


def pairs(
    stores: Mapping[str, RaggedStore], lines: Mapping[str, Mapping[str, Timeline]], seed: int
) -> list[dict]:
    """Return how far each two stores agree."""
    found = []
    for one, other in itertools.combinations(stores, 2):
        ids = [id for id in lines[one] if min(len(lines[one][id][1]), len(lines[other][id][1])) > 1]
        persons = persons_of(stores[one], ids)
        values = [timelines.agreement(lines[one][id], lines[other][id]) for id in ids]
        mean, low, high = timelines.mean_by_person(values, persons, RESAMPLES, seed)
        found.append(
            {
                "a": one,
                "b": other,
                "utterances": len(ids),
                "persons": len(set(persons)),
                "correlation": finite(mean),
                "low": finite(low),
                "high": finite(high),
            }
        )
    return found


def drawn(line: Timeline) -> dict:
    """Return one time line as it is drawn, and when its highest moment was."""
    time_s, values = line
    return {
        "time_s": time_s.round(4).tolist(),
        "weight": values.tolist(),
        "standardised": timelines.standardised(values).round(4).tolist(),
        "highest_s": float(time_s[int(np.argmax(values))]),
    }
