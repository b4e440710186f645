"""Faces of films that keep time, and one person through a film."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from avkd_cli.config import CropFacesConfig, Execution
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps import crop_faces as step
from avkd_cli.steps.corpus_preview import draw_halves
from avkd_cli.steps.crop_faces import crop_faces, process_utterance
from avkd_cli.steps.sightings import held, longest_gap
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance
from avkd_cli.storage.verify import faults_of_store
from avkd_cli.vision.decode import read_image
from avkd_cli.vision.select import Detections

HERE = Execution(workers=0, quiet=True)
EYES = np.array([[20.0, 20], [60, 20], [40, 40], [24, 60], [56, 60]])
SEQUENCE = {"fps": 25.0, "mode": "box-224"}


def write_film(path, frames, *, rate=25, stamps=None, quality="2"):
    """Encode RGB frames; `stamps` are presentation times in 1/rate s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "mpeg4", rate=rate, options={"qmin": quality, "qmax": quality}
        )
        height, width = frames[0].shape[:2]
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = number if stamps is None else stamps[number]
            frame.time_base = Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbered(count, first=0):
    """Grey frames that tell their number: 4 grey levels each."""
    return [np.full((96, 96, 3), 20 + 4 * n, np.uint8) for n in range(first, first + count)]


def number_of(picture):
    return round((float(np.median(picture)) - 20) / 4)


@pytest.fixture
def seen(monkeypatch, tmp_path):
    """Process a film of numbered frames; a face is in the frames that are not `missing`."""

    def seen(frames=50, missing=(), start=None, end=None, stamps=None, **settings):
        def detector(frame):
            boxes = np.array([[8.0, 8, 88, 88]])[: number_of(frame) not in missing]
            return Detections(boxes, np.ones(len(boxes)), EYES[None][: len(boxes)])

        monkeypatch.setattr(step, "load", lambda *_: detector)
        path = write_film(tmp_path / "a.mp4", numbered(frames), stamps=stamps)
        utterance = Utterance("a", video=str(path), start=start, end=end)
        return process_utterance(utterance, Path, CropFacesConfig(**(SEQUENCE | settings)), None)

    return seen


def numbers(record):
    return [number_of(picture) for picture in record.unpacked()]


def test_time_counts_from_the_utterances_beginning(seen):
    record = seen(start=0.4, end=1.0)
    assert record.items["time_s"] == pytest.approx(np.arange(15) / 25)
    assert numbers(record) == list(range(10, 25))
    assert not record.items["held"].any()
    slow = seen(start=0.4, end=1.0, fps=5.0)
    assert slow.items["time_s"] == pytest.approx([0, 0.2, 0.4], abs=1e-3)
    assert numbers(slow) == [10, 15, 20]


def test_a_moment_without_a_face_shows_the_last_one_and_is_marked(seen):
    record = seen(frames=20, missing={0, 1, 7, 8, 9, 19})
    assert numbers(record) == [2, 2, *range(2, 7), 6, 6, 6, *range(10, 19), 18]
    assert np.flatnonzero(record.items["held"]).tolist() == [0, 1, 7, 8, 9, 19]
    assert record.items["time_s"] == pytest.approx(np.arange(20) / 25)
    assert record.warnings == ()


def test_gaps_are_left_out_where_faces_stand_for_themselves(seen):
    record = seen(frames=20, missing={0, 1, 7}, gaps="skip")
    assert numbers(record) == [n for n in range(20) if n not in (0, 1, 7)]
    assert record.items["time_s"] == pytest.approx([n / 25 for n in numbers(record)], abs=1e-3)
    assert not record.items["held"].any()
    assert numbers(seen(frames=50, missing={25}, fps=1.0)) == [0]
    assert numbers(seen(frames=50, missing={25}, fps=1.0, gaps="hold")) == [0, 0]


def test_no_face_for_seconds_is_a_warning_and_none_at_all_is_a_missing_sense(seen):
    assert "long_gap" not in seen(missing=range(10, 35)).warnings
    assert "long_gap" in seen(missing=range(10, 36)).warnings
    nothing = seen(missing=range(50))
    assert nothing.length == 0
    assert nothing.items["landmarks"].shape == (0, 5, 2)


def test_a_picture_that_begins_late_or_ends_early_shifts_nothing(seen):
    late = seen(frames=10, stamps=list(range(5, 15)), start=0.0, end=1.0)
    # The container's clock begins with its first stream: with the picture alone it is not late.
    assert numbers(late) == list(range(10))
    early = seen(frames=10, end=2.0)
    assert early.length == 10  # as long as there is a picture; the sound may go on


def test_a_variable_frame_rate_keeps_time(seen):
    stamps = [*range(10), *range(10, 40, 5)]  # 25 a second, then 5 a second
    record = seen(frames=16, stamps=stamps)
    assert "bad_fps" in record.warnings
    found = numbers(record)
    shown = np.array([stamps[n] for n in found])
    assert np.abs(shown - np.arange(len(found))).max() <= 2.5
    assert record.items["time_s"] == pytest.approx(np.arange(len(found)) / 25)


def test_a_sequence_that_is_cut_says_so_and_is_not_thinned(seen):
    record = seen(frames=30, max_faces=12)
    assert numbers(record) == list(range(12))
    assert "cut_short" in record.warnings


def test_faces_as_jpeg_are_nearly_those_stored_raw(seen):
    raw, packed = seen(missing={3, 4}), seen(missing={3, 4}, format="jpeg")
    assert packed.long.ndim == 1
    assert packed.packed.starts[3:5].tolist() == [packed.packed.starts[2]] * 2  # held: no bytes
    assert np.abs(packed.unpacked().astype(int) - raw.unpacked()).max() <= 8
    for name, values in raw.items.items():
        assert np.array_equal(values, packed.items[name], equal_nan=True), name


def test_a_sequence_cannot_be_a_number_of_frames(tmp_path):
    with pytest.raises(UsageError, match="--count"):
        crop_faces("none.jsonl", tmp_path / "f.zarr", CropFacesConfig(gaps="hold", count=3), HERE)


def test_gaps_are_measured_and_filled_by_hand():
    found = np.array([-1, -1, 4, -1, 5, -1, -1, -1])
    assert held(found).tolist() == [4, 4, 4, 4, 5, 5, 5, 5]
    assert longest_gap(found) == 3
    assert longest_gap(np.array([1, 2])) == 0
    assert held(np.array([-1, -1])).tolist() == [-1, -1]


def a_list(path, *films):
    lines = ({"id": film.stem, "person": film.stem, "video": str(film)} for film in films)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


@pytest.mark.parametrize("format", ["raw", "jpeg"])
def test_a_store_of_sequences_is_whole_and_reads_any_stretch(format, tmp_path, monkeypatch):
    films = [write_film(tmp_path / f"{n}.mp4", numbered(10 + n, 3 * n)) for n in range(4)]
    listed = a_list(tmp_path / "films.jsonl", *films)
    config = CropFacesConfig(detector="none", format=format, **SEQUENCE)
    out = tmp_path / "f.zarr"
    manifest = crop_faces(listed, out, config, Execution(workers=0, partition_size=3, quiet=True))
    assert manifest["counts"]["faces"] == 10 + 11 + 12 + 13
    assert manifest["counts"]["held"] == 0
    assert list(faults_of_store(out)) == []
    store = open_store(out, "avkd.faces")
    assert store.row_shape == (224, 224, 3)
    assert store.lengths.tolist() == [10, 11, 12, 13]
    for row, whole in enumerate(store.read(range(4))):
        assert [number_of(picture) for picture in whole] == list(range(3 * row, 3 * row + 10 + row))
    stretches = store.crops([3, 0, 2], [1, 7, 0], 3)
    assert [[number_of(p) for p in one] for one in stretches] == [
        [10, 11, 12],
        [7, 8, 9],
        [6, 7, 8],
    ]
    assert number_of(store.gather([1], [4])[0]) == 7


def test_two_workers_write_the_sequences_of_one(tmp_path):
    films = [write_film(tmp_path / f"{n}.mp4", numbered(6, 3 * n)) for n in range(4)]
    listed = a_list(tmp_path / "films.jsonl", *films)
    config = CropFacesConfig(detector="none", format="jpeg", **SEQUENCE)
    for name, workers in (("one", 0), ("two", 2)):
        execution = Execution(workers=workers, partition_size=2, quiet=True)
        crop_faces(listed, tmp_path / name, config, execution)
    one, two = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.0*")}
        for name in ("one", "two")
    )
    assert one == two
    assert one


# ---- real faces ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_people(shared_data):
    """Two people of the Face Research Lab London Set."""
    folder = shared_data / "faces/london"
    return [
        [read_image(path) for path in sorted((folder / name).iterdir())]
        for name in ("lon001", "lon005")
    ]


def stage(left, right):
    """A frame with a face in each half; None: nobody."""
    frame = np.full((320, 640, 3), 90, np.uint8)
    for at, (face, side) in zip((160, 480), (left or (None, 0), right or (None, 0)), strict=True):
        if face is not None:
            small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
            frame[
                160 - side // 2 : 160 - side // 2 + side, at - side // 2 : at - side // 2 + side
            ] = small
    return frame


def sides(boxes):
    return ["left" if box[0] + box[2] < 640 else "right" for box in boxes]


def followed(frames, tmp_path, shared_data, **settings):
    """Return the sides of the faces kept, how often the largest changed, and the warnings."""
    path = write_film(tmp_path / "a.mp4", frames, rate=5)
    weights = step.find_weights(shared_data / "weights/yunet", "yunet")
    config = CropFacesConfig(fps=5, **settings)
    record = process_utterance(Utterance("a", video=str(path)), Path, config, weights)
    return sides(record.items["box"]), record.columns["changes"], record.warnings


def test_a_film_of_two_people_gives_the_faces_of_one(two_people, tmp_path, shared_data):
    # Each comes nearer in turn; the right one is nearer on the whole.
    (ann, _), (bob, _) = two_people
    frames = [stage((ann, 240 - 40 * (n % 2)), (bob, 210 + 40 * (n % 2))) for n in range(10)]
    assert followed(frames, tmp_path, shared_data) == (["right"] * 10, 9, ("multi_face",))
    mixed, changes, warnings = followed(frames, tmp_path, shared_data, face="largest")
    assert mixed == ["left", "right"] * 5
    assert changes == 9
    assert "face_switch" in warnings


def test_two_who_change_places_at_a_cut_are_not_mixed(two_people, tmp_path, shared_data):
    (ann, _), (bob, _) = two_people
    frames = [stage((ann, 220), (bob, 240))] * 4 + [stage((bob, 240), (ann, 220))] * 4
    found, changes, _ = followed(frames, tmp_path, shared_data)
    assert found == ["right"] * 4 + ["left"] * 4
    assert changes == 0


def test_an_interview_that_cuts_between_two_people_keeps_the_one_shown_longer(
    two_people, tmp_path, shared_data
):
    (ann, _), (bob, _) = two_people
    frames = [stage((ann, 240), None)] * 4 + [stage((bob, 240), None)] * 3
    frames += [stage((ann, 240), None)] * 4
    found, changes, _ = followed(frames, tmp_path, shared_data)
    assert len(found) == 8
    assert changes == 2


def test_one_who_smiles_and_turns_away_and_comes_back_is_one(two_people, tmp_path, shared_data):
    (neutral, smiling), _ = two_people
    frames = [stage((neutral, 240), None)] * 3 + [stage(None, None)] * 3
    frames += [stage((smiling, 220), None)] * 3
    found, changes, _ = followed(frames, tmp_path, shared_data)
    assert found == ["left"] * 6
    assert changes == 0


def test_one_of_two_who_share_a_film_is_told_by_the_half(two_people, tmp_path, shared_data):
    (ann, _), (bob, _) = two_people
    path = write_film(tmp_path / "a.mp4", [stage((ann, 240), (bob, 220))] * 5, rate=5)
    weights = step.find_weights(shared_data / "weights/yunet", "yunet")
    for half in ("left", "right"):
        utterance = Utterance("a", video=str(path), half=half)
        record = process_utterance(utterance, Path, CropFacesConfig(fps=5), weights)
        assert sides(record.items["box"]) == [half] * 5
    config = CropFacesConfig(mode="centre-224")
    shared = [Utterance("a", video=str(path), half=half) for half in ("left", "right")]
    halves = [process_utterance(one, Path, config, None).unpacked()[0] * 1.0 for one in shared]
    assert np.abs(halves[0] - halves[1]).mean() > 5


def test_the_halves_of_a_list_can_be_looked_at(two_people, tmp_path):
    (ann, _), (bob, _) = two_people
    write_film(tmp_path / "a.mp4", [stage((ann, 240), (bob, 220))] * 5, rate=5)
    listed = [
        Utterance(f"u{n}", video="a.mp4", half=half) for n, half in enumerate(("left", "right"))
    ]
    draw_halves(listed, tmp_path, tmp_path / "halves.jpg")
    picture = read_image(tmp_path / "halves.jpg").astype(int)
    green = picture[:, :, 1] - picture[:, :, [0, 2]].max(axis=2) > 60
    tiles = np.split(green, 3, axis=1)
    assert [[part.sum() > 200 for part in np.split(tile, 2, axis=1)] for tile in tiles] == [
        [True, False],
        [False, True],
        [False, False],
    ]
    with pytest.raises(InputError, match="no film"):
        draw_halves([Utterance("x", video="gone.mp4", half="left")], tmp_path, tmp_path / "x.jpg")


@pytest.mark.parametrize("start", [0.0, 0.4])
def test_boxes_of_a_track_file_are_followed_at_25_a_second(tmp_path, start):
    # Frame n is drawn with its number at the box of row n, and nothing elsewhere.
    frames = []
    for n in range(30):
        frame = np.zeros((96, 160, 3), np.uint8)
        frame[16:80, 4 * n : 4 * n + 40] = 20 + 4 * n
        frames.append(frame)
    rows = "".join(f"{n} {4 * n} 16 40 64\n" for n in range(30) if n not in (20, 21))
    (tmp_path / "a.txt").write_text("FRAME X Y W H\n" + rows)
    film = write_film(tmp_path / "a.mp4", frames)
    utterance = Utterance("a", video=str(film), boxes=str(tmp_path / "a.txt"), start=start, end=1.2)
    config = CropFacesConfig(detector="none", face="track", **SEQUENCE)
    record = process_utterance(utterance, Path, config, None)
    first = round(25 * start)
    boxes = record.items["box"][:, 0]
    assert boxes[:5].tolist() == [4 * n for n in range(first, first + 5)]
    assert numbers(record)[:5] == list(range(first, first + 5))
    assert record.length == 30 - first


def test_the_reported_film_of_two_faces_shows_one_person(tmp_path, shared_data):
    film = shared_data / "reported/two-faces-switch/sway.mp4"
    for fps in (1.0, 5.0, 25.0):
        listed = a_list(tmp_path / "film.jsonl", film)
        out = tmp_path / f"{fps}.zarr"
        crop_faces(listed, out, CropFacesConfig(fps=fps), HERE, shared_data / "weights/yunet")
        left = open_store(out).column("box")[:, 0]
        assert np.ptp(left) < 100  # the two are 300 pixels apart
        if fps == 5:
            assert open_store(out).column("changes").tolist() == [4]


def test_five_seconds_of_jpeg_fit_a_megabyte_and_a_half(tmp_path, shared_data):
    films = sorted((shared_data / "genuine_av/grid").iterdir())[:2]
    listed = a_list(tmp_path / "films.jsonl", *films)
    config = CropFacesConfig(format="jpeg", **SEQUENCE)
    out = tmp_path / "f.zarr"
    manifest = crop_faces(listed, out, config, HERE, shared_data / "weights/yunet")
    assert manifest["counts"]["held"] == 0
    bytes_a_face = open_store(out).column("byte_size").mean()
    assert 125 * bytes_a_face < 1.5e6
    assert np.allclose(np.diff(open_store(out).column("time_s")[:75]), 1 / 25, atol=1e-5)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_film(tmp_path):
    """Three times as long a film may cost 20 MB more; its crops alone are 150 MB more."""
    peaks = [peak_of(write_film(tmp_path / f"{n}.mp4", noise(n)), tmp_path) for n in (500, 1500)]
    assert peaks[1] - peaks[0] < 20_000  # kB


def noise(count):
    chance = np.random.default_rng(0)
    tiles = chance.integers(0, 256, (8, 12, 12, 3), dtype=np.uint8)
    return [np.kron(tiles[n % 8], np.ones((8, 8, 1), np.uint8)) for n in range(count)]


def peak_of(film, folder):
    code = (
        "import sys, resource\nfrom pathlib import Path\n"
        "from avkd_cli.config import CropFacesConfig, Execution\n"
        "from avkd_cli.steps.crop_faces import crop_faces\n"
        "config = CropFacesConfig(detector='none', fps=25, mode='box-224')\n"
        "crop_faces(sys.argv[1], Path(sys.argv[2]), config, Execution(workers=0, quiet=True))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    listed, out = a_list(folder / f"{film.stem}.jsonl", film), folder / f"{film.stem}.zarr"
    done = subprocess.run(
        [sys.executable, "-c", code, listed, str(out)], capture_output=True, text=True, check=True
    )
    assert open_store(out).lengths[0] == int(film.stem)
    return int(done.stdout.split()[-1])
