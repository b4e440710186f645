"""Embeddings on the report: recordings far from their person's others, and a picture by t-SNE."""

from collections.abc import Mapping
from pathlib import Path

from avkd_cli.analysis import figures
from avkd_cli.errors import AvkdError
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze.report_figures import PagePicture
from avkd_cli.steps.analyze.spaces import opened, rows
from avkd_cli.steps.analyze.tsne import chosen, far

PERSONS, RECORDINGS = 12, 20
PANELS = 3  # the first stores in the order of tables: the fusion and its two senses
PERPLEXITY = 30.0


def embedding_plane(
    stores: Mapping[str, Path], paper: Paper = USUAL
) -> tuple[list[PagePicture], dict | None]:
    """Return the picture of some persons' embeddings, if any, and every store's outliers.

    No picture without scikit-learn, nothing where stores share no person with two recordings.
    """
    names = sorted(stores, key=paper.order)
    if not names:
        return [], None
    try:
        spaces = opened({name: stores[name] for name in names})
        ids, who = chosen(spaces, None, PERSONS, RECORDINGS)
        counts, shown = [], {}
        for name in names:
            store = spaces.pop(name)  # one store's embeddings are in memory at a time
            counts.append(far(name, store, ids, who))
            if len(shown) < PANELS:
                shown[name] = rows(store, ids)
    except AvkdError:  # the page does without what these stores cannot give
        return [], None
    found = {"persons": len(set(who)), "recordings": len(ids), "stores": counts}
    try:
        from avkd_cli.analysis.tsne import plane

        places = {name: plane(one, PERPLEXITY, 0) for name, one in shown.items()}
    except (AvkdError, ValueError):  # scikit-learn is not installed, or too few recordings
        return [], found
    panels = {
        paper.label(name): (places[name], [id in one["outlying"] for id in ids])
        for name, one in zip(names[:PANELS], counts[:PANELS], strict=True)
    }
    caption = (
        f"{len(ids)} recordings of {len(set(who))} persons by t-SNE, perplexity {PERPLEXITY:g}, "
        "for the eye only: no distance and no axis has a meaning. Rings: outliers, see below."
    )
    return [PagePicture("plane", figures.plane_figure(panels, who), caption)], found
