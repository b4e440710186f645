"""`avkd analyze classify`: as a person runs it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text_stores import classify_parts
from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.verify import faults_of_store

MOODS = ["angry", "happy", "sad"]
PERSONS, TAKES = 12, 6
IDS = [f"p{person:02d}/{take}" for person in range(PERSONS) for take in range(TAKES)]
MOOD_OF = {one: MOODS[int(one[-1]) % 3] for one in IDS}


def run(*args):
    """Run `avkd analyze classify …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", "classify", *map(str, args), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def write_store(path, ids, said, classes=MOODS, label="emotion", level="posteriors"):
    """Write posteriors that give `said` of each id 0.8."""
    path.parent.mkdir(exist_ok=True)
    rest = 0.2 / (len(classes) - 1)
    values = np.full((len(ids), len(classes)), rest, np.float32)
    values[np.arange(len(ids)), [classes.index(one) for one in said]] = 0.8
    content = Embeddings(
        Rows(ids, [one.split("/")[0] for one in ids]),
        len(classes),
        lambda start, stop: values[start:stop],
        label=label,
        names=classes,
    )
    origin = Origin("extract-embeddings", said={"level": level})
    build_store(path, content, origin, Execution(quiet=True))
    assert not list(faults_of_store(path))
    return path


def said(right, seed=0, ids=IDS):
    """Say the true mood with a probability, else the next one."""
    hit = np.random.default_rng(seed).random(len(ids)) < right
    return [
        MOOD_OF[one] if good else MOODS[(MOODS.index(MOOD_OF[one]) + 1) % 3]
        for one, good in zip(ids, hit, strict=True)
    ]


@pytest.fixture
def people(tmp_path):
    lines = [{"id": one, "person": one[:3], "emotion": MOOD_OF[one]} for one in IDS]
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def in_folds(folder, right, seed=0, count=3):
    """Write one store a fold of persons."""
    for fold in range(count):
        ids = [one for one in IDS if int(one[1:3]) % count == fold]
        write_store(folder / f"fold{fold + 8}.zarr", ids, said(right, seed + fold, ids))
    return folder


def test_figures_by_hand(tmp_path, people):
    ids = IDS[:6]  # moods angry happy sad angry happy sad
    guesses = ["angry", "happy", "happy", "angry", "sad", "happy"]
    store = write_store(tmp_path / "a.zarr", ids, guesses)
    found = run(store, "--list", people, "--resamples", 0)
    (one,) = found["systems"]
    assert found["classes"] == MOODS
    assert one["confusion"] == [[2, 0, 0], [0, 1, 1], [0, 2, 0]]
    assert one["accuracy"] == {"percent": pytest.approx(50), "low": None, "high": None}
    assert one["unweighted_accuracy"]["percent"] == pytest.approx(50)
    # F1: angry 1, happy 2 / (2 + 2 + 1), sad 0.
    assert one["macro_f1"]["percent"] == pytest.approx(100 * (1 + 0.4 + 0) / 3)
    assert found["chance_percent"] == pytest.approx(100 / 3)


def test_a_folder_of_stores_is_a_system_of_folds(tmp_path, people):
    found = run(
        in_folds(tmp_path / "plain", 0.6),
        in_folds(tmp_path / "taught", 0.95, 5),
        *f"--list {people} --resamples 200".split(),
    )
    plain, taught = found["systems"]
    assert (plain["name"], taught["name"]) == ("plain", "taught")
    assert [one["name"] for one in plain["folds"]] == ["fold8", "fold9", "fold10"]
    assert sum(one["utterances"] for one in plain["folds"]) == found["utterances"] == len(IDS)
    mean = np.mean([one["unweighted_accuracy"] for one in plain["folds"]])
    assert plain["mean_over_folds"]["unweighted_accuracy"] == pytest.approx(mean)
    assert np.sum(plain["confusion"]) == len(IDS)
    (change,) = found["differences"]
    assert change["unweighted_accuracy"]["low"] > 0
    assert change["unweighted_accuracy"]["verdict"] == "better"
    text = document(classify_parts(found))
    assert "mean of 3 folds" in text
    assert "taught - plain" in text
    assert "angry" in text


def test_the_order_of_classes_and_rows_does_not_matter(tmp_path, people):
    guesses = said(0.7)
    first = write_store(tmp_path / "a.zarr", IDS, guesses)
    second = write_store(tmp_path / "b.zarr", IDS[::-1], guesses[::-1], MOODS[::-1])
    found = run(first, second, "--list", people, "--resamples", 100)
    one, other = found["systems"]
    assert one["confusion"] == other["confusion"]
    assert found["differences"][0]["accuracy"]["value"] == 0


def test_classes_that_a_run_keeps_as_digests_are_named_by_the_list(tmp_path, people):
    plain = write_store(tmp_path / "plain.zarr", IDS, said(0.7))
    hidden = names.digests(MOODS, "sha256:run")
    mine = dict(zip(MOODS, hidden, strict=True))
    other = write_store(tmp_path / "s.zarr", IDS, [mine[one] for one in said(0.7)], hidden)
    found = run(plain, other, "--list", people, "--resamples", 0)
    assert found["classes"] == MOODS
    assert found["systems"][0]["confusion"] == found["systems"][1]["confusion"]


def test_a_class_that_a_fold_lacks_counts_as_wrong_and_is_said(tmp_path, people):
    ids, rest = IDS[:36], IDS[36:]
    write_store(tmp_path / "s/1.zarr", ids, said(1.0, ids=ids))
    unknown = [mood if mood != "sad" else "happy" for mood in said(1.0, ids=rest)]
    write_store(tmp_path / "s/2.zarr", rest, unknown, ["angry", "happy"])
    found = run(tmp_path / "s", "--list", people)
    (one,) = found["systems"]
    assert [fold["accuracy"] for fold in one["folds"]] == pytest.approx([100, 100 * 2 / 3])
    assert any("s, 2: the network does not know 'sad'" in text for text in found["notes"])


def test_who_speaks_needs_no_list(tmp_path):
    persons = sorted({one[:3] for one in IDS})
    store = write_store(tmp_path / "a.zarr", IDS, [one[:3] for one in IDS], persons, "person")
    assert run(store, "--resamples", 0)["systems"][0]["accuracy"]["percent"] == 100


def test_a_picture_of_the_confusions_is_drawn(tmp_path, people):
    store = write_store(tmp_path / "a.zarr", IDS, said(0.7))
    run(store, "--list", people, "--resamples", 0, "--plot", tmp_path / "c.svg")
    svg = (tmp_path / "c.svg").read_text()
    assert "angry" in svg
    assert "true emotion" in svg


def test_what_does_not_fit_is_said_in_one_line(tmp_path, people):
    store = write_store(tmp_path / "a.zarr", IDS, said(0.7))
    with pytest.raises(InputError, match="give their --list"):
        run(store)
    with pytest.raises(InputError, match="has no mood"):
        run(store, "--list", people, "--label", "mood")
    fewer = write_store(tmp_path / "b.zarr", IDS[:-6], said(0.7, ids=IDS[:-6]))
    with pytest.raises(InputError, match="6 utterances are not in both"):
        run(store, fewer, "--list", people)
    vectors = write_store(tmp_path / "v.zarr", IDS, said(0.7), level="posteriors")
    other = write_store(tmp_path / "p.zarr", IDS, said(0.7), label="mood")
    with pytest.raises(InputError, match="of one label"):
        run(vectors, other, "--list", people)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="neither a store nor a folder"):
        run(tmp_path / "empty")


def test_an_embedding_store_holds_no_posteriors(tmp_path, people):
    content = Embeddings(Rows(["a"], ["p"]), 2, lambda a, b: np.ones((b - a, 2), np.float32))
    build_store(tmp_path / "e.zarr", content, Origin("x"), Execution(quiet=True))
    with pytest.raises(InputError, match="--level posteriors"):
        run(tmp_path / "e.zarr", "--list", people)


@pytest.mark.parametrize(("shared", "what"), [("p00/0", "utterance"), ("p00/9", "person")])
def test_nobody_may_be_in_two_folds(tmp_path, people, shared, what):
    write_store(tmp_path / "s/1.zarr", IDS[:6], ["sad"] * 6)
    write_store(tmp_path / "s/2.zarr", [shared, *IDS[6:12]], ["sad"] * 7)
    with pytest.raises(InputError, match=f"{what} '.*' is in two folds, 1.zarr and 2.zarr"):
        run(tmp_path / "s", "--list", people)
