"""Pictures of the report that are not of scores: disturbance, matching, trainings, embeddings."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from avkd_cli.analysis import figures
from avkd_cli.analysis.figures.identification import MATCH
from avkd_cli.analysis.robustness import words
from avkd_cli.analysis.tables import paper_of
from avkd_cli.errors import AvkdError, InputError, MissingInputError
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze.curves import Series, read_log
from avkd_cli.steps.analyze.findings import ROBUSTNESS
from avkd_cli.steps.analyze.inputs import read_object
from avkd_cli.steps.analyze.report_figures import MOST_CURVES, Inline, PagePicture, safe
from avkd_cli.steps.analyze.robustness import differences_of
from avkd_cli.steps.analyze.spaces import opened, rows
from avkd_cli.steps.analyze.tsne import chosen, far

FORMAT = "avkd.analysis.robustness"
HALVES = "halves.jpg"
"""Where `corpus iemocap --preview` is told to draw, to be seen in a report."""
TRAINING = {  # what a pair's validation logs, and what a panel calls it
    "validation: cosine_within": "mean cosine within persons",
    "validation: cosine_between": "mean cosine between persons",
    "validation: cosine_absolute": "mean absolute cosine between persons",
}


def robustness_figures(paths: Iterable[Path], paper: Paper) -> Iterator[PagePicture]:
    """Yield a figure of each file that `analyze robustness --json` printed, what it says below.

    Raises:
        InputError: a file holds something else.
    """
    for path in paths:
        result = read_object(path)
        if result.get("format") != FORMAT:
            raise InputError(f"{path}: wanted {FORMAT}, as analyze robustness --json prints it")
        name = f"beside-robustness-{safe(path.name.removesuffix(ROBUSTNESS))}"
        try:
            caption = f"EER where the test is disturbed. {_said(result, paper)}".strip()
            figure = figures.robustness_figure(result, paper)
        except (KeyError, TypeError) as error:
            raise InputError(f"{path}: not as analyze prints it: {error!r}") from None
        yield PagePicture(name, figure, caption)


def _said(result: Mapping, paper: Paper) -> str:
    """Return in words where each system is better than the baseline, by the paper's labels."""
    base, parts = paper.label(result["baseline"]), []
    for system in result["systems"][1:]:
        if rows := differences_of(result["conditions"], system):
            parts.append(words(paper.label(system), base, rows, result["persons"]))
    return " ".join(parts)


def halves_figure(folder: Path) -> dict[str, Inline]:
    """Return a few frames with the half that each person is taken to be on, where there are any.

    Raises:
        InputError: the file is no JPEG.
    """
    path = folder / HALVES
    if not path.is_file():
        return {}
    data = path.read_bytes()
    if not data.startswith(b"\xff\xd8"):
        raise InputError(f"{path}: is no JPEG; make it by avkd corpus iemocap --left … --preview")
    words = "A frame of some films; framed is the half that the person is taken to be on."
    source = f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"
    return {"beside-halves": (f'<img alt="{words}" src="{source}">', words)}


def matching_figures(arranged: Mapping) -> Iterator[PagePicture]:
    """Yield a figure of each task that has rates of the right one picked among N."""
    paper = paper_of(arranged)
    found: dict[str, dict[str, dict]] = {}
    for one in arranged["figures"]:
        if one["measure"].startswith(MATCH):
            key = one["measure"].removesuffix("_percent")
            rate = {"percent": one["value"], "low": one.get("low"), "high": one.get("high")}
            found.setdefault(one["on"], {}).setdefault(one["system"], {})[key] = rate
    for task, systems in found.items():
        ordered = [{"name": s} | systems[s] for s in sorted(systems, key=paper.order)]
        whole = [one for one in ordered if one.keys() == ordered[0].keys()]
        caption = f"{paper.list_label(task)}: the right one picked among N."
        figure = figures.matching_figure({"systems": whole}, paper)
        yield PagePicture(f"beside-matching-{safe(task)}", figure, caption)


def training_figures(folder: Path, runs: Sequence[str], paper: Paper) -> Iterator[PagePicture]:
    """Yield how near embeddings of one person and of two were over the trainings that say it.

    Args:
        runs: paths below the folder, whose last part is the system.
    """
    names = {Path(run).name: run for run in runs}
    found = {}
    for name in sorted(names, key=paper.order):
        series = dict(_cosines(folder / names[name]))
        if series and len(found) < MOST_CURVES:
            found[paper.label(name)] = series
    if found:
        caption = (
            "Mean cosines of the fused embeddings of validation persons, after each epoch of a "
            "training; another seed may give others."
        )
        yield PagePicture("beside-training", figures.training_figure(found), caption)


def _cosines(run: Path) -> Iterator[tuple[str, dict[str, list[float]]]]:
    try:
        series: Series = read_log(run)
    except (InputError, MissingInputError):  # no log yet: the page's runs show no steps either
        return
    for name, label in TRAINING.items():
        if name in series:
            yield label, series[name]


PERSONS, RECORDINGS = 12, 20
PANELS = 3  # the first stores in the order of tables: the fusion and its two senses
PERPLEXITY = 30.0


def embedding_plane(
    stores: Mapping[str, Path], paper: Paper
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
