"""`avkd analyze clusters`: what a teacher put together, and how sure it can be."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avkd_cli.analysis.clusters import Clusters, by_size
from avkd_cli.errors import InputError, blame
from avkd_cli.recipes.cluster_rules import TEACHER
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.pictures import draw
from avkd_cli.steps.analyze.spaces import rows
from avkd_cli.storage import durable
from avkd_cli.storage.manifest import library_version
from avkd_cli.storage.store import EMBEDDINGS, open_store
from avkd_cli.storage.utterances import Utterance, read_whole
from avkd_cli.training.training_set import PERSON_OF, TRAIN
from avkd_cli.verification.affinity import affine
from avkd_cli.verification.neighbours import EXACT, pairs_of_neighbours

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def look_at_clusters(
    source: str,
    stores: Sequence[str],
    *,
    most: int = 10,
    page: Path | None = None,
    plot: Picture | None = None,
) -> dict:
    """Return how sure the clusters of a list are; draw them, or write a page of them.

    Labelled people are clusters, too: whom somebody was nearly put together with is often one.

    Args:
        source: list of `corpus cluster`, or of a run of --unlabelled (clusters.jsonl).

    Raises:
        InputError: nobody in the list has a person that a teacher gave, the stores have nothing
            of them, or there is one cluster.
    """
    listed = read_whole(source)
    part = taking_part(listed.utterances, listed.name)
    opened = [open_store(one, EMBEDDINGS.kind) for one in stores]
    there = [one for one in part if all(store.holds(one.id) for store in opened)]
    if not there:
        raise InputError(
            f"{listed.name}: none of its {len(part)} clustered utterances is in "
            f"{' and '.join(stores)}; give the stores that it was made from"
        )
    ids, names = [one.id for one in there], [one.person for one in there]
    near = pairs_of_neighbours if len(set(names)) > EXACT else None
    with blame(listed.name):
        found = Clusters(affine([rows(store, ids) for store in opened]), ids, names, near)
    result = result_of(found, listed.name, there, most)
    if left := len(part) - len(there):
        result["notes"].append(f"{left:,} utterances are not in each store, and are not counted")
    draw(plot, lambda _: sizes_of(found))
    if page is not None:
        write_page(page, found, result)
    return result


def taking_part(utterances: Sequence[Utterance], where: str) -> list[Utterance]:
    """Return the utterances to train on that have a person, somebody by a teacher."""
    part = [one for one in utterances if one.person and one.split in ("", TRAIN)]
    if not any(one.extra.get(PERSON_OF) == TEACHER for one in part):
        raise InputError(
            f"{where}: no line has a person that a teacher gave ({PERSON_OF}: {TEACHER}); give the "
            "list that corpus cluster wrote, or clusters.jsonl of a run"
        )
    return part


def result_of(found: Clusters, where: str, part: Sequence[Utterance], most: int) -> dict:
    """Return all figures."""
    each, given = found.each(), {one.person for one in part if PERSON_OF in one.extra}
    return {
        "format": "avkd.analysis.clusters",
        "version": 1,
        "list": where,
        "utterances": len(part),
        "clusters": len(each),
        "with_guessed": len(given),
        "largest": [one.to_json() for one in each[:most]],
        "smallest": [one.to_json() for one in each[::-1][:most]],
        "doubtful": [
            {"one": one, "other": other, "affinity": affinity}
            for one, other, affinity in found.doubtful(most)
        ],
        "misfits": [dataclasses.asdict(one) for one in found.misfits(most)],
        "by_size": by_size(each),
        "notes": [],
    }


def sizes_of(found: Clusters) -> "Figure":
    """Return the picture of size against confidence."""
    from avkd_cli.analysis.figures import sizes_figure

    each = [one for one in found.each() if one.confidence is not None]
    return sizes_figure([one.size for one in each], [one.confidence for one in each])


def write_page(path: Path, found: Clusters, result: dict) -> None:
    """Write the page, with the picture in it."""
    from avkd_cli.analysis.figures import inline
    from avkd_cli.analysis.report.clusters import clusters_page

    svg = inline(sizes_of(found), "sizes", "Size of each cluster against its confidence")
    durable.write_text(path, clusters_page(result, svg, library_version("avkd") or "0"))
