"""`avkd score TRIALS STORE STORE`: enrolments from one sense, tests from the other."""

import json
from pathlib import Path

import numpy as np
import pytest

from avkd_cli.config import Execution, ScoreConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.score import score_or_fuse
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification.folded import grid_area, grid_eer, grid_rates
from avkd_cli.verification.scorefiles import read_scores

PLAIN = ScoreConfig()


def store(path, embedding, ids, persons=None, modality="audio", run_of=""):
    embedding = np.asarray(embedding, np.float32)
    origin = Origin(
        "extract-embeddings",
        inputs={"run": f"sha256:{run_of or modality}", "store0": f"sha256:{path}"},
        said={"modality": modality},
    )
    content = Embeddings.of(Rows(ids, persons or [""] * len(ids)), embedding)
    build_store(path, content, origin, Execution(quiet=True))
    return str(path)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Voices and faces of eight people, three clips each, under the same ids; all 576 trials."""
    folder = tmp_path_factory.mktemp("pair")
    rng = np.random.default_rng(3)
    persons = [f"p{n // 3}" for n in range(24)]
    ids = [f"p{n // 3}/{n % 3}" for n in range(24)]
    centre = np.repeat(rng.normal(size=(8, 16)), 3, axis=0)
    voice, face = (centre + 0.8 * rng.normal(size=(24, 16)) for _ in range(2))
    lines = [
        f"{int(persons[a] == persons[b])} {ids[a]} {ids[b]}\n" for a in range(24) for b in range(24)
    ]
    (folder / "trials.txt").write_text("".join(lines))
    return {
        "trials": str(folder / "trials.txt"),
        "voices": store(folder / "v.zarr", voice, ids, persons, "audio"),
        "faces": store(folder / "f.zarr", face, ids, persons, "visual"),
        "voice": voice.astype(np.float32),
        "face": face.astype(np.float32),
        "ids": ids,
        "persons": persons,
    }


def lines_of(path):
    return Path(path).read_text().splitlines()


def unit(x):
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def scored(tmp_path, inputs, settings=PLAIN, **files):
    summary = score_or_fuse(
        inputs, settings, output=tmp_path / "x.scores", quiet=True, overwrite=True, **files
    )
    return read_scores(tmp_path / "x.scores"), summary


def test_enrolments_are_of_the_first_store_and_tests_of_the_second(pair, tmp_path):
    found, summary = scored(tmp_path, (pair["trials"], pair["voices"], pair["faces"]))
    expected = (unit(pair["voice"]) @ unit(pair["face"]).T).ravel()
    np.testing.assert_allclose(found.score, expected, atol=1e-6)
    assert len(summary["inputs"]["embeddings"]) == 2
    turned, _ = scored(tmp_path, (pair["trials"], pair["faces"], pair["voices"]))
    np.testing.assert_allclose(turned.score.reshape(24, 24), found.score.reshape(24, 24).T, 1e-5)


def test_a_voice_may_meet_the_face_of_its_own_clip_without_a_warning(pair, tmp_path, capsys):
    score_or_fuse((pair["trials"], pair["voices"], pair["faces"]), PLAIN, output=tmp_path / "o")
    said = capsys.readouterr().err
    assert "self_trial" not in said
    assert "duplicate_trial" not in said
    score_or_fuse((pair["trials"], pair["voices"]), PLAIN, output=tmp_path / "p")
    assert "self_trial" in capsys.readouterr().err


def distances(pair):
    squashed = np.tanh(unit(pair["voice"]))[:, None] - np.tanh(unit(pair["face"]))[None]
    return (squashed**2).sum(axis=2).ravel()


def test_tanh_l2_is_the_squared_distance_of_the_released_code(pair, tmp_path):
    settings = ScoreConfig(metric="tanh-l2")
    inputs = (pair["trials"], pair["voices"], pair["faces"])
    found, summary = scored(tmp_path, inputs, settings)
    np.testing.assert_allclose(2 - 2 * found.score, distances(pair), atol=1e-6)
    assert "|metric:tanh-l2|" in summary["signature"]
    assert summary["eer_percent"] < 50  # targets are nearer, so their scores are higher
    assert "metric" not in scored(tmp_path, inputs)[1]["signature"]


def test_fame_files_hold_the_distance_itself_and_lower_is_closer(pair, tmp_path):
    named = tmp_path / "named.txt"
    lines = [line.split() for line in lines_of(pair["trials"])]
    named.write_text("".join(f"k{n} {a} {b}\n" for n, (_, a, b) in enumerate(lines)))
    settings = ScoreConfig(metric="tanh-l2", trials_format="fame", out_format="fame")
    inputs = (str(named), pair["voices"], pair["faces"])
    score_or_fuse(inputs, settings, output=tmp_path / "sub_score.txt", quiet=True)
    keys, values = zip(*map(str.split, lines_of(tmp_path / "sub_score.txt")), strict=True)
    assert keys[:3] == ("k0", "k1", "k2")
    np.testing.assert_allclose([float(v) for v in values], distances(pair), atol=1e-6)
    label = np.array([line[0] == "1" for line in lines_of(pair["trials"])])
    assert np.mean(np.array(values, float)[label]) < np.mean(np.array(values, float)[~label])


@pytest.mark.parametrize("metric", ["cosine", "tanh-l2"])
def test_mode_fop_takes_squared_distances_in_the_order_of_the_list(pair, tmp_path, metric):
    settings = ScoreConfig(metric=metric, eer_mode="fop")
    inputs = (pair["trials"], pair["voices"], pair["faces"])
    _, summary = scored(tmp_path, inputs, settings)
    label = np.array([line[0] == "1" for line in lines_of(pair["trials"])])
    cosine = (unit(pair["voice"]) @ unit(pair["face"]).T).ravel()
    rates = grid_rates(2 - 2 * cosine if metric == "cosine" else distances(pair), label)
    assert summary["eer_percent"] == pytest.approx(100 * grid_eer(rates), abs=0.2)
    assert summary["auc"] == pytest.approx(grid_area(rates), abs=1e-3)
    assert "|eer:fop|" in summary["signature"]


def test_models_of_one_sense_are_tested_by_the_other(pair, tmp_path):
    models = tmp_path / "map"
    models.write_text("m0 p0/1 p0/2\n")
    (tmp_path / "t").write_text("1 m0 p0/0\n0 m0 p1/0\n")
    inputs = (str(tmp_path / "t"), pair["voices"], pair["faces"])
    found, _ = scored(tmp_path, inputs, enrol_map=str(models))
    mean = unit(pair["voice"][1:3].mean(axis=0, keepdims=True))
    np.testing.assert_allclose(found.score, (mean @ unit(pair["face"][[0, 3]]).T)[0], atol=1e-6)


def test_swapped_sides_are_told_where_ids_tell(pair, tmp_path):
    voices = store(tmp_path / "v.zarr", pair["voice"], [f"v/{id}" for id in pair["ids"]])
    faces = store(
        tmp_path / "f.zarr", pair["face"], [f"f/{id}" for id in pair["ids"]], modality="visual"
    )
    (tmp_path / "t").write_text("1 v/p0/0 f/p0/1\n0 v/p0/0 f/p1/1\n")
    scored(tmp_path, (str(tmp_path / "t"), voices, faces))
    with pytest.raises(InputError, match=r"'v/p0/0' are in .*v.zarr.*sides are swapped"):
        scored(tmp_path, (str(tmp_path / "t"), faces, voices))


def test_two_stores_that_one_run_embedded_enrol_from_the_first(pair, tmp_path):
    """Clean enrolments against spoilt copies of the tests, under the same ids."""
    clean = store(tmp_path / "c.zarr", pair["voice"], pair["ids"], run_of="one")
    spoilt = store(tmp_path / "s.zarr", pair["voice"] + 1, pair["ids"], run_of="one")
    found, _ = scored(tmp_path, (pair["trials"], clean, spoilt))
    wanted = unit(pair["voice"]) @ unit(pair["voice"] + 1).T
    assert found.score == pytest.approx(wanted.ravel(), abs=1e-6)
    with pytest.raises(InputError, match="both are of one sense"):
        score_or_fuse((pair["trials"], clean, clean), PLAIN)


def test_stores_of_one_sense_or_of_two_spaces_are_refused(pair, tmp_path):
    again = store(tmp_path / "v.zarr", pair["voice"] + 1, pair["ids"], run_of="another")
    with pytest.raises(InputError, match=r"both are of one sense \(audio\)"):
        score_or_fuse((pair["trials"], pair["voices"], again), PLAIN)
    with pytest.raises(InputError, match="both are of one sense"):
        score_or_fuse((pair["trials"], pair["faces"], pair["faces"]), PLAIN)
    wide = store(tmp_path / "w.zarr", np.ones((24, 17)), pair["ids"], modality="visual")
    with pytest.raises(InputError, match=r"16 dimensions, .* 17: two senses are compared in one"):
        score_or_fuse((pair["trials"], pair["voices"], wide), PLAIN)


def test_persons_without_the_other_sense_are_named_or_skipped_and_counted(pair, tmp_path):
    half = store(
        tmp_path / "h.zarr", pair["face"][:12], pair["ids"][:12], pair["persons"][:12], "visual"
    )
    inputs = (pair["trials"], pair["voices"], half)
    with pytest.raises(InputError, match=r"no embedding of 'p4/0' in .*h.zarr \(12 ids of 288"):
        scored(tmp_path, inputs)
    _, summary = scored(tmp_path, inputs, ScoreConfig(skip_missing=True))
    assert summary["counts"] == {"trials": 288, "target": 36, "nontarget": 252, "skipped": 288}


def test_labels_that_contradict_the_persons_of_the_two_stores_are_refused(pair, tmp_path):
    (tmp_path / "t").write_text("1 p0/0 p1/0\n0 p0/0 p2/0\n")
    with pytest.raises(InputError, match=r"1 labels contradict .*v.zarr and .*f.zarr"):
        score_or_fuse((str(tmp_path / "t"), pair["voices"], pair["faces"]), PLAIN)


@pytest.mark.parametrize(
    ("stores", "settings", "files", "complaint"),
    [
        (2, ScoreConfig(norm="as"), {"cohort": "c"}, "--cohort is for cosines within one STORE"),
        (2, PLAIN, {"sub_mean": "c"}, "--sub-mean is for cosines within one STORE, not for two"),
        (1, ScoreConfig(metric="tanh-l2"), {"sub_mean": "c"}, "not for --metric tanh-l2"),
        (3, PLAIN, {}, "got 4 inputs"),
    ],
)
def test_impossible_combinations_are_usage_errors(pair, stores, settings, files, complaint):
    inputs = (pair["trials"], *[pair["voices"], pair["faces"], pair["faces"]][:stores])
    with pytest.raises(UsageError, match=complaint):
        score_or_fuse(inputs, settings, **files)


def test_a_calibrated_distance_is_a_ratio_and_written_as_such(pair, tmp_path):
    settings = ScoreConfig(metric="tanh-l2")
    inputs = (pair["trials"], pair["voices"], pair["faces"])
    model = tmp_path / "m.json"
    _, summary = scored(tmp_path, inputs, settings, train_calibration=model)
    assert summary["calibrated"]["cllr"] < 1
    assert json.loads(model.read_text())["score_types"][0].startswith("tanh-l2 none of audio and")
    with pytest.raises(InputError, match="scores"):
        scored(tmp_path, inputs, PLAIN, calibrate=model)  # a model of distances, not of cosines


def test_a_list_of_learnable_pins_is_scored_and_written_back(pair, tmp_path):
    rows = [line.split() for line in lines_of(pair["trials"])][:60]
    text = "".join(f"{voice}.wav,{face}.jpg,{label}\n" for label, voice, face in rows)
    (tmp_path / "list.csv").write_text("voice-path,face-path,label\n" + text)
    inputs = (str(tmp_path / "list.csv"), pair["voices"], pair["faces"])
    score_or_fuse(inputs, ScoreConfig(out_format="csv"), output=tmp_path / "o.csv", quiet=True)
    found = read_scores(tmp_path / "o.csv")
    expected = (unit(pair["voice"]) @ unit(pair["face"]).T).ravel()[:60]
    np.testing.assert_allclose(found.score, expected, atol=1e-6)
    assert [found.ids[code] for code in found.test[:2]] == ["p0/0.jpg", "p0/1.jpg"]
