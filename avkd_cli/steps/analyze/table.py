"""`avkd analyze table`: the tables of the paper from files SYSTEM.LIST.scores."""

from collections.abc import Iterable
from pathlib import Path

from avkd_cli.analysis.tables import arrange, to_markdown
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.analyze.inputs import read_labelled
from avkd_cli.steps.analyze.metrics import figures
from avkd_cli.storage import durable

ENDINGS = (".scores", ".scores.gz")


def table(
    sources: Iterable[str | Path], output: Path | None = None, corpus: str | None = None
) -> dict:
    """Return the results of all score files, arranged; write table.md and table.json.

    Args:
        sources: score files, or folders of them; the name says SYSTEM.LIST.
        output: folder for the two files; None writes none.
        corpus: what to say of the corpus at the top and bottom; `stand-in` is known.

    Raises:
        MissingInputError, InputError: as in `score_files` and `inputs.read_labelled`.
    """
    results = []
    for system, trial_list, path in score_files(sources):
        (scores,) = read_labelled([path])
        results.append({"system": system, "list": trial_list} | figures(scores))
    found = arranged(results, corpus)
    if output is not None:
        durable.make_directory(output)
        durable.write_text(output / "table.md", to_markdown(found))
        durable.write_json(output / "table.json", found)
    return found


def arranged(results: Iterable[dict], corpus: str | None) -> dict:
    """Return results in the order of the tables.

    Raises:
        InputError: two are of one system and list, or of one list with other trials.
    """
    try:
        return arrange(results, corpus)
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
