"""Video as privileged information, from stores to classes, on tiny films with sound."""

import json

import av
import numpy as np
import pytest
import soundfile

from avkd_cli.config import (
    AudioConfig,
    CropFacesConfig,
    DistillAudioConfig,
    Execution,
    ExtractConfig,
    PrepAudioConfig,
    SequenceConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.distill import distill
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage import names
from avkd_cli.storage.store import open_store
from avkd_cli.storage.verify import faults_of_store

HERE = Execution(workers=0, quiet=True)
SHORT = {
    "embedding_size": 8,
    "width": 16,
    "head": "softmax",
    "optimizer": "adam",
    "lr": 1e-3,
    "batch_size": 4,
    "max_steps": 2,
    "log_every": 1,
    "label": "emotion",
}
SOUND = SHORT | {"model": "vgg", "crop_min": 200, "crop_max": 200}
SEGMENTED = SOUND | {"segment": 1.0}
SECONDS = {
    "p0/0": (2.2, 2.2),
    "p0/1": (2.2, 1.2),
    "p1/0": (0.6, 0.6),
    "p1/1": (3.0, 3.0),
    "p2/0": (2.2, 3.0),
    "p2/1": (2.6, 2.6),
}  # of sound and of film


def write_film(path, seconds, seed):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.height = stream.width = 64
        stream.pix_fmt = "yuv420p"
        grey = np.random.default_rng(seed).integers(60, 200)
        for number in range(round(25 * seconds)):
            pixels = np.full((64, 64, 3), (grey + number) % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Stores of sound and faces, a frame teacher, a sequence teacher, and what they give."""
    folder = tmp_path_factory.mktemp("lupi")
    random, lines = np.random.default_rng(0), []
    for number, (one, (heard, seen)) in enumerate(SECONDS.items()):
        name = one.replace("/", "_")
        soundfile.write(
            folder / f"{name}.wav", random.normal(0, 0.1, round(16_000 * heard)), 16_000
        )
        write_film(folder / f"{name}.mp4", seen, number)
        lines.append(
            {
                "id": one,
                "person": one[:2],
                "audio": f"{name}.wav",
                "video": f"{name}.mp4",
                "emotion": ["sad", "happy"][number % 2],
            }
        )
    listed = folder / "people.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    prep_audio(listed, folder / "audio.zarr", PrepAudioConfig(n_mels=24), HERE)
    config = CropFacesConfig(detector="none", fps=25, format="jpeg", mode="aligned-112")
    crop_faces(str(listed), folder / "faces.zarr", config, HERE)
    teach(folder, "visual", "faces.zarr", "frame", VisualConfig(model="cnn", emb_bn=False, **SHORT))
    taken(folder, "frame", "faces.zarr", "peak.zarr", face_pool="peak")
    taken(folder, "frame", "faces.zarr", "frames.zarr", level="frames")
    own = {name: value for name, value in SHORT.items() if name != "width"}
    teach(folder, "sequence", "frames.zarr", "sequence", SequenceConfig(frames=50, **own))
    taken(folder, "sequence", "frames.zarr", "segments.zarr", level="segments")
    taken(folder, "sequence", "frames.zarr", "aggregate.zarr")
    return folder


def teach(folder, modality, store, run, config, **more):
    train_teacher(
        modality,
        [str(folder / store)],
        folder / run,
        config,
        quiet=True,
        list_file=folder / "people.jsonl",
        **more,
    )


def taken(folder, run, store, output, **settings):
    extract(folder / run, [str(folder / store)], folder / output, ExtractConfig(**settings), HERE)


def taught(folder, teacher, output, settings, **more):
    config = DistillAudioConfig(**(settings | more))
    distill(
        "audio",
        str(folder / "audio.zarr"),
        str(folder / teacher),
        output,
        config,
        list_file=folder / "people.jsonl",
        quiet=True,
    )
    return (output / "model.safetensors").read_bytes()


def test_frames_and_segments_keep_the_time_of_the_films(made):
    frames, segments = (
        open_store(made / name, "avkd.sequences") for name in ("frames.zarr", "segments.zarr")
    )
    assert frames.lengths.tolist() == [55, 30, 15, 75, 75, 65]
    assert frames.manifest["fps"] == 25
    assert frames.column("time_s")[:3] == pytest.approx([0, 0.04, 0.08])
    # A last piece of half a second is filled, a shorter one dropped; 0.6 s are one segment.
    assert segments.lengths.tolist() == [2, 1, 1, 3, 3, 3]
    assert segments.manifest["piece_s"] == 1
    first = frames.read([0])[0]
    np.testing.assert_allclose(segments.read([0])[0][1], first[25:50].mean(axis=0), rtol=1e-5)
    for name in ("frames.zarr", "segments.zarr", "peak.zarr", "aggregate.zarr"):
        assert not list(faults_of_store(made / name))


def test_the_peak_is_one_of_the_frames_and_the_most_probable(made):
    frames, peak = open_store(made / "frames.zarr"), open_store(made / "peak.zarr")
    head = peak.head
    for row, values in enumerate(frames.read(range(len(frames)))):
        scores = values @ head.weight.T + head.bias
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        best = (chances.max(axis=1) / chances.sum(axis=1)).argmax()
        np.testing.assert_allclose(peak.embedding[row], values[best], rtol=1e-5, atol=1e-6)


def test_without_imitation_a_student_is_the_plain_one_bit_for_bit(made, tmp_path):
    for teacher, settings, more in (
        ("peak.zarr", SOUND, {}),
        ("segments.zarr", SEGMENTED, {"level": "segments"}),
        ("aggregate.zarr", SEGMENTED, {}),
    ):
        run = tmp_path / teacher
        teach(made, "audio", "audio.zarr", run / "plain", AudioConfig(**settings))
        plain = (run / "plain/model.safetensors").read_bytes()
        assert taught(made, teacher, run / "l0", settings, **more) == plain
        assert taught(made, teacher, run / "l50", settings, imitation=0.5, **more) != plain


@pytest.mark.parametrize("more", [{"soft_labels": 0.5}, {"multitask": 0.5}, {"imitation": 1.0}])
def test_other_ways_to_teach_are_logged_and_change_the_student(made, tmp_path, more):
    plain = taught(made, "peak.zarr", tmp_path / "plain", SOUND)
    assert taught(made, "peak.zarr", tmp_path / "run", SOUND, **more) != plain
    lines = (tmp_path / "run/log.jsonl").read_text().splitlines()
    assert next(iter(more)).replace("_", "-") in lines[0]


def test_posteriors_are_probabilities_of_the_classes(made, tmp_path):
    how = ExtractConfig(level="posteriors", face_pool="peak")
    for name, listed in (("p.zarr", made / "people.jsonl"), ("unlisted.zarr", None)):
        extract(
            made / "frame", [str(made / "faces.zarr")], tmp_path / name, how, HERE, list_file=listed
        )
    store = open_store(tmp_path / "p.zarr")
    assert store.classes == ["happy", "sad"]
    unlisted = open_store(tmp_path / "unlisted.zarr").classes  # nobody said a mood
    assert names.resolved(unlisted, store.classes) == store.classes != unlisted
    assert store.embedding.sum(axis=1) == pytest.approx(1)
    assert store.manifest["label"] == "emotion" and store.manifest["level"] == "posteriors"
    assert not list(faults_of_store(tmp_path / "p.zarr"))


def test_the_encoder_of_frames_can_be_trained_too(made, tmp_path):
    own = {name: value for name, value in SHORT.items() if name != "width"}
    config = SequenceConfig(frames=10, train_encoder=True, **own)
    teach(made, "sequence", "faces.zarr", tmp_path / "both", config, init_from=[made / "frame"])
    taken(made, tmp_path / "both", "faces.zarr", tmp_path / "s.zarr", level="segments")
    assert open_store(tmp_path / "s.zarr").lengths.tolist() == [2, 1, 1, 3, 3, 3]
    taken(made, tmp_path / "both", "faces.zarr", tmp_path / "e.zarr")
    assert open_store(tmp_path / "e.zarr").dimension == 8
    for name, most in (("whole", 1000), ("parts", 4)):
        taken(
            made, tmp_path / "both", "faces.zarr", tmp_path / name, level="frames", batch_faces=most
        )
    whole, parts = (open_store(tmp_path / name, "avkd.sequences") for name in ("whole", "parts"))
    assert whole.lengths.tolist() == open_store(made / "faces.zarr", "avkd.faces").lengths.tolist()
    for one, other in zip(whole.read(range(6)), parts.read(range(6)), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    np.testing.assert_array_equal(whole.column("time_s"), parts.column("time_s"))
    with pytest.raises(UsageError, match="--init-from"):
        teach(made, "sequence", "faces.zarr", tmp_path / "x", config)
    with pytest.raises(InputError, match="single frames"):
        teach(made, "sequence", "faces.zarr", tmp_path / "x", config, init_from=[made / "sequence"])


@pytest.mark.parametrize(
    ("teacher", "settings", "error", "said"),
    [
        (
            "peak.zarr",
            SEGMENTED | {"level": "segments"},
            InputError,
            "holds embeddings, no segments",
        ),
        ("frames.zarr", SEGMENTED | {"level": "segments"}, InputError, "holds frames, no segments"),
        ("segments.zarr", SEGMENTED, InputError, "holds segments, no embeddings"),
        ("segments.zarr", SOUND | {"level": "segments"}, UsageError, "--segment 1"),
        ("segments.zarr", SEGMENTED | {"level": "segments", "beta": 1.0}, UsageError, "--beta"),
        ("segments.zarr", SEGMENTED | {"level": "segments", "segment": 2.0}, InputError, "1.0 s"),
        ("peak.zarr", SOUND | {"segment": 3.0}, UsageError, "--crop-min 200 is shorter"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(made, tmp_path, teacher, settings, error, said):
    with pytest.raises(error, match=said):
        taught(made, teacher, tmp_path / "x", settings, imitation=0.5)
    assert not (tmp_path / "x").exists()


def test_levels_that_there_are_not_are_named(made, tmp_path):
    with pytest.raises(InputError, match="modality visual has no segments; it has"):
        taken(made, "frame", "faces.zarr", tmp_path / "x.zarr", level="segments")
    with pytest.raises(InputError, match="modality sequence has no frames"):
        taken(made, "sequence", "frames.zarr", tmp_path / "x.zarr", level="frames")
    with pytest.raises(InputError, match="holds segments, wanted frames"):
        teach(made, "sequence", "segments.zarr", tmp_path / "x", SequenceConfig(label="emotion"))


def test_real_films_with_sound_pass_from_faces_to_a_taught_student(tmp_path, shared_data):
    films = sorted((shared_data / "genuine_av/grid").iterdir())[:4]
    lines = [
        {
            "id": film.stem,
            "person": film.stem,
            "audio": str(film),
            "video": str(film),
            "emotion": ["sad", "happy"][number % 2],
        }
        for number, film in enumerate(films)
    ]
    listed = tmp_path / "people.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    prep_audio(listed, tmp_path / "audio.zarr", PrepAudioConfig(features="spectrogram"), HERE)
    config = CropFacesConfig(fps=25, format="jpeg", mode="aligned-112")
    crop_faces(str(listed), tmp_path / "faces.zarr", config, HERE, shared_data / "weights/yunet")
    faces, sound = open_store(tmp_path / "faces.zarr"), open_store(tmp_path / "audio.zarr")
    assert faces.lengths.tolist() == [75] * 4  # 2.98 s of sound, 3 s of film
    assert not faces.column("held").any()
    assert np.abs(sound.lengths / 100 - faces.lengths / 25).max() < 0.1
    teach(
        tmp_path, "visual", "faces.zarr", "frame", VisualConfig(model="cnn", emb_bn=False, **SHORT)
    )
    taken(tmp_path, "frame", "faces.zarr", "frames.zarr", level="frames")
    own = {name: value for name, value in SHORT.items() if name != "width"}
    teach(tmp_path, "sequence", "frames.zarr", "sequence", SequenceConfig(frames=50, **own))
    taken(tmp_path, "sequence", "frames.zarr", "segments.zarr", level="segments")
    assert open_store(tmp_path / "segments.zarr").lengths.tolist() == [3] * 4
    taught(tmp_path, "segments.zarr", tmp_path / "l50", SEGMENTED, level="segments", imitation=0.5)
    taken(tmp_path, tmp_path / "l50", "audio.zarr", "heard.zarr", level="segments")
    heard = open_store(tmp_path / "heard.zarr", "avkd.sequences")
    assert heard.lengths.tolist() == [3] * 4
    assert np.isfinite(np.concatenate(heard.read(range(4)))).all()
