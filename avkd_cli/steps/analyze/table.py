"""`avkd analyze table`: the tables of the paper from files SYSTEM.LIST.scores."""

import math
from collections.abc import Iterable
from pathlib import Path

from avkd_cli.analysis.tables import arrange
from avkd_cli.analysis.written import to_latex, to_markdown
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper
from avkd_cli.steps.analyze.inputs import read_labelled, read_object
from avkd_cli.steps.analyze.metrics import measured
from avkd_cli.storage import durable
from avkd_cli.verification.scores import Scores

ENDINGS = (".scores", ".scores.gz")


def table(
    sources: Iterable[str | Path],
    output: Path | None = None,
    corpus: str | None = None,
    paper: Paper = USUAL,
) -> dict:
    """Return the results of all score files, arranged; write table.md, table.tex, table.json.

    Args:
        sources: score files, or folders of them; the name says SYSTEM.LIST.
        output: folder for the files; None writes none.
        corpus: what to say of the corpus at the top and bottom; `stand-in` is known.
        paper: whose tables to fill.

    Raises:
        MissingInputError, InputError: as in `score_files` and `inputs.read_labelled`.
    """
    results = []
    for system, trial_list, path in score_files(sources):
        (scores,) = read_labelled([path])
        results.append(result(system, trial_list, path, scores))
    found = arranged(results, corpus, paper)
    if output is not None:
        write_tables(output, found)
    return found


def result(system: str, trial_list: str, path: Path, scores: Scores) -> dict:
    """Return one system's figures on one list.

    The signature is the one that `avkd score` left beside the scores, which knows the trial
    list and the normalisation, if its figures are those of the scores.
    """
    found = measured(scores)
    beside = read_object(path.with_name(f"{system}.{trial_list}.metrics.json"))
    eer, said = beside.get("eer_percent"), beside.get("signature")
    if isinstance(said, str) and isinstance(eer, float) and math.isclose(eer, found["eer_percent"]):
        found["signature"] = said
    return {"system": system, "list": trial_list, "file": path.name} | found


def write_tables(folder: Path, arranged_results: dict) -> None:
    """Write table.md, table.tex and table.json into a folder, which is made."""
    durable.make_directory(folder)
    durable.write_text(folder / "table.md", to_markdown(arranged_results))
    durable.write_text(folder / "table.tex", to_latex(arranged_results))
    durable.write_json(folder / "table.json", arranged_results)


def arranged(results: Iterable[dict], corpus: str | None, paper: Paper) -> dict:
    """Return results in the order of the tables.

    Raises:
        InputError: two are of one system and list, or of one list with other trials.
    """
    try:
        return arrange(results, corpus, paper)
    except ValueError as error:
        raise InputError(f"{error}; name score files SYSTEM.LIST.scores, one each") from error


def score_files(sources: Iterable[str | Path]) -> list[tuple[str, str, Path]]:
    """Return (system, list, file) of each score file, folders looked through.

    Raises:
        MissingInputError: a source does not exist.
        InputError: a name is not SYSTEM.LIST.scores, or there is no score file at all.
    """
    sources = [Path(one) for one in sources]
    found = [named(path) for source in sources for path in _files(source)]
    if not found:
        where = ", ".join(map(str, sources))
        raise InputError(f"{where}: no file SYSTEM.LIST.scores, such as audio.vox1-o.scores")
    return found


def _files(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(path for path in source.rglob("*") if path.name.endswith(ENDINGS))
    if not source.exists():
        raise MissingInputError(f"{source}: no such file or folder")
    return [source]


def named(path: Path) -> tuple[str, str, Path]:
    """Return what a file's name says: everything before the first point is the system.

    Raises:
        InputError: the name has no system or no list.
    """
    stem = path.name.removesuffix(".gz").removesuffix(".scores")
    system, _, trial_list = stem.partition(".")
    if not system or not trial_list:
        raise InputError(f"{path}: the name is not SYSTEM.LIST.scores, as audio.vox1-o.scores")
    return system, trial_list, path
