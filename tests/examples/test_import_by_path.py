"""Somebody else's embeddings under our ids."""

import import_by_path
import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.errors import InputError

TABLE = "sample,who,face\na/1,a,x.png\na/2,a,y.png\nb/1,b,x.png\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    emb = np.array([[1, 0], [0, 2], [3, 3]], np.float16)
    np.savez(tmp_path / "e.npz", path=np.array(["y.png", "x.png", "z.png"]), emb=emb)
    return tmp_path


def run(files, path_column="face"):
    words = [
        files / "table.csv",
        files / "e.npz",
        *f"--id sample --person who --path {path_column} -o {files}/out.npz".split(),
    ]
    return CliRunner().invoke(import_by_path.main, [str(word) for word in words])


def test_each_row_of_the_table_gets_the_embedding_of_its_file(files):
    assert run(files).exit_code == 0
    with np.load(files / "out.npz") as found:
        assert found["id"].tolist() == ["a/1", "a/2", "b/1"]
        assert found["person"].tolist() == ["a", "a", "b"]
        assert found["embedding"].tolist() == [[0, 2], [1, 0], [0, 2]]
        assert found["embedding"].dtype == np.float32


def test_a_file_without_an_embedding_is_named(files):
    with (files / "table.csv").open("a") as table:
        table.write("b/2,b,none.png\n")
    found = run(files).exception
    assert isinstance(found, InputError)
    assert "1 of 4 files" in str(found)
    assert "none.png" in str(found)


def test_a_column_that_is_not_there_is_named(files):
    assert "no column 'picture'; it has sample, who, face" in str(run(files, "picture").exception)
