"""`avkd analyze table`: the tables of the paper from files SYSTEM.LIST.scores."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from avkd_cli.analysis.tables import arrange, paper_tables
from avkd_cli.analysis.views import to_latex, to_markdown
from avkd_cli.errors import InputError
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.said import warn
from avkd_cli.steps.analyze.inputs import read_labelled, read_object
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.steps.analyze.results import ScoreFile, read_figures, result_files
from avkd_cli.storage import durable
from avkd_cli.verification.scores import Scores

SHOWN = 5  # names of systems in a warning


def table(
    sources: Iterable[str | Path],
    output: Path | None = None,
    corpus: str | None = None,
    paper: Paper = USUAL,
) -> dict:
    """Return the results of all score files, arranged; write table.md, table.tex, table.json.

    Raises:
        MissingInputError, InputError: as in `results` and `inputs.read_labelled`.
    """
    files = result_files(sources)
    results = []
    for one in files.scores:
        (scores,) = read_labelled([one.path])
        results.append(result(one, scores))
    found = arranged(results, corpus, paper, read_figures(files.figures))
    if output is not None:
        write_tables(output, found)
    return found


def result(of: ScoreFile, scores: Scores) -> dict:
    """Return one system's figures on one list.

    The signature is the one that `avkd score` left beside the scores, which knows the trial
    list and the normalisation, if its figures are those of the scores.
    """
    found = measured(scores)
    beside = read_object(of.path.with_name(f"{of.system}.{of.list}.metrics.json"))
    eer, said = beside.get("eer_percent"), beside.get("signature")
    if isinstance(said, str) and isinstance(eer, float) and math.isclose(eer, found["eer_percent"]):
        found["signature"] = said
    return {"system": of.system, "list": of.list, "file": of.path.name} | found


def write_tables(folder: Path, arranged_results: dict) -> None:
    """Write table.md, table.tex and table.json into a folder, which is made."""
    durable.make_directory(folder)
    durable.write_text(folder / "table.md", to_markdown(arranged_results))
    durable.write_text(folder / "table.tex", to_latex(arranged_results))
    durable.write_json(folder / "table.json", arranged_results)


def arranged(
    results: Iterable[dict], corpus: str | None, paper: Paper, figures: Sequence[dict] = ()
) -> dict:
    """Return results and further figures in the order of the paper's tables.

    Says on stderr where nothing of them has a place there.

    Raises:
        InputError: two are of one system and list, or of one list with other trials.
    """
    try:
        found = arrange(results, corpus, paper, figures)
    except ValueError as error:
        raise InputError(f"{error}; give each system one file a list") from error
    if paper is not USUAL and not any(one["ours"] for one in paper_tables(found)):
        names = ", ".join(one.name for one in paper.systems[:SHOWN])
        warn(
            "analyze",
            f"no figure here has a place in a table of {paper.name}, whose systems are {names} … "
            "(docs/formats.md)",
        )
    return found
