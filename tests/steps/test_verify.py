"""What verify answers, on a network that has learned next to nothing: the way is what is tried."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import avkd_cli as avkd
from avkd_cli.cli import cli
from avkd_cli.config import Execution, ExtractConfig, VisualConfig
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.steps.verify import verify
from avkd_cli.storage.store import open_store
from avkd_cli.training.runs import read_description
from avkd_cli.verification.calibration import Calibration
from avkd_cli.verification.skill import SkillBand

HERE = Execution(workers=0, quiet=True)


def calibration_of(run: Path, path: Path, **change) -> Path:
    """Write a calibration by hand: ratio 10 (score - 0.5), so that answers follow from cosines."""
    print_of = read_description(run)["fingerprint"]
    usual = Calibration(
        (f"cosine none of {print_of[7:19]}",),
        (10.0,),
        -5.0,
        0.5,
        {"name": "dev", "digest": "sha256:0", "target": 3, "nontarget": 4},
        system=print_of,
        seen=((-1.0, 1.0),),
    )
    path.write_text(json.dumps(replace(usual, **change).to_json()))
    return path


@pytest.fixture(scope="module")
def heard(tmp_path_factory, small):
    """A run that hears, the sounds that its store was made of, and their embeddings."""
    folder = tmp_path_factory.mktemp("heard")
    store = small.make_audio(folder)
    train_teacher("audio", [store], folder / "run", small.hearing, quiet=True)
    extract(folder / "run", [store], folder / "emb.zarr", ExtractConfig(), HERE)
    calibration_of(folder / "run", folder / "run/calibration.json")
    return SimpleNamespace(
        folder=folder,
        run=folder / "run",
        store=store,
        ids=small.ids,
        emb=open_store(str(folder / "emb.zarr"), "avkd.embeddings"),
        wav=lambda number: str(folder / f"{number}.wav"),
    )


def test_embeddings_are_those_of_the_store(heard):
    model = avkd.load(heard.run)
    for number in range(4):
        stored = heard.emb.embedding[heard.emb.row_of[heard.ids[number]]]
        found = model.embed(heard.wav(number))
        assert found.dtype == np.float32
        assert np.abs(found - stored).max() < 1e-6 * np.linalg.norm(stored)


def test_a_decision_is_that_of_the_cosine_and_the_calibration_by_hand(heard):
    a, b = (heard.emb.embedding[heard.emb.row_of[heard.ids[n]]] for n in (0, 1))
    cosine = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    found = verify(heard.run, [heard.wav(0), heard.wav(1)])
    assert found.score == pytest.approx(cosine, abs=1e-6)
    assert found.llr == pytest.approx(10 * cosine - 5, abs=1e-5)
    assert found.probability == pytest.approx(1 / (1 + np.exp(-found.llr)))
    assert found.answer == ("same" if cosine >= 0.5 else "different")
    assert bool(found) == (cosine >= 0.5)
    assert "dev (3 target, 4 nontarget)" in found.text
    assert "nats" in found.text


def test_prior_and_costs_that_are_asked_for_move_the_threshold_alone(heard):
    pair = [heard.wav(0), heard.wav(1)]
    usual = verify(heard.run, pair)
    dear = verify(heard.run, pair, prior=0.5, cost_false_alarm=1e6, cost_miss=1.0)
    assert dear.llr == usual.llr
    assert (dear.answer, dear.threshold) == ("different", pytest.approx(np.log(1e6)))
    assert verify(heard.run, pair, cost_miss=1e9).answer == "same"


def test_python_and_the_command_say_the_same_to_the_bit(heard):
    result = CliRunner().invoke(
        cli, ["verify", str(heard.run), heard.wav(0), heard.wav(5), "--json"]
    )
    said = json.loads(result.stdout)
    model = avkd.load(str(heard.run))
    found = model.same(heard.wav(0), heard.wav(5))
    assert (said["llr"], said["score"]) == (found.llr, found.score)
    assert said["unit"] == "natural-log likelihood ratio"
    samples, rate = soundfile.read(heard.wav(0), dtype="int16")
    floats, _ = soundfile.read(heard.wav(0), dtype="float32")
    for given in (samples, floats, floats[:, None]):
        assert model.same(given, heard.wav(5), rate=rate).llr == found.llr


def test_a_loaded_system_is_a_thing_of_its_own_and_refuses_what_it_does_not_know_at_once(heard):
    one, other = avkd.load(heard.run), avkd.load(heard.run)
    assert len({one, other}) == 2
    for ask in (one.same, one.who):
        with pytest.raises(TypeError, match=r"(same|who)\(\) got an unexpected keyword.*'priors'"):
            ask("no such file", "nor this", priors=0.1)


def test_several_recordings_a_side_are_averaged(heard):
    model = avkd.load(heard.run)
    rows = np.stack([model.embed(heard.wav(n)) for n in (0, 4)])
    mean, test = rows.mean(axis=0), model.embed(heard.wav(1))
    cosine = mean @ test / np.linalg.norm(mean) / np.linalg.norm(test)
    found = verify(heard.run, [heard.wav(1)], enrol=[heard.wav(0), heard.wav(4)])
    assert found.score == pytest.approx(cosine, abs=1e-6)
    assert found.sides[0].recordings == 2
    assert found.notes == ("calibrated on one recording a side",)
    assert model.same([heard.wav(0), heard.wav(4)], heard.wav(1)).score == found.score
    with pytest.raises(UsageError, match="wanted A and B"):
        verify(heard.run, [heard.wav(1)])


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"offset": 50.0}, (0, "same")),
        ({"offset": -50.0}, (4, "different")),
        ({"seen": ((2.0, 3.0),)}, (5, "cannot tell")),
    ],
)
def test_the_exit_code_is_the_answer_where_it_is_asked_for(heard, tmp_path, change, codes, schema):
    model = str(calibration_of(heard.run, tmp_path / "c.json", **change))
    words = ["verify", str(heard.run), heard.wav(0), heard.wav(1), "--calibration", model]
    plain = CliRunner().invoke(cli, words)
    asked = CliRunner().invoke(cli, [*words, "--exit-code"])
    assert (plain.exit_code, asked.exit_code) == (0, codes[0])
    assert asked.stdout.startswith(codes[1])
    assert asked.stdout.count("\n") == 1
    said = json.loads(CliRunner().invoke(cli, [*words, "--json"]).stdout)
    assert said["answer"] == codes[1]
    schema("decision").validate(said)
    for wrong in (
        {"answer": "yes"},
        {"person": "p"},
        {"unit": "bits"},
        {"sides": said["sides"][:1]},
    ):
        assert not schema("decision").is_valid(said | wrong)


def written(path: Path, samples: np.ndarray, rate: int = 16_000) -> str:
    soundfile.write(path, samples, rate)
    return str(path)


def noise(seconds: float, level: float = 0.1) -> np.ndarray:
    """Bursts with pauses between: what measures of quality take for speech."""
    loud = np.where(np.arange(int(16_000 * seconds)) % 4000 < 3000, level, level / 100)
    return loud * np.random.default_rng(1).normal(size=len(loud))


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (noise(0.2), "too short, 0.20 s < 0.40 s"),
        (np.zeros(16_000), "silent"),
        (np.concatenate([noise(0.1), np.zeros(16_000)]), "too little speech"),
        (np.clip(noise(2, 9.0), -1, 1), "clipped: "),
    ],
)
def test_what_says_too_little_is_an_answer_and_no_error(heard, tmp_path, samples, reason):
    bad = written(tmp_path / "bad.wav", samples)
    found = verify(heard.run, [heard.wav(0), bad])
    assert found.answer == "cannot tell"
    assert reason in " ".join(found.why)
    assert "bad.wav" in " ".join(found.why)
    assert reason in found.text


def test_who_cannot_be_told_of_a_clip_without_an_embedding(heard, tmp_path):
    bad = written(tmp_path / "bad.wav", noise(0.2))
    found = verify(heard.run, [bad], gallery=[str(heard.folder / "emb.zarr")])
    assert found.text == (
        f"cannot tell: {bad}: too short, 0.20 s < 0.40 s; nothing among "
        f"{len(set(heard.emb.persons))} people; calibrated on dev (3 target, 4 nontarget)"
    )
    told = found.to_json()
    assert (told["person"], told["candidates"], told["nobody"]) == ("", (), None)
    assert (told["senses"], told["notes"]) == (("audio",), ())


def test_no_skill_at_a_duration_or_less_than_was_developed_on_is_a_doubt(heard, tmp_path):
    poor = (
        SkillBand("speech_s", 0.3, 0.9, 30, 30, 1.2),
        SkillBand("speech_s", 1.0, 5.0, 30, 30, 0.2),
    )
    long, short = (written(tmp_path / f"{s}.wav", noise(s)) for s in (3, 0.6))
    model = calibration_of(heard.run, tmp_path / "c.json", skill=poor)
    found = verify(heard.run, [long, short], calibration=[model])
    assert found.answer == "cannot tell"
    assert "no skill (Cllr 1.20)" in found.why[0]
    assert verify(heard.run, [long, long], calibration=[model]).answer == "same"
    less = calibration_of(heard.run, tmp_path / "d.json", skill=poor[1:])
    assert "less than any" in verify(heard.run, [long, short], calibration=[less]).why[0]


@pytest.mark.parametrize(
    ("name", "content", "error", "complaint"),
    [
        ("absent.wav", None, MissingInputError, "absent.wav: file_not_found"),
        ("text.wav", b"hello, this is no sound at all" * 40, InputError, "undecodable"),
        ("empty.wav", b"", InputError, "empty_file"),
        ("picture.jpg", b"\xff\xd8\xff\xe0" + bytes(500), InputError, "is a picture, and .* hears"),
    ],
)
def test_what_cannot_be_heard_is_one_line(heard, tmp_path, name, content, error, complaint):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=complaint) as told:
        verify(heard.run, [heard.wav(0), str(tmp_path / name)])
    assert "\n" not in str(told.value)


def test_a_cut_recording_is_no_answer(heard, tmp_path):
    whole = Path(heard.wav(0)).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut\.wav: truncated"):
        verify(heard.run, [heard.wav(1), str(tmp_path / "cut.wav")])


def test_without_a_calibration_there_is_no_answer_but_the_way_to_one(heard, tmp_path):
    bare = tmp_path / "run"
    bare.mkdir()
    for one in ("run.json", "model.json", "model.safetensors"):
        (bare / one).write_bytes((heard.run / one).read_bytes())
    with pytest.raises(InputError, match=r"avkd calibrate dev\.scores"):
        verify(bare, [heard.wav(0), heard.wav(1)])
    assert avkd.load(bare).embed(heard.wav(0)).shape == (8,)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"system": "sha256:" + "0" * 64}, "calibration of another run"),
        ({"system": ""}, "does not say whose"),
        ({"score_types": ("cosine as(300) of x",)}, "plain cosines"),
        ({"qualities": ("duration_s",), "quality_weights": (1.0,)}, "plain cosines"),
    ],
)
def test_a_calibration_of_something_else_is_refused(heard, tmp_path, change, complaint):
    model = calibration_of(heard.run, tmp_path / "c.json", **change)
    with pytest.raises(InputError, match=complaint):
        verify(heard.run, [heard.wav(0), heard.wav(1)], calibration=[model])


def test_a_run_that_is_unfinished_or_damaged_or_none_is_refused(heard, tmp_path):
    pair = [heard.wav(0), heard.wav(1)]
    with pytest.raises(MissingInputError, match="no such run"):
        verify(tmp_path / "none", pair)
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_bytes((heard.run / "run.json").read_bytes())
    with pytest.raises(InputError, match="unfinished"):
        verify(tmp_path / "run", pair)
    (tmp_path / "run/model.json").write_bytes((heard.run / "model.json").read_bytes())
    weights = bytearray((heard.run / "model.safetensors").read_bytes())
    weights[-3] ^= 1
    (tmp_path / "run/model.safetensors").write_bytes(weights)
    with pytest.raises(InputError, match="SHA-256"):
        verify(tmp_path / "run", pair)
    (tmp_path / "some.tar").write_bytes(b"no tar")
    with pytest.raises(InputError, match="neither a run's folder nor a tar"):
        verify(tmp_path / "some.tar", pair)


def test_an_old_run_wants_a_store_to_do_alike(heard, tmp_path):
    old = tmp_path / "run"
    old.mkdir()
    for one in ("model.json", "model.safetensors", "calibration.json"):
        (old / one).write_bytes((heard.run / one).read_bytes())
    said = json.loads((heard.run / "run.json").read_text())
    del said["prepared"], said["persons"]
    (old / "run.json").write_text(json.dumps(said | {"version": 1}))
    pair = [heard.wav(0), heard.wav(1)]
    with pytest.raises(InputError, match="--like STORE"):
        verify(old, pair)
    assert verify(old, pair, like=heard.store).llr == verify(heard.run, pair).llr
    with pytest.raises(InputError, match=r"expected a store of avkd\.audio"):
        verify(old, pair, like=str(heard.folder / "emb.zarr"))


def test_recordings_of_another_preparation_than_the_network_takes_are_refused(heard, tmp_path):
    odd = tmp_path / "run"
    odd.mkdir()
    for one in ("model.json", "model.safetensors", "calibration.json"):
        (odd / one).write_bytes((heard.run / one).read_bytes())
    said = json.loads((heard.run / "run.json").read_text())
    said["prepared"]["audio"]["config"]["n_mels"] = 40
    (odd / "run.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match="n_mels 24, now it is 40"):
        verify(odd, [heard.wav(0), heard.wav(1)])


def test_importing_is_light_and_typed():
    code = "import sys, avkd_cli; print(*sorted(m for m in sys.modules if '.' not in m))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"numpy", "torch", "click", "zarr"} & set(result.stdout.split())
    assert (Path(avkd.__file__).parent / "py.typed").is_file()


@pytest.fixture(scope="module")
def seen(tmp_path_factory, shared_data):
    """A run that sees, of six people's faces, the pictures' paths and the detector's weights."""
    folder = tmp_path_factory.mktemp("seen")
    weights = shared_data / "weights/yunet/yunet_n_dynamic.onnx"
    pictures = {
        f"{person.name}/{one.stem}": one
        for person in sorted((shared_data / "faces/london").iterdir())[:6]
        for one in sorted(person.iterdir())
    }
    lines = [
        json.dumps({"id": id, "person": id.split("/")[0], "images": [str(one)]})
        for id, one in pictures.items()
    ]
    (folder / "list.jsonl").write_text("\n".join(lines))
    from avkd_cli.config import CropFacesConfig

    config = CropFacesConfig(detector="yunet", mode="aligned-112x96")
    crop_faces(str(folder / "list.jsonl"), folder / "f.zarr", config, HERE, weights)
    settings = VisualConfig(model="cnn", width=16, embedding_size=16, batch_size=6, max_steps=2)
    train_teacher("visual", [str(folder / "f.zarr")], folder / "run", settings, quiet=True)
    extract(folder / "run", [str(folder / "f.zarr")], folder / "e.zarr", ExtractConfig(), HERE)
    calibration_of(folder / "run", folder / "run/calibration.json")
    return SimpleNamespace(
        folder=folder,
        run=folder / "run",
        weights=weights,
        pictures=pictures,
        data=shared_data,
        emb=open_store(str(folder / "e.zarr"), "avkd.embeddings"),
    )


def test_faces_are_found_and_embedded_as_the_store_has_them(seen):
    model = avkd.load(seen.run, detector_weights=seen.weights)
    for id, path in list(seen.pictures.items())[:3]:
        stored = seen.emb.embedding[seen.emb.row_of[id]]
        assert np.abs(model.embed(path) - stored).max() < 1e-6 * np.linalg.norm(stored)
    from avkd_cli.vision.decode import read_image

    pixels = read_image(path)
    np.testing.assert_array_equal(model.embed(pixels), model.embed(path))
    film = next((seen.data / "genuine_av/grid").glob("*.mpg"))
    found = model.same(film, path)
    assert found.sides[0].faces > 1
    assert "1 face" in found.text


def test_no_face_is_an_answer_and_sound_is_none(seen, tmp_path):
    import cv2

    path = str(next(iter(seen.pictures.values())))
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((200, 200, 3), 128, np.uint8))
    found = verify(seen.run, [path, str(tmp_path / "grey.png")], detector_weights=seen.weights)
    assert (found.answer, "no face" in found.text) == ("cannot tell", True)
    sound = written(tmp_path / "a.wav", noise(1))
    with pytest.raises(InputError, match=r"a\.wav: is sound, and .* sees faces"):
        verify(seen.run, [path, sound], detector_weights=seen.weights)


def test_two_people_of_like_size_are_told(seen, tmp_path):
    import cv2

    path = str(next(iter(seen.pictures.values())))
    both = tmp_path / "both.png"
    cv2.imwrite(str(both), np.hstack([cv2.imread(path), cv2.imread(path)]))
    found = verify(seen.run, [path, str(both)], detector_weights=seen.weights)
    assert found.answer == "cannot tell"
    assert "two people" in found.text


def test_a_film_of_two_people_is_told_by_their_tracks(seen, tmp_path):
    from fractions import Fraction

    import av

    first, second = (
        av.open(str(seen.data / f"genuine_av/grid/{n}.mpg")) for n in ("bbaf2n", "lbbc2a")
    )
    with av.open(str(tmp_path / "two.mkv"), "w") as film:
        stream = film.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 720, 288, "yuv420p"
        pairs = zip(first.decode(video=0), second.decode(video=0), strict=False)
        for number, pair in enumerate(pairs):
            pixels = np.hstack([one.to_ndarray(format="rgb24") for one in pair])
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    path = str(seen.data / "genuine_av/grid/bbaf2n.mpg")
    found = verify(seen.run, [path, str(tmp_path / "two.mkv")], detector_weights=seen.weights)
    assert found.why == (f"{tmp_path}/two.mkv: two people",)
    alone = verify(seen.run, [path, path], detector_weights=seen.weights)
    assert "two people" not in alone.text


def test_other_weights_than_the_stores_are_refused_and_none_asked_for(seen):
    pair = [str(one) for one in list(seen.pictures.values())[:2]]
    with pytest.raises(UsageError, match="--detector-weights"):
        verify(seen.run, pair)
    other = seen.data / "weights/yunet/yunet_s_dynamic.onnx"
    with pytest.raises(InputError, match="are not those that the faces"):
        verify(seen.run, pair, detector_weights=other)


def test_a_graph_that_is_absent_or_none_is_refused(heard, tmp_path):
    pair = [heard.wav(0), heard.wav(1)]
    with pytest.raises(MissingInputError, match="make it by avkd export"):
        verify(heard.run, pair, onnx=tmp_path / "none.onnx")
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    with pytest.raises(InputError, match="onnxruntime cannot load it"):
        verify(heard.run, pair, onnx=tmp_path / "bad.onnx")


def test_a_graph_of_another_maker_is_refused(heard, shared_data):
    foreign = shared_data / "weights/yunet/yunet_n_dynamic.onnx"
    with pytest.raises(InputError, match="was not made by avkd export"):
        verify(heard.run, [heard.wav(0), heard.wav(1)], onnx=foreign)


def test_what_cannot_be_told_shows_no_probability_that_one_might_believe(heard, tmp_path):
    model = calibration_of(heard.run, tmp_path / "c.json", seen=((2.0, 3.0),))
    found = verify(heard.run, [heard.wav(0), heard.wav(1)], calibration=[model])
    assert "probability" not in found.text
    assert found.to_json()["probability"] == found.probability


@pytest.fixture(scope="module")
def graph(heard):
    """The run that hears as a graph."""
    pytest.importorskip("onnxscript", reason="torch's exporter is not installed")
    from avkd_cli.steps.export import export

    export(heard.run, heard.folder / "run.onnx", quiet=True)
    return heard.folder / "run.onnx"


def test_a_graph_decides_as_its_run_does_and_loads_no_torch(heard, graph):
    pair = [heard.wav(0), heard.wav(5)]
    ours = verify(heard.run, pair)
    code = (
        "import sys; from avkd_cli.cli import cli; sys.argv[0] = 'avkd'\n"
        "cli.main(sys.argv[1:], standalone_mode=False); print('torch' in sys.modules)"
    )
    words = ["verify", str(heard.run), *pair, "--json", "--onnx", str(graph)]
    said, torch = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert torch == "False"
    found = json.loads(said)
    assert found["score"] == pytest.approx(ours.score, abs=1e-5)
    assert found["llr"] == pytest.approx(ours.llr, abs=1e-3)
    assert [one["speech_s"] for one in found["sides"]] == [one.speech_s for one in ours.sides]


def test_a_graph_of_another_run_is_refused(heard, graph, tmp_path):
    other = tmp_path / "run"
    other.mkdir()
    for one in ("run.json", "model.json", "model.safetensors"):
        (other / one).write_bytes((heard.run / one).read_bytes())
    said = json.loads((other / "model.json").read_text())
    (other / "model.json").write_text(json.dumps(said | {"fingerprint": "sha256:" + "0" * 64}))
    with pytest.raises(InputError, match="is of another run"):
        verify(other, [heard.wav(0), heard.wav(1)], onnx=graph)
