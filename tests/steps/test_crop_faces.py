import json
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from avkd_cli.cli import cli
from avkd_cli.config import CropFacesConfig, Execution
from avkd_cli.errors import InputError, MissingInputError, Rejected, UsageError
from avkd_cli.steps import crop_faces as step
from avkd_cli.steps.crop_faces import crop_faces, process_utterance
from avkd_cli.storage.specs import FACES
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance
from avkd_cli.storage.verify import faults_of_store
from avkd_cli.vision import pictures
from avkd_cli.vision.frames import Frame
from avkd_cli.vision.select import Detections

HERE = Execution(workers=0, quiet=True)
CROPPED = CropFacesConfig(detector="none")
EYES = np.array([[10.0, 10], [30, 10], [20, 20], [12, 30], [28, 30]])


def picture(path: Path, seed: int = 0, size: tuple[int, int] = (112, 96)) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_list(path: Path, *lines: dict) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def people(tmp_path):
    """Ten people with three pictures each: a list of them, a folder, or one."""
    lines = []
    for number in range(10):
        folder = tmp_path / "faces" / f"p{number}"
        names = [
            str(picture(folder / f"{k}.png", 3 * number + k).relative_to(tmp_path))
            for k in range(3)
        ]
        images = [names, f"faces/p{number}", names[0]][number % 3]
        lines.append({"id": f"p{number}/a", "person": f"p{number}", "images": images})
    return write_list(tmp_path / "people.jsonl", *lines)


def test_pictures_become_the_crops_of_a_store(people, tmp_path):
    manifest = crop_faces(str(people), tmp_path / "f.zarr", CROPPED, HERE)
    assert manifest["counts"] == {
        "utterances": 10,
        "persons": 10,
        "rejected": 0,
        "faces": 24,
        "held": 0,
        "without_face": 0,
    }
    store = open_store(tmp_path / "f.zarr", "avkd.faces")
    assert store.lengths.tolist() == [3, 3, 1, 3, 3, 1, 3, 3, 1, 3]
    # Crops of the right size already are kept bit for bit, in the order of their names.
    expected = [np.asarray(Image.open(tmp_path / f"faces/p1/{k}.png")) for k in range(3)]
    assert np.array_equal(store.read([1])[0], expected)
    assert np.isnan(store.column("time_s")).all()  # pictures have no time
    assert not store.column("held").any()
    assert np.isnan(store.column("changes")).all()
    assert store.column("box")[0].tolist() == [0, 0, 96, 112]
    assert np.isnan(store.column("yaw")).all()
    assert (store.column("sharpness") > 1000).all()


def without(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "avkd.json"
    }


def test_two_workers_write_the_bytes_of_one(people, tmp_path):
    one, two = tmp_path / "one.zarr", tmp_path / "two.zarr"
    first = crop_faces(str(people), one, CROPPED, Execution(workers=0, partition_size=3))
    second = crop_faces(str(people), two, CROPPED, Execution(workers=2, partition_size=3))
    assert without(one) == without(two)
    assert first["fingerprint"] == second["fingerprint"]


def test_a_second_run_does_nothing_and_other_settings_are_refused(people, tmp_path):
    out = tmp_path / "f.zarr"
    first = crop_faces(str(people), out, CROPPED, HERE)
    assert crop_faces(str(people), out, CROPPED, HERE)["fingerprint"] == first["fingerprint"]
    with pytest.raises(Exception, match="mode"):
        crop_faces(str(people), out, CropFacesConfig(detector="none", mode="gray-128"), HERE)


@pytest.mark.parametrize(
    ("mode", "shape"),
    [
        ("aligned-112x96", (112, 96, 3)),
        ("aligned-112", (112, 112, 3)),
        ("box-224", (224, 224, 3)),
        ("gray-128", (128, 128, 1)),
        ("centre-224", (224, 224, 3)),
    ],
)
def test_every_mode_has_its_shape_also_without_a_face(mode, shape, tmp_path, monkeypatch):
    nobody = Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2)))
    monkeypatch.setattr(step, "load", lambda *_: lambda frame: nobody)
    path = picture(tmp_path / "a.png")
    record = process_utterance(
        Utterance("a", images=str(path)), Path, CropFacesConfig(detector="none", mode=mode), None
    )
    assert record.long.shape == (0, *shape)
    assert {name: item.shape[0] for name, item in record.items.items()} == {
        array.name: 0 for array in FACES.items
    }
    assert record.items["landmarks"].shape == (0, 5, 2)


def films(tmp_path: Path, *names: str) -> Path:
    """A list of films of two seconds, without a face."""
    lines = []
    for name in names:
        with av.open(str(tmp_path / f"{name}.mp4"), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width, stream.height = 128, 96
            for number in range(50):
                frame = av.VideoFrame(128, 96, "yuv420p")
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        lines.append({"id": name, "person": name, "video": f"{name}.mp4"})
    return write_list(tmp_path / "films.jsonl", *lines)


@pytest.mark.parametrize(
    ("settings", "times"),
    [
        ({}, [0, 1]),
        ({"fps": 2.0}, [0, 0.5, 1, 1.5]),
        ({"count": 2}, [0.48, 1.48]),
        ({"fps": 25.0, "max_faces": 2, "gaps": "skip"}, [0.48, 1.48]),
    ],
)
def test_frames_of_a_video_are_taken_by_rate_or_number(settings, times, tmp_path):
    listed = films(tmp_path, "a")
    crop_faces(str(listed), tmp_path / "f.zarr", CropFacesConfig(detector="none", **settings), HERE)
    store = open_store(tmp_path / "f.zarr")
    assert store.column("time_s") == pytest.approx(np.array(times), abs=0.03)


def test_a_film_without_a_face_is_kept_with_length_0(tmp_path, shared_data):
    lines = [json.loads(line) for line in films(tmp_path, "a", "b").open()]
    face = shared_data / "faces/london/lon001/lon001_neutral.jpg"
    lines.insert(1, {"id": "c", "person": "c", "images": str(face)})
    listed = write_list(tmp_path / "mixed.jsonl", *lines)
    weights = shared_data / "weights/yunet"
    manifest = crop_faces(str(listed), tmp_path / "f.zarr", CropFacesConfig(), HERE, weights)
    assert manifest["counts"]["without_face"] == 2
    assert manifest["counts"]["rejected"] == 0
    assert open_store(tmp_path / "f.zarr").lengths.tolist() == [0, 1, 0]


def test_no_face_anywhere_is_told_and_nothing_published(tmp_path, shared_data):
    listed, weights = films(tmp_path, "a", "b"), shared_data / "weights/yunet"
    with pytest.raises(InputError, match="no utterance has a face"):
        crop_faces(str(listed), tmp_path / "f.zarr", CropFacesConfig(), HERE, weights)
    assert not (tmp_path / "f.zarr").exists()


def test_rejects_are_listed_and_too_many_stop_the_run(people, tmp_path):
    (tmp_path / "cut.png").write_bytes((tmp_path / "faces/p0/0.png").read_bytes()[:5000])
    bad = {"id": "cut", "person": "p0", "images": "cut.png"}
    listed = write_list(tmp_path / "more.jsonl", *(json.loads(line) for line in people.open()), bad)
    manifest = crop_faces(str(listed), tmp_path / "f.zarr", CROPPED, HERE)
    assert manifest["counts"]["rejected"] == 1  # one is always allowed
    reject = json.loads((tmp_path / "f.zarr/rejects.jsonl").read_text())
    assert (reject["id"], reject["code"]) == ("cut", "undecodable")
    listed = write_list(
        tmp_path / "worse.jsonl",
        *(json.loads(line) for line in listed.open()),
        {"id": "gone", "person": "p0", "images": "gone.png"},
    )
    with pytest.raises(InputError):
        crop_faces(str(listed), tmp_path / "g.zarr", CROPPED, HERE)
    assert not (tmp_path / "g.zarr").exists()


def reject_of(utterance, config=CROPPED, resolve=Path):
    with pytest.raises(Rejected) as caught:
        process_utterance(utterance, resolve, config, None)
    return caught.value.code


def test_what_an_utterance_may_lack(tmp_path):
    assert reject_of(Utterance("a", audio="a.wav")) == "missing_field"
    assert reject_of(Utterance("a", images=str(tmp_path / "no.png"))) == "file_not_found"
    assert reject_of(Utterance("a", video=str(tmp_path))) == "not_regular_file"
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no picture")
    assert reject_of(Utterance("a", images=str(tmp_path / "empty"))) == "no_frames"


def test_a_link_in_a_folder_may_not_leave_the_root(people, tmp_path):  # I18
    outside = picture(tmp_path / "outside.png")
    (tmp_path / "faces/p1/3.png").symlink_to(outside)
    (tmp_path / "faces/p3").mkdir(exist_ok=True)
    (tmp_path / "faces/q").mkdir()
    (tmp_path / "faces/q/1.png").symlink_to(outside)
    listed = write_list(
        tmp_path / "root.jsonl",
        {"id": "a", "person": "p", "images": "p1"},
        {"id": "b", "person": "p", "images": "q"},
    )
    execution = Execution(workers=0, root=tmp_path / "faces")
    crop_faces(str(listed), tmp_path / "f.zarr", CROPPED, execution)
    assert open_store(tmp_path / "f.zarr").lengths.tolist() == [3]
    reject = json.loads((tmp_path / "f.zarr/rejects.jsonl").read_text())
    assert (reject["id"], reject["code"]) == ("b", "path_escape")
    warning = json.loads((tmp_path / "f.zarr/warnings.jsonl").read_text())
    assert (warning["id"], warning["code"]) == ("a", "picture_left_out")
    assert warning["detail"].startswith("3.png: path_escape")


def test_one_bad_picture_of_many_is_left_out_and_named(people, tmp_path, capsys, schema):
    (tmp_path / "faces/p1/9.jpg").write_bytes(b"<html>404</html>")
    for clutter in ("._0.png", ".DS_Store", "Thumbs.db", "~$0.png"):
        (tmp_path / "faces/p1" / clutter).write_bytes(b"left behind")
    (tmp_path / "faces/p4/notes.txt").write_text("no picture")
    crop_faces(str(people), tmp_path / "f.zarr", CROPPED, Execution(workers=0))
    store = open_store(tmp_path / "f.zarr")
    assert store.lengths.tolist() == [3, 3, 1, 3, 3, 1, 3, 3, 1, 3]
    text = (tmp_path / "f.zarr/warnings.jsonl").read_text()
    bad, other = map(json.loads, text.splitlines())
    assert (bad["id"], bad["line"], bad["code"]) == ("p1/a", 2, "picture_left_out")
    assert bad["detail"] == "9.jpg: undecodable: not an image (unknown content)"
    assert (other["id"], other["code"], other["detail"]) == ("p4/a", "not_pictures", "1 .txt")
    schema("warning").validate(bad)
    said = capsys.readouterr().err
    assert "picture_left_out (1 times), such as of 'p1/a': 9.jpg: undecodable" in said
    assert not list(faults_of_store(tmp_path / "f.zarr"))
    with pytest.raises(InputError, match=r"--strict.*9\.jpg: undecodable"):
        crop_faces(str(people), tmp_path / "g.zarr", CROPPED, Execution(workers=0, strict=True))


def test_an_utterance_without_one_good_picture_is_a_reject(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"nothing")
    pair = (str(tmp_path / "a.png"), str(tmp_path / "b.png"))
    with pytest.raises(Rejected, match=r"undecodable.*a\.png") as caught:
        process_utterance(Utterance("a", images=pair), Path, CROPPED, None)
    assert caught.value.code == "undecodable"
    assert "/" not in caught.value.detail


@pytest.fixture
def seen(monkeypatch, tmp_path):
    """Process a picture of 200 x 200 in which a detector finds given boxes."""

    def seen(*boxes, landmarks=EYES, boxes_file=None, **settings):
        boxes = np.array(boxes, dtype=float).reshape(-1, 4)
        found = Detections(
            boxes, np.ones(len(boxes)), np.repeat(np.array(landmarks)[None], len(boxes), axis=0)
        )
        monkeypatch.setattr(step, "load", lambda *_: lambda frame: found)
        path = picture(tmp_path / "a.png", size=(200, 200))
        utterance = Utterance("a", images=str(path), boxes=boxes_file)
        return process_utterance(utterance, Path, CropFacesConfig(**settings), None)

    return seen


def test_two_faces_as_large_are_a_warning(seen):  # V15
    assert seen((0, 0, 60, 60), (100, 0, 160, 60)).warnings == ("multi_face",)
    assert seen((0, 0, 60, 60), (100, 0, 140, 40)).warnings == ()


@pytest.mark.parametrize(  # V16
    "box",
    [(0, 0, 20, 20), (190, 190, 400, 400), (np.nan, 0, 60, 60), (300, 0, 400, 90), (9, 9, 9, 99)],
)
def test_only_boxes_that_are_none_are_a_reject(seen, box):
    with pytest.raises(Rejected) as caught:
        seen(box)
    assert caught.value.code == "bad_box"
    assert len(seen(box, (0, 0, 60, 60)).long) == 1


def test_one_picture_with_a_usable_face_is_enough(monkeypatch, tmp_path):
    eyes = np.repeat(EYES[None], 2, axis=0)
    boxes = {200: [(0, 0, 60, 60), (100, 0, 160, 60)], 210: [(0, 0, 9, 9), (20, 0, 29, 9)]}

    def detector(frame):
        return Detections(np.array(boxes[len(frame)], dtype=float), np.ones(2), eyes)

    monkeypatch.setattr(step, "load", lambda *_: detector)
    sizes = enumerate((200, 210, 200))
    paths = tuple(str(picture(tmp_path / f"{k}.png", size=(n, 200))) for k, n in sizes)
    record = process_utterance(Utterance("a", images=paths), Path, CropFacesConfig(), None)
    assert len(record.long) == 2
    assert record.warnings == ("multi_face",)  # once an utterance, not once a frame


def test_too_few_faces_are_rejected_when_asked(seen):  # V14
    assert len(seen((0, 0, 60, 60), min_faces=1).long) == 1
    with pytest.raises(Rejected, match="1 < 2"):
        seen((0, 0, 60, 60), min_faces=2)


def test_the_face_on_the_track_is_taken(seen, tmp_path):
    track = tmp_path / "track.txt"
    track.write_text("FRAME X Y W H\n0 0.5 0 0.3 0.3\n")
    faces = (0, 0, 90, 90), (100, 0, 150, 50)
    largest = seen(*faces, boxes_file=str(track))
    tracked = seen(*faces, boxes_file=str(track), face="track")
    assert largest.items["box"].tolist() == [[0, 0, 90, 90]]
    assert tracked.items["box"].tolist() == [[100, 0, 150, 50]]
    assert len(seen((0, 100, 60, 160), boxes_file=str(track), face="track").long) == 0
    with pytest.raises(Rejected, match="boxes"):
        seen(*faces, face="track")


def test_without_a_detector_the_box_of_the_track_is_the_face(tmp_path):
    track = tmp_path / "track.txt"
    track.write_text("FRAME X Y W H\n0 20 30 96 112\n")
    path = picture(tmp_path / "a.png", size=(200, 200))
    record = process_utterance(
        Utterance("a", images=str(path), boxes=str(track)),
        Path,
        CropFacesConfig(detector="none", face="track"),
        None,
    )
    whole = np.asarray(Image.open(path))
    assert np.array_equal(record.unpacked()[0], whole[30:142, 20:116])


def test_a_picture_of_one_colour_is_a_warning(tmp_path):  # I15
    Image.new("RGB", (112, 112), (9, 9, 9)).save(tmp_path / "a.png")
    record = process_utterance(Utterance("a", images=str(tmp_path / "a.png")), Path, CROPPED, None)
    assert record.warnings == ("flat_image",)


def test_real_films_show_a_face_in_every_frame(shared_data, tmp_path):
    paths = sorted((shared_data / "genuine_av/grid").iterdir())[:4]
    listed = write_list(
        tmp_path / "grid.jsonl",
        *({"id": p.stem, "person": p.stem, "video": str(p)} for p in paths),
    )
    weights = shared_data / "weights/yunet"
    config = CropFacesConfig(count=2)
    manifest = crop_faces(str(listed), tmp_path / "f.zarr", config, HERE, weights)
    store = open_store(tmp_path / "f.zarr")
    assert store.lengths.tolist() == [2] * 4
    assert (store.column("detection_score") > 0.9).all()
    assert (np.abs(store.column("yaw")) < 20).all()
    assert (np.abs(store.column("roll")) < 10).all()
    assert "weights" not in json.dumps(manifest["config"])
    # The same weights elsewhere are the same work.
    copied = tmp_path / "other.onnx"
    copied.write_bytes((weights / "yunet_n_dynamic.onnx").read_bytes())
    again = crop_faces(str(listed), tmp_path / "g.zarr", config, HERE, copied)
    assert again["fingerprint"] == manifest["fingerprint"]


def test_the_command_prints_the_manifest(people, tmp_path):
    out = tmp_path / "f.zarr"
    result = CliRunner().invoke(
        cli, ["crop-faces", str(people), "-o", str(out), "--detector", "none", "--workers", "0"]
    )
    assert result.exit_code == 0, result.output
    manifest = json.loads(result.stdout)
    assert manifest["format"] == "avkd.faces"
    assert manifest["path"] == str(out)


def test_what_a_person_did_wrong_is_said_before_any_work(people, tmp_path):
    out = tmp_path / "f.zarr"
    with pytest.raises(UsageError, match="--detector none"):
        crop_faces(str(people), out, CropFacesConfig(), HERE)
    with pytest.raises(MissingInputError, match=r"gone\.onnx"):
        crop_faces(str(people), out, CropFacesConfig(), HERE, tmp_path / "gone.onnx")
    with pytest.raises(MissingInputError, match=r"nobody\.jsonl"):
        crop_faces(str(tmp_path / "nobody.jsonl"), out, CROPPED, HERE)
    assert not list(tmp_path.glob("f.zarr*"))


def test_frames_are_taken_one_at_a_time(tmp_path, monkeypatch):
    # A long film must not be in memory as a whole: each frame is cropped before the next is read.
    order = []
    monkeypatch.setattr(pictures, "read_image", lambda path, *_: order.append("read") or PIXELS)
    keep = step.Looker._keep
    monkeypatch.setattr(step.Looker, "_keep", lambda *a: order.append("crop") or keep(*a))
    utterance = Utterance("a", images=("a.png", "b.png"))
    process_utterance(utterance, Path, CROPPED, None)
    assert order == ["read", "crop"] * 2
    assert isinstance(Frame(0.0, PIXELS).pixels, np.ndarray)


PIXELS = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "settings", "warned"),
    [
        ((320, 240), {}, True),
        ((288, 360), {}, True),  # a telephone held upright
        ((112, 92), {}, False),
        ((224, 224), {}, False),
        ((320, 240), {"mode": "centre-224"}, False),  # meant to be taken whole
    ],
)
def test_whole_scenes_taken_for_faces_are_a_warning(tmp_path, size, settings, warned):
    pixels = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    config = CropFacesConfig(detector="none", **settings)
    utterance = Utterance("a", images=str(tmp_path / "a.png"))
    found = process_utterance(utterance, Path, config, None)
    said = [text for text in found.warnings if text.startswith("whole_scene: ")]
    assert len(said) == warned
    assert not said or "--detector yunet" in said[0]


@pytest.mark.parametrize("asked", [{"count": 5}, {"max_faces": 9}, {"count": 5, "max_faces": 20}])
def test_more_faces_wanted_than_taken_is_told_before_anything(people, tmp_path, asked):
    with pytest.raises(UsageError, match="--min-faces 10 is above"):
        config = CropFacesConfig(detector="none", min_faces=10, **asked)
        crop_faces(str(people), tmp_path / "f.zarr", config, HERE)
