"""1:N matching of a voice among faces: over all galleries and by lists, as a person runs it."""

import json
from itertools import combinations

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError, UsageError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings

PERSONS, TAKES = 6, 3
IDS = [f"p{person}/{take}" for person in range(PERSONS) for take in range(TAKES)]


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


def sense(seed, noise=1.0):
    rng = np.random.default_rng(seed)
    centre = np.repeat(np.random.default_rng(9).normal(size=(PERSONS, 8)), TAKES, axis=0)
    return centre + noise * rng.normal(size=centre.shape)


VOICE, FACE = sense(1), sense(2)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    return write_store(folder / "v.zarr", VOICE), write_store(folder / "f.zarr", FACE)


def cosine():
    voice, face = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (VOICE, FACE))
    return voice @ face.T


def by_enumeration(similarity, n):
    """The share of galleries that are won, all of them tried."""
    won = []
    for probe in range(len(IDS)):
        own = [c for c in range(len(IDS)) if c // TAKES == probe // TAKES]
        others = [c for c in range(len(IDS)) if c // TAKES != probe // TAKES]
        for right in own:
            won += [
                similarity[probe, right] > max(similarity[probe, list(rest)])
                for rest in combinations(others, n - 1)
            ]
    return 100 * np.mean(won)


EACH = ("--candidates", "utterance", "--resamples", 0)


def test_all_galleries_are_counted_exactly_both_ways(pair):
    voices, faces = pair
    for probes, gallery, similarity in ((voices, faces, cosine()), (faces, voices, cosine().T)):
        found = run(probes, "--gallery", gallery, *EACH, "--match", "2,4")
        (one,) = found["systems"]
        for n in (2, 4):
            assert one[f"match_1_of_{n}"]["percent"] == pytest.approx(by_enumeration(similarity, n))
        assert found["probes"] == len(IDS)
        assert found["gallery"] == {"smallest": 16, "largest": 16}  # 15 of others and the right one


def test_noise_finds_the_right_one_as_often_as_chance(tmp_path):
    rng = np.random.default_rng(0)
    ids = [f"p{person}/{take}" for person in range(40) for take in range(10)]
    stores = [write_store(tmp_path / f"{n}.zarr", rng.normal(size=(400, 16)), ids) for n in "ab"]
    (one,) = run(stores[0], "--gallery", stores[1], *EACH[:2], "--match", "2,10")["systems"]
    for n in (2, 10):
        rate = one[f"match_1_of_{n}"]
        assert rate["low"] < 100 / n < rate["high"]


def test_systems_have_galleries_of_their_own_and_a_picture(pair, tmp_path):
    better = [write_store(tmp_path / f"{n}.zarr", sense(s, 0.3)) for n, s in (("v", 3), ("f", 4))]
    stores = ("--gallery", pair[1], "--gallery", better[1])
    plot = tmp_path / "matching.svg"
    found = run(pair[0], better[0], *stores, *EACH[:2], "--match", "2,4", "--matching-plot", plot)
    first, second = (one["match_1_of_4"]["percent"] for one in found["systems"])
    assert second > first
    assert found["differences"][0]["match_1_of_4"]["value"] == pytest.approx(second - first)
    assert "right one picked of N" in plot.read_text()
    with pytest.raises(UsageError, match="given 3 times for 2 stores"):
        run(pair[0], better[0], *stores, "--gallery", pair[1], *EACH)


def test_who_is_not_in_the_gallery_is_left_out_and_counted(pair, tmp_path):
    half = write_store(tmp_path / "half.zarr", FACE[:9], IDS[:9])
    found = run(pair[0], "--gallery", half, *EACH)
    assert (found["probes"], found["without_person_in_gallery"]) == (9, 9)
    strangers = write_store(tmp_path / "other.zarr", FACE, [f"q{id}" for id in IDS])
    with pytest.raises(InputError, match="no probe's person is in"):
        run(pair[0], "--gallery", strangers, *EACH)


def test_a_list_restricts_probes_and_candidates(pair, tmp_path):
    (tmp_path / "some.jsonl").write_text("".join(json.dumps({"id": id}) + "\n" for id in IDS[:9]))
    found = run(pair[0], "--gallery", pair[1], *EACH, "--list", tmp_path / "some.jsonl")
    assert found["probes"] == 9
    assert found["gallery"] == {"smallest": 7, "largest": 7}


def write_list(path, lines):
    path.write_text("".join(" ".join(line) + "\n" for line in lines))
    return path


def test_lists_say_who_is_compared_right_one_first(pair, tmp_path):
    rng = np.random.default_rng(0)
    lists, expected = [], {}
    for n in (2, 5):
        lines, won = [], []
        for probe in rng.integers(0, len(IDS), 40).tolist():
            own = probe // TAKES * TAKES + int(rng.integers(TAKES))
            others = [c for c in range(len(IDS)) if c // TAKES != probe // TAKES]
            rest = rng.choice(others, n - 1, replace=False).tolist()
            lines.append([IDS[probe] + ".wav", *(IDS[c] for c in (own, *rest))])
            won.append(cosine()[probe, own] > cosine()[probe, rest].max())
        lists += ["--matching-list", write_list(tmp_path / f"{n}.txt", lines)]
        expected[f"match_1_of_{n}"] = 100 * np.mean(won)
    found = run(pair[0], "--gallery", pair[1], *lists, "--matching-plot", tmp_path / "m.svg")
    (one,) = found["systems"]
    assert {key: one[key]["percent"] for key in expected} == pytest.approx(expected)
    assert set(one) == {"name", *expected}
    assert found["probes"] == 80
    assert one["match_1_of_2"]["low"] < one["match_1_of_2"]["high"]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([["p0/0", "p0/1", "p1/0"], ["p0/0", "p0/1"]], r":2: 2 names, wanted 3: probe, right"),
        ([["p0/0", "p0/1"]], r":1: 2 names, wanted 3"),
        ([["p0/0", "p0/1", "p9/0"]], r"no embedding of 'p9/0' in .*f.zarr"),
        ([["p0/0", "p1/1", "p0/0"]], r"such as 'p0/0', the first candidate is not the only one"),
        ([["p0/0", "p0/1", "p0/2"]], r"first candidate is not the only one"),
        ([], "empty|no 1:N"),
    ],
)
def test_lists_that_are_none_are_refused(pair, tmp_path, lines, complaint):
    with pytest.raises(InputError, match=complaint):
        run(pair[0], "--gallery", pair[1], "--matching-list", write_list(tmp_path / "l", lines))


def test_an_n_above_the_gallery_is_refused(pair):
    with pytest.raises(InputError, match=r"1:20 matching wants 20 candidates, .* gallery has 16"):
        run(pair[0], "--gallery", pair[1], *EACH, "--match", "2,20")
    with pytest.raises(InputError, match="gallery has 6"):
        run(pair[0], "--gallery", pair[1], "--match", "10")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["--candidates", "utterance"], "needs --gallery"),
        (["--gallery", "f", "--candidates", "utterance", "--enrol-first", "1"], "leave them"),
        (["--gallery", "f", "--matching-list", "l", "--match", "2"], "leave --list and --match"),
    ],
)
def test_impossible_combinations_are_usage_errors(pair, args, complaint):
    args = [pair[1] if one == "f" else one for one in args]
    if "l" in args:
        args[args.index("l")] = write_list(pair[0].parent / "l", [["p0/0", "p0/1", "p1/0"]])
    with pytest.raises(UsageError, match=complaint):
        run(pair[0], *args)


def test_an_n_that_is_none_is_a_usage_error(pair):
    for wrong in ("1", "x", ""):
        found = CliRunner().invoke(cli, ["analyze", "identify", str(pair[0]), "--match", wrong])
        assert found.exit_code == 2
