"""`avkd analyze tsne`: as a person runs it."""

import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text_stores import tsne_parts
from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError, UsageError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings

IDS = [f"p{person}/{take}" for person in range(8) for take in range(12)]
ODD = "p3/5"  # lies at another person's place in the store "audio"


def run(*args):
    """Run `avkd analyze tsne …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", "tsne", *map(str, args), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def embeddings(seed, odd=None):
    rng = np.random.default_rng(seed)
    centre = {f"p{person}": rng.normal(size=16) for person in range(9)}
    x = np.stack([centre[one.split("/")[0]] + 0.1 * rng.normal(size=16) for one in IDS])
    if odd:
        x[IDS.index(odd)] = centre["p8"]
    return x.astype(np.float32)


def write_store(path, x, ids=IDS):
    content = Embeddings.of(Rows(ids, [one.split("/")[0] for one in ids]), x)
    build_store(path, content, Origin("extract-embeddings"), Execution(quiet=True))
    return path


@pytest.fixture
def stores(tmp_path):
    order = np.random.default_rng(9).permutation(len(IDS))
    audio = write_store(tmp_path / "audio.zarr", embeddings(0, ODD))
    visual = embeddings(1)[order]  # joined by ids, not by rows
    return audio, write_store(tmp_path / "visual.zarr", visual, [IDS[at] for at in order])


def test_outliers_are_counted_per_store(stores):
    found = run(*stores)
    audio, visual = found["stores"]
    assert (found["persons"], found["recordings"]) == (8, 96)
    assert audio["outlying"] == [ODD]
    assert audio["outliers"] == 1
    assert ODD not in visual["outlying"]
    assert "places" not in audio
    assert "2 standard deviations" in found["rule"]


def test_persons_recordings_and_a_list_choose(stores, tmp_path):
    found = run(*stores, "--persons", 3, "--recordings", 5)
    assert found["recordings"] == 15
    listed = tmp_path / "some.jsonl"
    listed.write_text(
        "".join(
            json.dumps({"id": one, "person": one.split("/")[0], "audio": f"{one}.wav"}) + "\n"
            for one in IDS[:30]
        )
    )
    found = run(*stores, "--list", listed)
    assert found["ids"] == IDS[:30]


def test_a_picture_is_drawn_and_its_places_keep_people_together(stores, tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    plot = tmp_path / "tsne.png"
    found = run(*stores, "--plot", plot, "--perplexity", 8)
    assert plot.read_bytes().startswith(b"\x89PNG")
    for one in found["stores"]:
        places = np.array(one["places"])
        apart = np.linalg.norm(places[:, None] - places, axis=-1) + 1e9 * np.eye(len(places))
        who = np.array([id.split("/")[0] for id in found["ids"]])
        assert np.mean(who[apart.argmin(axis=1)] == who) > 0.9
    again = run(*stores, "--plot", plot, "--perplexity", 8)
    assert again == found


def test_without_scikit_learn_only_the_picture_is_refused(stores, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    assert run(*stores)["stores"][0]["outliers"] == 1
    with pytest.raises(UsageError, match=r"pip install 'avkd\[tsne\]'"):
        run(*stores, "--plot", tmp_path / "x.png")


def write_scores(path, wrong):
    """Write trials of which those of `wrong` recordings, each with its next, are taken wrongly."""
    lines = []
    for at, one in enumerate(IDS):
        same, other = IDS[at - at % 12 + (at + 1) % 12], IDS[(at + 12) % len(IDS)]
        miss = 0.1 if one in wrong else 0.9
        lines += [f"{one} {same} {miss} target", f"{one} {other} {0.2 + at / 1000} nontarget"]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_hard_recordings_are_those_of_most_wrong_trials_and_counted_apart(stores, tmp_path):
    scores = write_scores(tmp_path / "audio.scores", {ODD, "p3/4", "p6/0"})
    # Three targets are missed, p3/4 with p3/5, p3/5 with p3/6, p6/0 with p6/1, and at the EER's
    # threshold as many nontargets are taken: p3/5 alone is in two wrong trials.
    every = run(*stores, "--hard", scores)["hard"]
    assert every[0] == {"id": ODD, "wrong": 2} and {one["wrong"] for one in every[1:]} == {1, 0}
    assert {"p3/4", "p3/6", "p6/0", "p6/1"} < {one["id"] for one in every if one["wrong"]}
    found = run(*stores, "--hard", scores, "--samples", 1)
    assert found["persons"] == 1 and found["recordings"] == 12
    audio, visual = found["stores"]
    assert (audio["hard_outliers"], visual["hard_outliers"]) == (1, 0)
    assert "1 of 1" in document(tsne_parts(found))
    few = run(*stores, "--hard", scores, "--samples", 1, "--recordings", 2)
    assert ODD in few["ids"] and few["recordings"] == 3


def test_hard_ones_are_crossed_in_the_picture(stores, tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    scores = write_scores(tmp_path / "audio.scores", {ODD})
    plot = tmp_path / "hard.svg"
    run(*stores, "--hard", scores, "--plot", plot)
    assert "crosses: hard ones" in plot.read_text()
    run(*stores, "--plot", plot)
    assert "crosses" not in plot.read_text()


def test_without_errors_the_hard_ones_are_the_nearest_to_one(stores, tmp_path):
    lines = [
        f"{one} {IDS[at - at % 12 + (at + 1) % 12]} {0.5 + at / 1000} target"
        for at, one in enumerate(IDS)
    ]
    scores = tmp_path / "clean.scores"
    scores.write_text("\n".join([*lines, "p0/0 p1/0 0.1 nontarget"]) + "\n")
    found = run(*stores, "--hard", scores, "--samples", 1)
    assert found["hard"] == [{"id": "p0/0", "wrong": 0}]


def test_scores_of_other_recordings_are_refused(stores, tmp_path):
    scores = tmp_path / "others.scores"
    scores.write_text("x/1 x/2 0.9 target\nx/1 y/1 0.1 nontarget\n")
    with pytest.raises(InputError, match="no trial of a recording that all stores hold"):
        run(*stores, "--hard", scores)


def test_stores_without_a_person_in_common_are_refused(stores, tmp_path):
    other = write_store(tmp_path / "other.zarr", embeddings(0)[:2], ["x/1", "y/1"])
    with pytest.raises(InputError, match="no person has two"):
        run(stores[0], other)


def test_a_person_reads_counts_and_the_rule(stores):
    lines = document(tsne_parts(run(*stores))).splitlines()
    assert lines[0] == "96 recordings of 8 persons"
    assert lines[3].split()[:2] == ["audio", "1"]
    assert lines[-1].startswith("Outlier: distance")


def test_scores_that_spell_recordings_with_their_extension_are_theirs(stores, tmp_path):
    scores = write_scores(tmp_path / "audio.scores", {ODD, "p3/4"})
    plain = run(*stores, "--hard", scores)["hard"]
    lines = [line.split() for line in scores.read_text().splitlines()]
    spelled = [f"{a}.wav {b}.wav {score} {label}\n" for a, b, score, label in lines]
    (tmp_path / "spelled.scores").write_text("".join(spelled))
    assert run(*stores, "--hard", tmp_path / "spelled.scores")["hard"] == plain
