"""One store of several teachers, in which nobody is embedded by who was trained on them."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import ortho_group

from avkd_cli.__main__ import main  # noqa: F401  the code of an error is the process's
from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store
from avkd_cli.verification.alignment import aligned

PEOPLE = [f"p{number}" for number in range(6)]
IDS = [f"{person}/{take}" for person in PEOPLE for take in range(4)]
TRUE = np.random.default_rng(0).normal(size=(24, 8)).astype(np.float32)


def turned(seed: int) -> np.ndarray:
    return (TRUE @ ortho_group.rvs(8, random_state=seed)).astype(np.float32)


def fold(folder: Path, name: str, rows: np.ndarray, seen: list[str] | None, ids=None) -> Path:
    """A store of a teacher that was trained on some, whom it embeds as something else."""
    ids = IDS if ids is None else ids
    rows = rows[[IDS.index(one) for one in ids]].copy()
    by_heart = [one.split("/")[0] in (seen or ()) for one in ids]
    rows[by_heart] += 50.0 if name == "bad" else 0.01
    content = Embeddings(
        Rows(ids, [one.split("/")[0] for one in ids]),
        rows.shape[1],
        lambda a, b: rows[a:b],
        trained_on=seen,
    )
    build_store(folder / name, content, Origin("x", {}, {"n": name}), Execution(quiet=True))
    return folder / name


def run(*stores: Path, output: Path, more: tuple = ()):
    words = [word for store in stores for word in ("--held-out", str(store))]
    return CliRunner().invoke(cli, ["extract-embeddings", *words, *more, "-o", str(output)])


def test_everybody_is_embedded_by_who_never_saw_them_in_one_space(tmp_path):
    seen = [[p for p in PEOPLE if int(p[1]) % 3 != k] for k in range(3)]
    seen[1] = names.digests(seen[1], "some run")  # as runs keep them
    stores = [fold(tmp_path, f"{k}.zarr", turned(k), seen[k]) for k in range(3)]
    found = run(*stores, output=tmp_path / "out.zarr")
    assert found.exit_code == 0, found.exception
    out = open_store(tmp_path / "out.zarr", "avkd.embeddings")
    assert out.ids == sorted(IDS) and out.head is None
    assert set(PEOPLE) == names.known(out.trained_on, PEOPLE)
    # The spaces are one but for a rotation: what comes out is that of the first.
    first = turned(0)[[IDS.index(one) for one in out.ids]]
    cosines = (first * out.embedding).sum(1) / np.linalg.norm(first, axis=1)
    assert (cosines / np.linalg.norm(out.embedding, axis=1)).min() > 0.999
    held = [one for one in out.ids if one[1] in "14"]  # of the second teacher, as it was
    own = open_store(stores[1], "avkd.embeddings")
    lengths = [
        np.linalg.norm(s.embedding[[s.row_of[one] for one in held]], axis=1) for s in (out, own)
    ]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-5)
    assert f"{stores[2]}: 8 utterances of people whom its teacher never saw" in found.stderr
    assert "aligned 1.000" in found.stderr


def test_a_rotation_is_found_and_changes_no_cosine():
    found = aligned(turned(3), TRUE)
    assert found.map @ found.map.T == pytest.approx(np.eye(8), abs=1e-5)
    assert turned(3) @ found.map == pytest.approx(TRUE, abs=1e-4)
    assert found.after == pytest.approx(1) and found.before < 0.9
    with pytest.raises(ValueError, match="not of the same utterances"):
        aligned(TRUE, TRUE[:, :4])


def test_stores_that_cannot_be_joined_are_refused(tmp_path):
    good = fold(tmp_path, "good.zarr", TRUE, PEOPLE[:3])

    def said(other: Path, code: int = 65) -> str:
        found = run(good, other, output=tmp_path / "out.zarr")
        assert getattr(found.exception, "exit_code", None) == code, found.output
        assert not (tmp_path / "out.zarr").exists()
        return str(found.exception)

    assert "each teacher was trained on p2 (1 of 6 persons)" in said(
        fold(tmp_path, "both.zarr", TRUE, PEOPLE[2:])
    )
    assert "does not say whom its teacher was trained on" in said(
        fold(tmp_path, "unknown.zarr", TRUE, None)
    )
    assert "embeddings of 4 dimensions" in said(fold(tmp_path, "n.zarr", TRUE[:, :4], PEOPLE[3:]))
    assert "p0 (3 of 6 persons), or has no embedding" in said(
        fold(tmp_path, "part.zarr", TRUE, PEOPLE[3:], IDS[12:])
    ).replace("p0, p1, p2", "p0")
    single = run(good, output=tmp_path / "out.zarr")
    assert "give it once for each" in str(single.exception)
    other = run(good, good, output=tmp_path / "out.zarr", more=("--from", "x.npz"))
    assert other.exit_code == 2 or "takes no RUN" in str(other.exception)


def test_the_manifest_says_how_many_teachers_there_were(tmp_path):
    stores = [fold(tmp_path, f"{k}.zarr", turned(k), PEOPLE[k::2]) for k in range(2)]
    found = run(*stores, output=tmp_path / "out.zarr")
    assert json.loads(found.stdout.splitlines()[-1])["held_out"] == 2
