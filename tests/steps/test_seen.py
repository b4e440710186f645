"""A test on whom was trained on is never passed over in silence."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution, ScoreConfig
from avkd_cli.errors import InputError
from avkd_cli.steps.score import score_or_fuse
from avkd_cli.steps.seen import Seen, of_scores, seen
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import AAM, StoredHead
from avkd_cli.storage.store import open_store

PLAIN = ScoreConfig()
PERSONS = [f"p{n}" for n in range(6)]


def store(path, persons=PERSONS, trained=None, seed=0, classes=None):
    """Three embeddings a person; trained on some, where that is known."""
    rng = np.random.default_rng(seed)
    who = [person for person in persons for _ in range(3)]
    ids = [f"{person}/{n % 3}" for n, person in enumerate(who)]
    vectors = np.repeat(rng.normal(size=(len(persons), 8)), 3, axis=0) + rng.normal(
        size=(len(ids), 8)
    )
    rows = classes if classes is not None else trained
    head = rows and StoredHead(AAM, rows, np.ones((len(rows), 8), np.float32), 30.0)
    content = Embeddings.of(Rows(ids, who), vectors.astype(np.float32), head)
    if classes is not None:
        content = Embeddings(
            content.rows, 8, content.compute, head, "emotion" if classes else "person", trained
        )
    origin = Origin("extract-embeddings", inputs={"run": "sha256:r"}, said={"modality": "audio"})
    build_store(path, content, origin, Execution(quiet=True))
    return str(path)


@pytest.fixture
def trials(tmp_path):
    pairs = [(int(a == b), f"{a}/0", f"{b}/1") for i, a in enumerate(PERSONS) for b in PERSONS[i:]]
    (tmp_path / "t.txt").write_text("".join(f"{t} {a} {b}\n" for t, a, b in pairs))
    return str(tmp_path / "t.txt")


def test_persons_and_trials_are_counted_by_hand():
    enrol, test = ["a", "a", "b", "", "c"], ["a", "b", "c", "a", "d"]
    assert seen(enrol, test, {"a", "x"}, {"a", "x"}) == Seen(1, 4, 3, 5)
    assert seen(enrol, test, set(), {"d"}) == Seen(1, 4, 1, 5)  # of the tests' network alone
    assert seen(enrol, test, (), ()) == Seen(0, 4, 0, 5)
    assert seen([""], [""], {""}, {""}) == Seen(0, 0, 0, 1)


@pytest.mark.parametrize("hide", [list, lambda people: names.digests(people, "sha256:run")])
def test_score_says_how_many_were_trained_on_and_strict_refuses(tmp_path, trials, capsys, hide):
    known = store(tmp_path / "e.zarr", trained=hide(["p0", "p1", "somebody"]))
    score_or_fuse(
        (trials, known), PLAIN, output=tmp_path / "x.scores", metrics=tmp_path / "x.metrics.json"
    )
    # 6 + 5 of the 21 trials have one of the two on either side.
    said = (
        "2 of 6 persons of these trials (11 of 21 trials) are persons that the network was trained"
    )
    assert said in capsys.readouterr().err
    summary = json.loads((tmp_path / "x.metrics.json").read_text())
    expected = {"persons": 2, "of": 6, "trials": 11, "of_trials": 21}
    assert summary["seen_in_training"] == expected
    with pytest.raises(InputError, match=r"2 of 6 persons .*--strict"):
        score_or_fuse((trials, known), PLAIN, output=tmp_path / "y.scores", strict=True)
    assert not (tmp_path / "y.scores").exists()


@pytest.mark.parametrize("trained", [None, ["q0", "q1"]])
def test_strangers_and_unknown_networks_are_not_warned_of(tmp_path, trials, capsys, trained):
    score_or_fuse(
        (trials, store(tmp_path / "e.zarr", trained=trained)),
        PLAIN,
        strict=True,
        output=tmp_path / "x.scores",
    )
    assert "train" not in capsys.readouterr().err


def test_who_was_trained_on_is_known_where_classes_are_others(tmp_path, trials, capsys):
    known = store(tmp_path / "e.zarr", trained=["p3"], classes=["sad", "glad"])
    assert open_store(known).trained_on == ["p3"]
    score_or_fuse((trials, known), PLAIN, output=tmp_path / "x.scores")
    assert "1 of 6 persons of these trials (6 of 21 trials)" in capsys.readouterr().err


def test_a_cohort_of_the_trials_persons_is_warned_of(tmp_path, trials, capsys):
    tested = store(tmp_path / "e.zarr")
    cohort = store(tmp_path / "c.zarr", persons=["p5", "q0", "q1", "q2"], trained=["q0", "q1"])
    settings = ScoreConfig(norm="s")
    score_or_fuse((trials, tested), settings, cohort=cohort, output=tmp_path / "x.scores")
    said = capsys.readouterr().err
    assert "warning: " in said and "1 of 4 persons of the cohort are persons of the trials" in said
    assert "2 of 4 persons of the cohort were trained on" in said
    with pytest.raises(InputError, match="1 of 4 persons of the cohort"):
        score_or_fuse(
            (trials, tested), settings, cohort=cohort, output=tmp_path / "y.scores", strict=True
        )
    others = store(tmp_path / "d.zarr", persons=["q0", "q1", "q2"], trained=["q0", "q1"])
    score_or_fuse(
        (trials, tested), settings, cohort=others, output=tmp_path / "z.scores", strict=True
    )


def test_a_calibration_remembers_on_whom_it_was_trained(tmp_path, trials, capsys):
    known, model = store(tmp_path / "e.zarr", trained=["p0"]), tmp_path / "llr.json"
    score_or_fuse((trials, known), PLAIN, train_calibration=model, output=tmp_path / "x.scores")
    said = capsys.readouterr().err
    assert "llr.json: the calibration is trained on trials of which 1 of 6 persons" in said
    (tmp_path / "other.txt").write_text("1 p4/0 p4/1\n0 p4/0 p5/1\n1 p5/0 p5/2\n0 p5/0 p4/2\n")
    other = str(tmp_path / "other.txt"), known
    score_or_fuse(other, PLAIN, calibrate=model, output=tmp_path / "y.scores")
    said = capsys.readouterr().err
    assert "1 of 6 persons are such that the network was trained on" in said
    assert "these very trials" not in said
    with pytest.raises(InputError, match="the calibration is trained on trials"):
        score_or_fuse(other, PLAIN, calibrate=model, output=tmp_path / "z.scores", strict=True)
    score_or_fuse((trials, known), PLAIN, calibrate=model, output=tmp_path / "w.scores")
    assert "trained on these very trials" in capsys.readouterr().err


def test_score_files_tell_it_by_the_summary_beside_them(tmp_path, trials, capsys):
    known, scores = store(tmp_path / "e.zarr", trained=["p0"]), tmp_path / "a.t.scores"
    score_or_fuse((trials, known), PLAIN, output=scores, metrics=tmp_path / "a.t.metrics.json")
    capsys.readouterr()
    assert of_scores(scores, 21) == Seen(1, 6, 6, 21)
    assert of_scores(scores, 20) is None  # of other trials
    assert of_scores(tmp_path / "absent.scores", 21) is None
    said = (
        "1 of 6 persons of these trials (6 of 21 trials) are persons that the network was trained"
    )
    for command in ("metrics", "det", "compare"):
        names = [str(scores)] * (2 if command == "compare" else 1)
        found = CliRunner().invoke(cli, ["analyze", command, *names])
        assert (found.exit_code, said in found.stderr) == (0, True), found.output
        found = CliRunner().invoke(cli, ["analyze", command, *names, "--strict"])
        assert isinstance(found.exception, InputError)
    both = ["--a", str(scores), "--b", str(scores)]
    for words in (["venn", *both], ["table", str(scores)], ["report", str(tmp_path)]):
        found = CliRunner().invoke(cli, ["analyze", *words, "--strict"])
        assert isinstance(found.exception, InputError) and said in str(found.exception), words
    score_or_fuse((str(scores),), ScoreConfig(fuse="mean"), output=tmp_path / "b.scores")
    assert said in capsys.readouterr().err
    with pytest.raises(InputError, match="--strict"):
        score_or_fuse(
            (str(scores),), ScoreConfig(fuse="mean"), output=tmp_path / "c.scores", strict=True
        )


def test_identification_among_training_people_is_warned_of(tmp_path, capsys):
    known = store(tmp_path / "e.zarr", trained=["p0", "p2"])
    found = CliRunner().invoke(cli, ["analyze", "identify", known, "--resamples", "0"])
    assert found.exit_code == 0, found.output
    assert "2 of 6 persons that are tested are persons that the network was trained" in found.stderr
    found = CliRunner().invoke(cli, ["analyze", "identify", known, "--resamples", "0", "--strict"])
    assert isinstance(found.exception, InputError)
    strangers = store(tmp_path / "s.zarr", trained=["q0"])
    found = CliRunner().invoke(
        cli, ["analyze", "identify", strangers, "--resamples", "0", "--strict"]
    )
    assert found.exit_code == 0, found.output
