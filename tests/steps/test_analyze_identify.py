"""`avkd analyze identify`: as a person runs it."""

import json
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import identify_parts
from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError, UsageError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings

PERSONS, TAKES = 12, 4
IDS = [f"p{person:02d}/{take}" for person in range(PERSONS) for take in range(TAKES)]


def run(*args):
    """Run `avkd analyze identify …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", "identify", *map(str, args), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def write_store(path, x, ids=IDS, persons=None):
    content = Embeddings.of(Rows(ids, persons or [one.split("/")[0] for one in ids]), x)
    build_store(path, content, Origin("extract-embeddings"), Execution(quiet=True))
    return path


def embeddings(noise, seed=0, persons=PERSONS, takes=TAKES):
    rng = np.random.default_rng(seed)
    centre = np.repeat(np.random.default_rng(99).normal(size=(persons, 16)), takes, axis=0)
    return centre + noise * rng.normal(size=centre.shape)


@pytest.fixture
def good(tmp_path):
    return write_store(tmp_path / "good.zarr", embeddings(0.8))


@pytest.fixture
def poor(tmp_path):
    return write_store(tmp_path / "poor.zarr", embeddings(3.0, seed=1))


def write_scores(path, rows):
    path.write_text("".join(f"{e} {t} {s} {kind}\n" for e, t, s, kind in rows))
    return path


@pytest.fixture
def by_hand(tmp_path):
    """Three candidates A B C. Probes of A are first, second; of B second; of C tied with one."""
    table = {
        "A/1": (0.9, 0.5, 0.1),
        "A/2": (0.5, 0.9, 0.1),
        "B/1": (0.1, 0.5, 0.9),
        "C/1": (0.1, 0.7, 0.7),
    }
    rows = [
        (f"{person}/model", probe, score, "target" if person == probe[0] else "nontarget")
        for probe, scores in table.items()
        for person, score in zip("ABC", scores, strict=True)
    ]
    return write_scores(tmp_path / "hand.scores", rows)


def test_rates_by_hand(by_hand):
    found = run(by_hand, "--ranks", "1,2,3,9", "--resamples", 0)
    (one,) = found["systems"]
    assert (found["probes"], found["persons"]) == (4, 3)
    assert found["gallery"] == {"smallest": 3, "largest": 3}
    assert found["chance_percent"] == pytest.approx(100 / 3)
    rates = {
        key: rate["percent"] for key, rate in one.items() if key not in ("name", "cmc_percent")
    }
    assert rates == pytest.approx(
        {
            "rank_1": 100 * (1 + 0 + 0 + 0.5) / 4,
            "rank_2": 100,
            "rank_3": 100,  # rank 9 of three there is not
            "unweighted_accuracy": 100 * (0.5 + 0 + 0.5) / 3,
            # Of the pairs with the right one: both won; one; one; one, the tied one by half.
            "match_1_of_2": 100 * (1 + 0.5 + 0.5 + 0.75) / 4,
            "match_1_of_3": 100 * 1.5 / 4,
        }
    )
    assert one["cmc_percent"] == pytest.approx([37.5, 100, 100])


def test_stores_and_the_score_file_of_the_same_trials_agree(good, tmp_path):
    ids = IDS
    trials = [
        f"{int(e.split('/')[0] == t.split('/')[0])} {e} {t}\n"
        for e in ids[::TAKES]
        for k, t in enumerate(ids)
        if k % TAKES
    ]
    (tmp_path / "trials.txt").write_text("".join(trials))
    scores = tmp_path / "good.scores"
    args = ["score", str(tmp_path / "trials.txt"), str(good), "-o", str(scores), "-q"]
    assert CliRunner().invoke(cli, args).exit_code == 0
    of_store, of_scores = run(good), run(scores)
    for key in ("systems", "probes", "persons", "gallery", "chance_percent"):
        assert of_store[key] == of_scores[key]
    assert of_store["enrolled_utterances"] == PERSONS


def test_every_rate_lies_in_its_interval_and_better_embeddings_are_better(good, poor):
    found = run(good, poor, "--seed", 3)
    assert [one["name"] for one in found["systems"]] == ["good", "poor"]
    better, worse = found["systems"]
    for key in (
        "rank_1",
        "rank_5",
        "unweighted_accuracy",
        *(f"match_1_of_{n}" for n in range(2, 11)),
    ):
        assert worse[key]["low"] <= worse[key]["percent"] <= worse[key]["high"]
        assert worse[key]["percent"] <= better[key]["percent"]
    (change,) = found["differences"]
    assert change["rank_1"]["verdict"] == "worse"
    assert change["rank_1"]["value"] == pytest.approx(
        worse["rank_1"]["percent"] - better["rank_1"]["percent"]
    )
    assert found == run(good, poor, "--seed", 3) != run(good, poor, "--seed", 4)


def test_enrolment_is_of_a_list_or_of_so_many_first_ones(good, tmp_path):
    first = run(good, "--enrol-first", 2)
    assert (first["enrolled_utterances"], first["probes"]) == (2 * PERSONS, 2 * PERSONS)
    enrol = tmp_path / "enrol.jsonl"
    chosen = [id for id in IDS if id.endswith(("/0", "/1"))]
    enrol.write_text("".join(json.dumps({"id": id}) + "\n" for id in chosen))
    assert run(good, "--enrol", enrol)["systems"] == first["systems"]
    # A gallery without two persons: their utterances are nobody's probes.
    enrol.write_text("".join(json.dumps({"id": id}) + "\n" for id in chosen[4:]))
    fewer = run(good, "--enrol", enrol)
    assert (fewer["probes"], fewer["without_person_in_gallery"]) == (2 * (PERSONS - 2), 8)


def test_voices_are_looked_for_among_faces(good, tmp_path):
    faces = write_store(tmp_path / "faces.zarr", embeddings(0.8, seed=7))
    found = run(good, "--gallery", faces)
    assert found["systems"][0]["rank_1"]["percent"] > 60
    odd = write_store(tmp_path / "odd.zarr", embeddings(0.8)[:, :8])
    with pytest.raises(InputError, match="one space"):
        run(good, "--gallery", odd)


def test_guessing_is_right_as_often_as_chance(tmp_path):
    rng = np.random.default_rng(0)
    ids = [f"p{person:02d}/{take}" for person in range(40) for take in range(21)]
    store = write_store(tmp_path / "noise.zarr", rng.normal(size=(len(ids), 16)), ids)
    found = run(store)
    (one,) = found["systems"]
    for n in range(2, 11):
        assert one[f"match_1_of_{n}"]["percent"] == pytest.approx(100 / n, abs=3)
        assert one[f"match_1_of_{n}"]["low"] < 100 / n < one[f"match_1_of_{n}"]["high"]
    assert one["rank_1"]["percent"] == pytest.approx(100 / 40, abs=1.5)


def test_a_list_chooses_the_probes_and_the_curve_is_drawn(good, tmp_path):
    chosen = tmp_path / "some.jsonl"
    chosen.write_text("".join(json.dumps({"id": id}) + "\n" for id in IDS[:20]))
    found = run(good, "--list", chosen, "--plot", tmp_path / "cmc.svg")
    assert found["probes"] == 15
    assert "chance: 8.3 %" in (tmp_path / "cmc.svg").read_text()


def test_persons_come_from_a_list_or_from_the_candidates(by_hand, tmp_path):
    plain = tmp_path / "plain.scores"
    plain.write_text(by_hand.read_text().replace("/", "_"))
    assert run(plain)["persons"] == run(by_hand)["persons"] == 3
    people = tmp_path / "people.jsonl"
    ids = {line.split()[1] for line in plain.read_text().splitlines()}  # the models are not in it
    people.write_text("".join(json.dumps({"id": id, "person": id[0]}) + "\n" for id in ids))
    (named,), (hand,) = run(plain, "--people", people)["systems"], run(by_hand)["systems"]
    assert named == hand | {"name": "plain"}
    people.write_text('{"id": "A_1", "person": "A"}\n')
    with pytest.raises(InputError, match="no person is known of 3 of 4 ids"):
        run(plain, "--people", people)


T, N = "target", "nontarget"


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([("A", "p", 1, T), ("B", "p", 0, N), ("B", "q", 0, N)], "no target trial"),
        ([("A", "p", 1, T), ("A2", "p", 1, T), ("B", "p", 0, N)], "several target trials"),
        ([("A", "p", 1, T), ("B", "p", 0, N), ("A", "q", 0, T)], "no other candidate"),
        ([("A", "p", 1, T)], "no nontarget"),
    ],
)
def test_score_files_that_are_no_galleries_are_refused(tmp_path, rows, complaint):
    with pytest.raises(InputError, match=complaint):
        run(write_scores(tmp_path / "bad.scores", rows))


def test_score_files_without_ids_or_labels_are_refused(tmp_path):
    (tmp_path / "bob.scores").write_text("1 0.5\n-1 0.2\n")
    with pytest.raises(InputError, match="has no ids"):
        run(tmp_path / "bob.scores")
    (tmp_path / "kaldi.scores").write_text("a p 0.5\nb p 0.2\n")
    with pytest.raises(InputError, match="--trials"):
        run(tmp_path / "kaldi.scores")


def test_stores_that_cannot_identify_are_refused(good, tmp_path):
    enrol = tmp_path / "enrol.jsonl"

    def enrolling(*ids):
        enrol.write_text("".join(json.dumps({"id": id}) + "\n" for id in ids))
        return good, "--enrol", enrol

    with pytest.raises(InputError, match=r"1 of 2 utterances are not in .*'x/y'"):
        run(*enrolling("p00/0", "x/y"))
    with pytest.raises(InputError, match="a gallery of 1 persons"):
        run(*enrolling("p00/0"))
    with pytest.raises(InputError, match="no probe is left"):
        run(*enrolling(*IDS))
    with pytest.raises(InputError, match=r"lacks 1 of 36 probes .*'p11/3'"):
        run(good, write_store(tmp_path / "less.zarr", embeddings(1)[:-1], IDS[:-1]))
    x = embeddings(1)
    x[5] = 0
    with pytest.raises(InputError, match="zero or not finite"):
        run(write_store(tmp_path / "zero.zarr", x))
    nobody = write_store(tmp_path / "nobody.zarr", x, persons=[""] * len(IDS))
    with pytest.raises(InputError, match="a gallery of 0 persons"):
        run(nobody)
    with pytest.raises(InputError, match="nobody is known of 'p00/0'"):
        run(nobody, *enrolling("p00/0", "p01/0")[1:])


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["good.zarr", "hand.scores"], "one kind"),
        (["good.zarr", "--trials", "t"], "--trials says nothing of stores"),
        (["hand.scores", "--enrol-first", "1"], "--enrol-first says nothing of score files"),
        (["good.zarr", "--enrol", "e", "--enrol-first", "1"], "cannot both"),
    ],
)
def test_impossible_combinations_are_usage_errors(good, by_hand, monkeypatch, args, complaint):
    monkeypatch.chdir(good.parent)
    with pytest.raises(UsageError, match=complaint):
        run(*args)


@pytest.mark.parametrize("wrong", ["0", "x", "1,-2", ""])
def test_ranks_that_are_none_are_usage_errors(good, wrong):
    result = CliRunner().invoke(cli, ["analyze", "identify", str(good), "--ranks", wrong])
    assert result.exit_code == 2


def test_few_persons_and_rates_at_the_end_are_said(good, tmp_path):
    perfect = write_store(tmp_path / "perfect.zarr", embeddings(0.01))
    notes = " ".join(run(perfect)["notes"])
    assert "fewer than 30 persons" in notes
    assert "rule of three" in notes
    one = run(perfect, "--resamples", 0)
    assert one["systems"][0]["rank_1"] == {"percent": 100, "low": None, "high": None}


def test_probes_of_one_person_have_no_interval(good, tmp_path):
    chosen = tmp_path / "one.jsonl"
    chosen.write_text("".join(json.dumps({"id": id}) + "\n" for id in IDS[:4]))
    found = run(good, "--list", chosen)
    assert found["persons"] == 1
    assert found["systems"][0]["rank_1"]["low"] is None


def test_a_person_reads_rates_and_the_difference(good, poor):
    text = document(identify_parts(run(good, poor)))
    assert text.startswith("36 probes of 12 persons among 12 candidates; guessing finds 8.33 %")
    for word in ("rank 1 (accuracy)", "unweighted accuracy", "1:10", "poor - good, rank 1: -"):
        assert word in text


def test_identification_loads_no_torch(good):
    import subprocess

    code = (
        "import sys; from click.testing import CliRunner; from avkd_cli.cli import cli;"
        f"r = CliRunner().invoke(cli, ['analyze', 'identify', {str(good)!r}]);"
        "sys.exit(r.exit_code or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
