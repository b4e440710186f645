"""Several trial lists scored in one process: as one by one."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.commands.score import score as command
from avkd_cli.config import Execution
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A store of six utterances of three persons, and two lists of trials."""
    made = tmp_path_factory.mktemp("lists")
    ids = [f"p{n // 2}/u{n % 2}" for n in range(6)]
    embedding = np.random.default_rng(3).normal(size=(6, 8)).astype(np.float32)
    build_store(
        made / "e.zarr",
        Embeddings.of(Rows(ids, [one[:2] for one in ids]), embedding),
        Origin("extract-embeddings", inputs={"run": "sha256:r"}, said={"modality": "audio"}),
        Execution(quiet=True),
    )
    lines = [f"{int(a[:2] == b[:2])} {a} {b}\n" for a in ids for b in ids if a < b]
    (made / "whole.txt").write_text("".join(lines))
    (made / "part.txt").write_text("".join(lines[:7]))
    return made


def scored(folder, *words):
    return CliRunner().invoke(command, [str(word) for word in words])


def test_each_list_has_the_file_that_it_has_alone(folder, tmp_path):
    result = scored(
        folder,
        folder / "whole.txt",
        f"few={folder}/part.txt",
        folder / "e.zarr",
        "-o",
        tmp_path / "a.{list}.scores",
        "--metrics",
        tmp_path / "a.{list}.json",
    )
    assert result.exit_code == 0, result.output
    for name, file in {"whole": "whole.txt", "few": "part.txt"}.items():
        alone = tmp_path / f"{name}.alone"
        scored(folder, folder / file, folder / "e.zarr", "-o", alone, "--metrics", f"{alone}.json")
        assert (tmp_path / f"a.{name}.scores").read_bytes() == alone.read_bytes()
        both = [tmp_path / f"a.{name}.json", tmp_path / f"{name}.alone.json"]
        both = [json.loads(one.read_text()) for one in both]
        assert both[0] == both[1]
    assert len(list(tmp_path.glob("a.*"))) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["whole.txt", "whole.txt", "e.zarr"], "two trial lists are called whole"),
        (["whole.txt", "part.txt"], "takes trial lists, each FILE or NAME=FILE, then a STORE"),
        (["e.zarr", "whole.txt"], "then a STORE"),
        (["whole.txt", "e.zarr", "--metrics", "one.json"], "--metrics one.json one"),
    ],
)
def test_what_cannot_be_is_refused_before_a_score(folder, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(folder)
    result = scored(folder, *words, "-o", tmp_path / "{list}.scores")
    assert result.exit_code != 0
    assert said in str(result.exception)
    assert list(tmp_path.iterdir()) == []
