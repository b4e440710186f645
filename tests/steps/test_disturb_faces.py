"""crop-faces --disturb: keyed copies of a test set, and strengths that are refused."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from avkd_cli.config import CropFacesConfig, Execution
from avkd_cli.errors import UsageError
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.disturb_faces import check_strength
from avkd_cli.storage.store import open_store
from avkd_cli.vision.disturb import STRENGTHS

HERE = Execution(workers=0, quiet=True, partition_size=2)
CROPPED = CropFacesConfig(detector="none")
GOOD = {"blur": 2.0, "dark": 0.25, "small": 16.0, "jpeg": 10.0, "occlude": 0.3}


@pytest.fixture
def people(tmp_path):
    lines = []
    for k in range(4):
        names = []
        for n in range(2):
            coarse = np.random.default_rng(2 * k + n).integers(0, 256, (14, 12, 3), dtype=np.uint8)
            Image.fromarray(coarse.repeat(8, 0).repeat(8, 1)).save(tmp_path / f"{k}-{n}.png")
            names.append(f"{k}-{n}.png")
        lines.append({"id": f"p{k}/a", "person": f"p{k}", "images": names})
    (tmp_path / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    return tmp_path


def made(people, name: str, source: str = "people.jsonl", workers: int = 0, **settings):
    config = dataclasses.replace(CROPPED, **settings)
    execution = dataclasses.replace(HERE, workers=workers)
    crop_faces(str(people / source), people / name, config, execution)
    return open_store(people / name)


@pytest.mark.parametrize("kind", GOOD)
def test_a_copy_has_the_ids_and_faces_of_the_clean_set_and_other_pixels(people, kind):
    clean = made(people, "c.zarr")
    copy = made(people, "s.zarr", disturb=kind, strength=GOOD[kind])
    assert (copy.ids, copy.lengths.tolist()) == (clean.ids, clean.lengths.tolist())
    assert all((a != b).any() for a, b in zip(copy.read(range(4)), clean.read(range(4))))  # noqa: B905
    for column in ("time_s", "box", "detection_score"):
        np.testing.assert_array_equal(copy.column(column), clean.column(column))


def test_what_is_measured_of_a_crop_is_of_the_spoilt_one(people):
    clean = made(people, "c.zarr")
    assert (
        made(people, "d.zarr", disturb="dark", strength=0.25).column("brightness")
        < 0.3 * clean.column("brightness")
    ).all()
    assert (
        made(people, "b.zarr", disturb="blur", strength=3.0).column("sharpness")
        < 0.3 * clean.column("sharpness")
    ).all()


@pytest.mark.parametrize("kind", ["dark", "occlude"])
def test_workers_and_company_change_nothing_and_seed_and_face_do(people, kind):
    spoilt = {"disturb": kind, "strength": GOOD[kind]}
    first, other = made(people, "1.zarr", **spoilt), made(people, "2.zarr", workers=2, **spoilt)
    lines = (people / "people.jsonl").read_text().splitlines()
    (people / "few.jsonl").write_text(lines[2] + "\n")
    few = made(people, "few.zarr", "few.jsonl", **spoilt).read([0])[0]
    for a, b in zip(first.read(range(4)), other.read(range(4)), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(first.read([2])[0], few)
    assert (made(people, "3.zarr", seed=1, **spoilt).read([2])[0] != few).any()
    clean = made(people, "c.zarr").read([2])[0].astype(int)
    apart = few - clean
    assert (apart[0] != apart[1]).any()


@pytest.mark.parametrize(
    ("kind", "strength", "words"),
    [
        ("blur", 0.0, "from 0.1 to 50, the standard deviation in pixels"),
        ("dark", 1.5, "from 0.001 to 1, the share of the light left"),
        ("small", 97.0, "a whole number from 2 to 96, the width in pixels"),
        ("small", 8.5, "a whole number"),
        ("jpeg", 101.0, "from 1 to 100, the quality"),
        ("occlude", 1.1, "from 0.001 to 1, the share of the area"),
        ("none", 2.0, "--disturb is none"),
    ],
)
def test_strengths_out_of_range_are_refused_before_any_work(people, kind, strength, words):
    before = sorted(people.iterdir())
    with pytest.raises(UsageError, match=words):
        made(people, "s.zarr", disturb=kind, strength=strength)
    assert sorted(people.iterdir()) == before


def test_every_setting_has_its_disturbance():
    choices = CropFacesConfig.__dataclass_fields__["disturb"].metadata["choices"]
    assert set(choices) == {"none", *STRENGTHS}
    for kind, strength in GOOD.items():
        check_strength(dataclasses.replace(CROPPED, disturb=kind, strength=strength))
