"""EER and distances on training and on validation people, each epoch, and the gap between them."""

import json
from pathlib import Path

import numpy as np
import pytest

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import curves_parts
from avkd_cli.config import DistillAudioConfig, Execution, ExtractConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.curves import curves
from avkd_cli.steps.distill import distill
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.storage.store import open_store
from avkd_cli.training.checkpoint import folders

EPOCHS = 3  # of two steps


@pytest.fixture(scope="module")
def places(tmp_path_factory, small) -> dict:
    """Twelve recordings to train on, four of one person more to validate with strangers."""
    folder = tmp_path_factory.mktemp("overfitting")
    small.make_audio(folder)
    lines = [one for one in small.ids if not one.startswith("p3")]
    listed = [json.loads(line) for line in (folder / "list.jsonl").read_text().splitlines()]
    train = [one for one in listed if one["id"] in lines]
    (folder / "train.jsonl").write_text("".join(json.dumps(one) + "\n" for one in train))
    (folder / "trials.txt").write_text("1 p3/3 p3/7\n0 p3/3 p0/0\n1 p3/7 p3/11\n0 p3/11 p1/1\n")
    teacher = small.make_teacher(folder, "teacher", classes=["p0", "p1", "p2"])
    return {
        "audio": folder / "audio.zarr",
        "teacher": Path(teacher),
        "folder": folder,
        "settings": small.settings | {"batch_size": 6, "max_steps": 2 * EPOCHS},
    }


def train(places, output: Path, validation: bool = True, **settings) -> list[dict]:
    config = DistillAudioConfig(**(places["settings"] | settings))
    distill(
        "audio",
        str(places["audio"]),
        str(places["teacher"]),
        output,
        config,
        quiet=True,
        list_file=places["folder"] / "train.jsonl",
        validation=str(places["folder"] / "trials.txt") if validation else None,
    )
    lines = map(json.loads, (output / "log.jsonl").read_text().splitlines())
    return [line["validation"] for line in lines if "validation" in line]


def test_each_epoch_has_both_eers_and_every_distance_on_both_people(places, tmp_path):
    told = train(
        places, tmp_path / "run", train_trials=10, gamma=1.0, class_cos=1.0, tolerance="cos=2"
    )
    assert len(told) == EPOCHS
    for one in told:
        assert set(one) == set("eer train_eer cos train_cos mmd train_mmd train_class-cos".split())
        assert one["train_cos"] > 0  # the distance itself, though the tolerance lets it all off


def test_measuring_changes_nothing_of_the_run(places, tmp_path):
    for name, trials in (("with", 10), ("without", 0)):
        train(places, tmp_path / name, train_trials=trials)
    runs = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("with", "without")]
    assert runs[0] == runs[1]
    plans = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("with", "without")]
    assert plans[0]["fingerprint"] == plans[1]["fingerprint"]
    assert len(folders(tmp_path / "with")) == len(folders(tmp_path / "without"))


def test_the_distance_is_that_of_stored_embeddings_by_hand(places, tmp_path):
    told = train(places, tmp_path / "run", train_trials=20)
    extract(
        tmp_path / "run",
        [str(places["audio"])],
        tmp_path / "emb.zarr",
        ExtractConfig(),
        Execution(workers=0, quiet=True),
    )
    student, teacher = open_store(tmp_path / "emb.zarr"), open_store(places["teacher"])
    ids = ["p3/3", "p3/7", "p0/0", "p3/11", "p1/1"]
    a, b = (store.embedding[[store.row_of[one] for one in ids]] for store in (student, teacher))
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    best = min(told, key=lambda one: one["eer"])
    assert best["cos"] == pytest.approx(float(np.mean(1 - cosine)), abs=1e-4)


def test_curves_show_the_gap(places, tmp_path):
    told = train(places, tmp_path / "run", train_trials=10)
    found = curves([tmp_path / "run"], Picture(tmp_path / "gap.svg"))
    (run,) = found["runs"]
    last = told[-1]
    assert run["learnt_by_heart"]["eer"] == pytest.approx(
        {
            "training": last["train_eer"],
            "validation": last["eer"],
            "gap": last["eer"] - last["train_eer"],
        }
    )
    assert run["series"]["gap: cos"]["step"] == [2, 4, 6]
    assert "gap: eer" in (tmp_path / "gap.svg").read_text()
    assert "gap: eer" in document(curves_parts(found))


def test_a_run_without_training_trials_has_no_gap(places, tmp_path):
    train(places, tmp_path / "run")
    (run,) = curves([tmp_path / "run"])["runs"]
    assert run["learnt_by_heart"] == {}


def test_trials_that_cannot_be_drawn_or_compared_are_refused(places, tmp_path):
    with pytest.raises(UsageError, match="measured beside --validation"):
        train(places, tmp_path / "run", validation=False, train_trials=10)
    with pytest.raises(InputError, match="18 targets and 48 nontargets are possible"):
        train(places, tmp_path / "run", train_trials=100)
    assert not (tmp_path / "run").exists()
