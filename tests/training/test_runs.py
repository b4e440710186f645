"""The run folder's own record: what it says, and what older ones said."""

import json
from dataclasses import replace

import jsonschema
import pytest
import torch

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, OutputError
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import RUN_FORMAT, open_run, read_json, read_model

WEIGHTS = f"sha256:{'1' * 64}"


@pytest.fixture
def store(tmp_path):
    """A store that was made with settings and with somebody's weights."""
    content = Embeddings(Rows(["a"], ["p"]), 1, lambda start, stop: [[1.0]])
    inputs = {"list": "sha256:l", "media": "sha256:m", "detector_weights": WEIGHTS}
    origin = Origin("crop", {"fps": 1.0}, inputs)
    return open_store(build_store(tmp_path / "store", content, origin, Execution(quiet=True)))


def plan_of(store, **changes):
    given = {"prepared": {"visual": store.preparation()}, "label": "emotion", "persons": ["p", "q"]}
    return RunPlan("train-teacher", {"seed": 0}, {"visual": store.fingerprint}, **(given | changes))


def test_a_store_says_how_it_was_made_but_not_of_which_recordings(store):
    assert store.preparation() == {
        "kind": "avkd.embeddings",
        "version": 2,
        "step": "crop",
        "config": {"fps": 1.0},
        "fingerprint": store.fingerprint,
        "avkd": store.manifest["made_by"]["avkd"],
        "inputs": {"detector_weights": WEIGHTS},
    }


def test_a_run_says_how_its_stores_were_prepared_and_whom_it_was_trained_on(
    store, tmp_path, schema
):
    run = open_run(tmp_path / "run", plan_of(store))
    record = read_json(run.path / "run.json", RUN_FORMAT)
    assert record["prepared"]["visual"]["inputs"] == {"detector_weights": WEIGHTS}
    assert (record["version"], record["label"], record["names"]) == (2, "emotion", "digests")
    assert record["persons"] == sorted(names.digests(["p", "q"], record["fingerprint"]))
    check = schema("run")
    check.validate(record)
    check.validate(run.line())
    for name in ("prepared", "label", "persons"):
        with pytest.raises(jsonschema.ValidationError):
            check.validate({key: value for key, value in record.items() if key != name})
    for wrong in ({"persons": ["p", "p"]}, {"prepared": {"visual": {}}}, {"version": 3}):
        with pytest.raises(jsonschema.ValidationError):
            check.validate(record | wrong)


def test_names_are_written_in_plain_where_asked_and_are_no_part_of_a_runs_identity(store):
    plain, hidden = plan_of(store, keep_names=True), plan_of(store)
    said = plain.to_json()
    assert (said["names"], said["persons"]) == ("plain", ["p", "q"])
    assert plain.fingerprint == hidden.fingerprint
    config = {"seed": 0, "keep_names": True}
    assert RunPlan("train-teacher", config, {}).config == {"seed": 0}


@pytest.mark.parametrize("keep", [False, True])
def test_a_model_holds_digests_of_its_classes_and_people_unless_names_are_kept(
    store, tmp_path, keep
):
    run = open_run(tmp_path / "run", plan_of(store, keep_names=keep))
    head = {"kind": "softmax", "classes": ["happy", "sad"]}
    run.publish({"x": torch.ones(1)}, {"heads": {"person": head}, "persons": ["ann", "bob"]})
    record, text = read_model(run.path)[0], (run.path / "model.json").read_text()
    assert [name in text for name in ("ann", "bob", "happy")] == [keep] * 3
    assert names.known(record["persons"], ["ann", "eve"]) == {"ann"}
    assert names.resolved(record["heads"]["person"]["classes"], ["sad", "happy"]) == head["classes"]


def test_how_stores_were_prepared_is_no_part_of_a_runs_identity(store):
    # Their fingerprints are; a plan of version 1 names the same work.
    assert plan_of(store).fingerprint == plan_of(store, prepared={}, persons=[]).fingerprint


OLD = {  # as avkd 0.1 wrote it
    "format": "avkd.run",
    "version": 1,
    "step": "train-teacher",
    "config": {"modality": "audio", "seed": 0},
    "inputs": {"audio": "sha256:a"},
    "fingerprint": "sha256:b0435a107f2d1322a45f0dcdfb5bcdd9e72bd995ecebcc74d5c69679cea223b7",
    "made_by": {"argv": ["avkd"], "avkd": "0.1.0", "host": "h", "time": "t", "torch": "2"},
}


@pytest.fixture
def old(tmp_path):
    """A run of version 1 that has just begun."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "run.json").write_text(json.dumps(OLD))
    return tmp_path / "old"


def again(**changes):
    given = {"modality": "audio", "seed": 0} | changes
    return RunPlan("train-teacher", given, {"audio": "sha256:a"}, persons=["p", "q"])


def test_a_run_of_version_1_goes_on_and_is_found_finished(old):
    run = open_run(old, again())
    assert json.loads((old / "run.json").read_text()) == OLD
    assert run.plan.fingerprint == OLD["fingerprint"]
    run.publish({"x": torch.ones(1)}, {"role": "teacher"})
    record = json.loads((old / "model.json").read_text())
    (old / "model.json").write_text(json.dumps(record | {"version": 1}))
    assert open_run(old, again()).finished
    description, tensors = read_model(old)
    assert description["version"] == 1 and tensors["x"].tolist() == [1]


def test_a_run_of_version_1_of_other_settings_is_refused(old):
    with pytest.raises(OutputError, match="seed 0, now it is 1"):
        open_run(old, again(seed=1))


def test_a_run_of_a_later_version_is_one_line(old):
    (old / "run.json").write_text(json.dumps(OLD | {"version": 3}))
    with pytest.raises(InputError, match=r"wanted avkd.run version 1 or 2, this is avkd.run 3"):
        open_run(old, again())


def test_a_run_that_failed_before_anything_was_kept_makes_room_for_the_corrected_line(
    store, tmp_path
):
    first, other = plan_of(store), replace(plan_of(store), given={"seed": 1})
    run = open_run(tmp_path / "run", first)
    with pytest.raises(OutputError, match="was started with"):
        open_run(tmp_path / "run", other)
    run.status("failed", code=65)
    assert open_run(tmp_path / "run", other).plan == other
    assert json.loads((tmp_path / "run/run.json").read_text())["config"] == {"seed": 1}
    open_run(tmp_path / "run", other).status("failed", code=79)
    (tmp_path / "run/step_000010").mkdir()  # something to go on from
    with pytest.raises(OutputError, match="was started with"):
        open_run(tmp_path / "run", first)
