import dataclasses

import numpy as np
import pytest

from avkd_cli import config
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.storage.durable import sha256_bytes
from avkd_cli.vision.decode import read_frames, read_image
from avkd_cli.vision.detectors import DETECTORS, Weights, find_weights, load_detector, whole
from avkd_cli.vision.select import usable

NEED_WEIGHTS = ("scrfd", "yunet")
GREY = np.full((120, 160, 3), 128, dtype=np.uint8)


def test_the_settings_offer_what_the_room_has():
    assert set(config.DETECTORS) == set(DETECTORS)


def test_none_takes_the_whole_picture_and_no_weights():
    detector = load_detector("none", find_weights(None, "none"))
    found = detector(GREY)
    assert detector is whole
    assert found.boxes.tolist() == [[0, 0, 160, 120]]
    assert found.scores.tolist() == [1]
    assert np.isnan(found.landmarks).all()


@pytest.mark.parametrize("name", NEED_WEIGHTS)
def test_without_weights_the_way_out_is_told(name):
    with pytest.raises(UsageError) as caught:
        find_weights(None, name)
    message = str(caught.value)
    assert "--detector-weights" in message
    assert "--detector none" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", NEED_WEIGHTS)
def test_weights_that_are_not_there(name, tmp_path):
    with pytest.raises(MissingInputError, match="no such file"):
        find_weights(tmp_path / "nothing.onnx", name)
    (tmp_path / "recognition.onnx").write_bytes(b"x")
    with pytest.raises(MissingInputError, match="no file is named like"):
        find_weights(tmp_path, name)


@pytest.mark.parametrize(
    ("name", "files", "chosen"),
    [
        ("scrfd", {"det_10g.onnx": 9, "w600k_r50.onnx": 50}, "det_10g.onnx"),
        ("scrfd", {"scrfd_500m_kps.onnx": 1, "scrfd_2.5g_kps.onnx": 2}, "scrfd_2.5g_kps.onnx"),
        ("scrfd", {"scrfd_10g.onnx": 9, "scrfd_500m_kps.onnx": 1}, "scrfd_500m_kps.onnx"),
        ("yunet", {"yunet_n_320_320.onnx": 2, "yunet_n_dynamic.onnx": 1}, "yunet_n_dynamic.onnx"),
        ("yunet", {"a/face_detection_yunet_2023mar.onnx": 1}, "face_detection_yunet_2023mar.onnx"),
    ],
)
def test_a_folder_gives_the_fitting_file(name, files, chosen, tmp_path):
    for file, size in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(bytes(size))
    weights = find_weights(tmp_path, name)
    assert weights.path.name == chosen
    assert weights.sha256 == sha256_bytes(weights.path.read_bytes())


@pytest.mark.parametrize("name", NEED_WEIGHTS)
def test_a_file_that_is_no_detector_is_refused(name, tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(b"not a network")
    with pytest.raises(InputError, match=r"bad\.onnx"):
        load_detector(name, find_weights(path, name))


@pytest.mark.parametrize(("name", "other"), [("scrfd", "yunet"), ("yunet", "scrfd")])
def test_the_weights_of_another_detector_are_refused(name, other, shared_data):
    weights = find_weights(shared_data / "weights" / other, other)
    with pytest.raises(InputError, match="not the weights of a"):
        load_detector(name, weights)


def test_weights_that_changed_since_the_plan_are_refused(shared_data, tmp_path):
    path = tmp_path / "yunet.onnx"
    path.write_bytes((shared_data / "weights/yunet/yunet_n_dynamic.onnx").read_bytes())
    planned = find_weights(path, "yunet")
    path.write_bytes((shared_data / "weights/yunet/yunet_s_dynamic.onnx").read_bytes())
    with pytest.raises(InputError, match="changed since"):
        load_detector("yunet", dataclasses.replace(planned))


def test_a_device_that_is_not_there_is_a_usage_error(shared_data):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    weights = find_weights(shared_data / "weights/scrfd", "scrfd")
    with pytest.raises(UsageError, match="CPUExecutionProvider"):
        load_detector("scrfd", weights, device="cuda")


@pytest.fixture(
    scope="module",
    params=[
        "scrfd/scrfd_500m_kps.onnx",
        "scrfd/scrfd_2.5g_kps.onnx",
        "yunet/yunet_n_dynamic.onnx",
        "yunet/yunet_n_320_320.onnx",
        "yunet/yunet_s_dynamic.onnx",
    ],
)
def detector(request, shared_data):
    name = request.param.partition("/")[0]
    return load_detector(name, find_weights(shared_data / "weights" / request.param, name))


def test_nobody_is_found_in_a_grey_picture(detector):
    assert len(detector(GREY)) == 0


def test_a_sliver_of_a_picture_holds_no_face(detector):
    assert len(detector(np.zeros((32, 4000, 3), dtype=np.uint8))) == 0


def test_eyes_are_found_where_people_marked_them(detector, shared_data):
    import csv

    with (shared_data / "faces/faces.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["left_eye_xy"]][::17]
    assert len(rows) == 6
    for row in rows:
        picture = read_image(shared_data / "faces" / row["path"])
        found = usable(detector(picture), *picture.shape[:2])
        assert len(found) == 1
        eyes = [np.array(row[k].split(";"), float) for k in MARKED]
        eyes.sort(key=lambda eye: eye[0])  # as seen, left first
        apart = np.linalg.norm(eyes[1] - eyes[0])
        error = np.linalg.norm(found.landmarks[0, :2] - eyes, axis=1) / apart
        assert error.max() < 0.15


MARKED = ("left_eye_xy", "right_eye_xy")


def test_a_film_shows_one_face_whose_parts_are_in_order(detector, shared_data):
    frame = next(read_frames(shared_data / "genuine_av/grid/brbk7n.mpg", count=1)).pixels
    found = usable(detector(frame), *frame.shape[:2])
    assert len(found) == 1
    left_eye, right_eye, nose, left_mouth, right_mouth = found.landmarks[0]
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_mouth[0] < nose[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    x1, y1, x2, y2 = found.boxes[0]
    assert (found.landmarks[0] > [x1, y1]).all()
    assert (found.landmarks[0] < [x2, y2]).all()


def test_a_shrunken_view_gives_places_of_the_whole_picture(shared_data):
    weights = find_weights(shared_data / "weights/yunet", "yunet")
    frame = next(read_frames(shared_data / "genuine_av/grid/brbk7n.mpg", count=1)).pixels
    whole = load_detector("yunet", weights, 640)(frame)
    small = load_detector("yunet", weights, 180)(frame)
    assert len(whole) == len(small) == 1
    assert small.boxes[0] == pytest.approx(whole.boxes[0], abs=8)
    assert small.landmarks[0] == pytest.approx(whole.landmarks[0], abs=5)


def test_a_detector_is_made_once_a_process(shared_data):
    weights = find_weights(shared_data / "weights/yunet", "yunet")
    same = Weights(weights.path, weights.sha256)
    assert load_detector("yunet", weights) is load_detector("yunet", same)
