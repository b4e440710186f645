"""`avkd analyze weights`: as a person runs it, over stores of both senses."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.sequences import Pieces, Sequences

IDS = [f"p{n % 4}/{n}" for n in range(8)]


def run(*words, json_too=True):
    """Run the command in this process; return its JSON, or its text. Errors are raised."""
    words = ["analyze", "weights", *map(str, words), *(["--json"] if json_too else [])]
    result = CliRunner().invoke(cli, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if json_too else result.stdout


def write(path, fps, moment, ids=IDS, level="weights"):
    """Write a store whose weights are a function of the second and the number of the id."""
    rows = Rows(ids, [one.split("/")[0] for one in ids])

    def compute(start, stop):
        for row in range(start, stop):
            times = np.arange(2 * fps) / fps
            number = int(ids[row].split("/")[1])
            values = np.asarray(moment(times, number), np.float32)[:, None]
            yield Pieces(row, values, times)

    build_store(
        path,
        Sequences(rows, level, 1, compute, fps=fps),
        Origin("extract-embeddings"),
        Execution(quiet=True),
    )
    return path


@pytest.fixture
def stores(tmp_path):
    heard = write(tmp_path / "heard.zarr", 100, lambda t, n: 3 + np.sin(3 * t + n))
    order = IDS[::-1]  # joined by ids, not by rows
    return heard, write(tmp_path / "seen.zarr", 25, lambda t, n: 1 + np.sin(3 * t + n), order)


def test_senses_that_count_the_same_moments_agree(stores):
    found = run(*stores)
    (pair,) = found["pairs"]
    assert (pair["a"], pair["b"], pair["utterances"], pair["persons"]) == ("heard", "seen", 8, 4)
    assert pair["correlation"] > 0.999 and pair["low"] > 0.999
    heard, seen = found["stores"]
    assert (heard["moments"], seen["moments"]) == (8 * 200, 8 * 50)
    assert heard["decided"] < seen["decided"]  # the same swing on a third of the mean
    line = found["shown"][0]["series"]
    assert len(found["shown"]) == 4
    assert line["heard"]["highest_s"] == pytest.approx(line["seen"]["highest_s"], abs=0.04)


def test_one_named_is_shown_alone_and_drawn(stores, tmp_path):
    found = run(*stores, "--utterance", "p1/5", "--plot", tmp_path / "w.svg")
    assert [one["id"] for one in found["shown"]] == ["p1/5"]
    assert "p1/5" in (tmp_path / "w.svg").read_text()
    text = run(*stores, "--utterance", "p1/5", json_too=False)
    assert "heard - seen" in text and "highest moment" in text and "+1.000" in text


def test_stills_have_one_moment_and_agree_with_nothing(stores, tmp_path):
    still = write(tmp_path / "still.zarr", 0.5, lambda t, n: [1.0])
    found = run(stores[0], still)
    assert found["pairs"][0]["correlation"] is None and found["shown"] == []


def test_what_cannot_be_told_is_refused(stores, tmp_path):
    frames = write(tmp_path / "frames.zarr", 25, lambda t, n: t, level="frames")
    with pytest.raises(InputError, match=r"frames.zarr: holds frames, wanted the weights"):
        run(stores[0], frames)
    others = write(tmp_path / "others.zarr", 25, lambda t, n: t, ids=["x/1", "y/2"])
    with pytest.raises(InputError, match="share no utterance"):
        run(stores[0], others)
    with pytest.raises(InputError, match="p9/9 not in all of the stores"):
        run(*stores, "--utterance", "p9/9")
