"""Rename somebody else's embeddings, stored by path of file, for `extract-embeddings --from`.

The .npz has arrays `path` (n,) and `emb` (n, d); the table, as `avkd corpus csv` reads it, has a
row an utterance and says which file is whose. A file of several utterances is repeated.

    python examples/import_by_path.py chimera54_manifest.csv emb_mobilefacenet_faces.npz \\
        --id sample --person identity --path face -o faces.npz
    avkd extract-embeddings --from faces.npz --modality visual -o faces-emb.zarr
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from avkd_cli.errors import InputError
from avkd_cli.storage import durable

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("table", type=FILE)
@click.argument("npz", type=FILE)
@click.option("--id", "id_column", default="id", show_default=True, help="Column of ids.")
@click.option("--person", "person_column", default="person", show_default=True)
@click.option("--path", "path_column", required=True, help="Column of the paths in NPZ.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(
    table: Path, npz: Path, id_column: str, person_column: str, path_column: str, output: Path
) -> None:
    """Write the embeddings of NPZ under the ids of TABLE."""
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with np.load(npz) as arrays:
        paths, embedding = arrays["path"], arrays["emb"]
    found = renamed(rows, paths, embedding, id_column, person_column, path_column)
    out = io.BytesIO()
    np.savez(out, **found)
    durable.write_bytes(output, out.getvalue())


def renamed(
    rows: Sequence[dict[str, str]],
    paths: np.ndarray,
    embedding: np.ndarray,
    id_column: str,
    person_column: str,
    path_column: str,
) -> dict[str, np.ndarray]:
    """Return arrays id (n,), person (n,), embedding (n, d) float32, a row of the table each.

    Raises:
        InputError: a column is absent, or a path has no embedding.
    """
    row_of = {path: row for row, path in enumerate(paths.tolist())}
    for column in (id_column, person_column, path_column):
        if rows and column not in rows[0]:
            raise InputError(f"the table has no column {column!r}; it has {', '.join(rows[0])}")
    missing = [row[path_column] for row in rows if row[path_column] not in row_of]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(rows)} files have no embedding, such as {missing[0]!r}"
        )
    at = [row_of[row[path_column]] for row in rows]
    return {
        "id": np.array([row[id_column] for row in rows]),
        "person": np.array([row[person_column] for row in rows]),
        "embedding": embedding[at].astype(np.float32),
    }


if __name__ == "__main__":
    main()
