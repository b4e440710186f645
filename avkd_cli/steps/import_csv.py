"""Features of FOP and FAME: CSV files brought into stores, trials by their rows, and CSV again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.steps.corpus import say, write_text
from avkd_cli.storage import csvrows, durable
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.choosing import chosen_fingerprint, chosen_rows
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store
from avkd_cli.storage.utterances import read_whole
from avkd_cli.verification.columns import Columns

ROWS = 256  # written at a time
BLOCK = 2 << 20  # values of a partition: what is in memory at a time


def import_csv(
    source: Path,
    output: Path,
    execution: Execution,
    *,
    modality: str | None = None,
    list_file: Path | None = None,
    columns: int | None = None,
    ids_file: str | None = None,
) -> dict[str, Any] | None:
    """Make an embedding store of a CSV file's rows, which is read as a stream.

    Args:
        source: rows of values and perhaps the person, without a header.
        modality: of the store; None: by the width, as FOP's files have it.
        ids_file: names of the rows; None: row000000 and so on, which rows of two files share.

    Raises:
        MissingInputError: a file is not there.
        InputError: empty, ragged, of another width, not finite; as many names as rows wanted.
    """
    found = csvrows.scan(source, columns)
    sense = modality or csvrows.SENSES.get(found.dimension)
    ids = [f"row{row:06d}" for row in range(len(found))]
    if ids_file is not None:
        ids = read_names(ids_file, sense)
    if len(ids) != len(found):
        raise InputError(f"{ids_file}: {len(ids)} names for {len(found)} rows of {source}")
    kept, rows = np.arange(len(found)), Rows(ids, found.labels)
    if list_file is not None:
        listed = {u.id: u for u in read_whole(list_file).utterances}
        kept = np.array(chosen_rows(source, ids, listed, list_file, quiet=execution.quiet))
        lines = [listed[ids[row]] for row in kept.tolist()]
        persons = [found.labels[row] or line.person for row, line in zip(kept, lines, strict=True)]
        rows = Rows([u.id for u in lines], persons, [u.split for u in lines])
    content = Embeddings(rows, found.dimension, lambda start, stop: found.read(kept[start:stop]))
    inputs = {"source": "sha256:" + durable.sha256_file(source)}
    origin = Origin(
        "extract-embeddings",
        inputs=inputs | chosen_fingerprint(list(rows.ids), list_file),
        said={"modality": sense, "imported": source.name},
    )
    size = execution.partition_size or max(1, BLOCK // found.dimension)
    return build_store(output, content, origin, replace(execution, partition_size=size))


def read_names(source: str, sense: str | None) -> list[str]:
    """Return the names of rows: one a line, or of a FAME list `name voice face` the sense's."""
    columns, found = Columns(source, "names of rows"), []
    for number, fields in columns.lines():
        if len(fields) not in (1, 3):
            raise columns.fail(number, f"{len(fields)} columns, wanted an id, or 'name voice face'")
        if len(fields) == 3 and sense not in ("audio", "visual"):
            raise columns.fail(number, "of voice and face, say which with --modality")
        found.append(fields[{"audio": 1, "visual": 2}[sense]] if len(fields) == 3 else fields[0])
    return found


def row_trials(voices: str, faces: str, output: Path | None, quiet: bool) -> None:
    """Write the trials of two stores whose rows alternate: target, nontarget, target ….

    FOP's lists leave that unsaid; the list written says it. Where the persons are known, they are
    held against it.

    Raises:
        InputError: other rows or numbers of rows; persons that do not alternate.
    """
    heard, seen = (open_store(one, EMBEDDINGS.kind) for one in (voices, faces))
    if len(heard) != len(seen):
        raise InputError(
            f"{heard.path} has {len(heard)} rows, {seen.path} {len(seen)}: row i of both is trial "
            "i; import the two files of one list"
        )
    for row, (voice, face) in enumerate(zip(heard.persons, seen.persons, strict=True)):
        if voice and face and (voice == face) != (row % 2 == 0):
            told, wanted = ("one person", "two") if voice == face else ("two people", "one")
            raise InputError(
                f"{heard.path} and {seen.path}: row {row} is of {told} ({voice!r}, {face!r}), "
                f"wanted {wanted}: labels do not alternate; these are not the files of a list"
            )
    pairs = zip(heard.ids, seen.ids, strict=True)
    text = "".join(f"{1 - row % 2} {voice} {face}\n" for row, (voice, face) in enumerate(pairs))
    write_text(text, output)
    if not quiet:
        say(f"{len(heard):,} trials, targets and nontargets in turn, as FOP's lists have them")


def export_csv(store: str, output: Path | None) -> None:
    """Write a store's embeddings as FOP's code reads them: values, then the person, no header.

    Raises:
        InputError: a person's name has a comma in it.
    """
    opened = open_store(store, EMBEDDINGS.kind)
    comma = next((one for one in opened.persons if "," in one or '"' in one), None)
    if comma is not None:
        raise InputError(
            f"{opened.path}: person {comma!r} has a comma or quote; CSV columns end there"
        )
    with durable.output_or_stdout(output) as file:
        for block in _blocks(opened):
            file.write(block)


def _blocks(store: EmbeddingStore) -> Iterator[bytes]:
    known = any(store.persons)
    line = ",".join(["%.9g"] * store.dimension) + (",%s" if known else "") + "\n"
    for start in range(0, len(store), ROWS):
        rows = store.embedding[start : start + ROWS].tolist()
        persons = store.persons[start : start + ROWS]
        yield "".join(
            line % (*row, *([person] if known else []))
            for row, person in zip(rows, persons, strict=True)
        ).encode()
