"""Training on tiny stores of waveforms: what disturbs them, and what becomes of the classes."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from safetensors.numpy import load_file

from avkd_cli.cli import cli
from avkd_cli.config import (
    AudioConfig,
    DistillAudioConfig,
    Execution,
    PrepAudioConfig,
    VisualConfig,
)
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.distill import distill
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import StoredHead

TINY = {
    "model": "tdnn",
    "width": 8,
    "embedding_size": 8,
    "n_mels": 24,
    "crop_min": 20,
    "crop_max": 30,
    "batch_size": 8,
    "max_steps": 4,
    "log_every": 1,
    "optimizer": "adamw",
    "lr": 3e-3,
    "checkpoint_every": 2,
}
DISTURBED = {"augment": 0.8, "speed_classes": True}


def make_store(folder: Path, name: str, ids: list[str], features: str = "waveform") -> str:
    """A store of half a second of noise for each id; the person is the id's first part."""
    random, lines = np.random.default_rng(len(ids)), []
    for one in ids:
        path = folder / name / f"{one.replace('/', '_')}.wav"
        path.parent.mkdir(exist_ok=True)
        soundfile.write(path, random.normal(0, 0.1, 8000), 16_000)
        lines.append({"id": one, "person": one.split("/")[0], "audio": f"{name}/{path.name}"})
    listed = folder / f"{name}.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    config = PrepAudioConfig(features=features, n_mels=24)
    prep_audio(listed, folder / f"{name}.zarr", config, Execution(workers=0, quiet=True))
    return str(folder / f"{name}.zarr")


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("stores")
    people = [f"p{i % 4}/{i}" for i in range(16)]
    noise = ["music/a", "speech/a", "speech/b", "noise/a"]
    return {
        "audio": make_store(folder, "audio", people),
        "fbank": make_store(folder, "fbank", people, "fbank"),
        "noise": make_store(folder, "noise", noise),
        "rir": make_store(folder, "rir", ["room/a", "room/b"]),
    }


def train(store: str, output: Path, more: dict | None = None, **settings) -> dict:
    config = AudioConfig(**(TINY | settings))
    return train_teacher("audio", [store], output, config, quiet=True, **(more or {}))


def weights(run: Path) -> dict[str, np.ndarray]:
    return load_file(run / "model.safetensors")


def test_speeds_are_classes_in_training_and_people_afterwards(stores, tmp_path):
    beside = {"noise": stores["noise"], "rir": stores["rir"]}
    train(stores["audio"], tmp_path / "run", beside, **DISTURBED)
    checkpoint = load_file(tmp_path / "run/step_000004/network.safetensors")
    assert checkpoint["heads.person.weight"].shape == (12, 8)
    head = weights(tmp_path / "run")["heads.person.weight"]
    np.testing.assert_array_equal(head, checkpoint["heads.person.weight"][:4])
    description = json.loads((tmp_path / "run/model.json").read_text())
    people = ["p0", "p1", "p2", "p3"]
    assert names.resolved(description["heads"]["person"]["classes"], people) == people
    assert set(description["inputs"]) == {"audio", "noise", "rir"}


def test_a_disturbed_run_that_stopped_ends_with_the_same_weights(stores, tmp_path):
    beside = {"noise": stores["noise"], "rir": stores["rir"]}
    for name in ("one", "two"):
        train(stores["audio"], tmp_path / name, beside, **DISTURBED)
    before = weights(tmp_path / "one")
    run = tmp_path / "two"
    (run / "model.json").unlink()
    (run / "step_000004/checkpoint.json").unlink()  # the save of step 4 was cut
    train(stores["audio"], run, beside, workers=0, **DISTURBED)
    for name, value in weights(run).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_disturbing_matters_and_off_is_what_it_was_before(stores, tmp_path):
    train(stores["audio"], tmp_path / "plain")
    train(stores["audio"], tmp_path / "noisy", {"noise": stores["noise"]}, augment=1.0)
    plain, noisy = weights(tmp_path / "plain"), weights(tmp_path / "noisy")
    assert any((plain[name] != noisy[name]).any() for name in plain)
    plan = json.loads((tmp_path / "plain/run.json").read_text())  # as an older avkd wrote it
    assert not {"augment", "speed_classes"} & plan["config"].keys()
    assert set(plan["inputs"]) == {"audio"}


@pytest.mark.parametrize(
    ("store", "beside", "settings", "error", "said"),
    [
        ("audio", {}, {"augment": 0.8}, UsageError, "--augment needs --noise"),
        ("audio", {"rir": "rir"}, {}, UsageError, "--rir is given but --augment is 0"),
        ("fbank", {"rir": "rir"}, {"augment": 0.8}, InputError, "--features waveform"),
        ("fbank", {}, {"speed_classes": True}, InputError, "--features waveform"),
        ("audio", {"noise": "fbank"}, {"augment": 0.8}, InputError, "fbank.zarr: holds frames"),
        ("audio", {"noise": "audio"}, {"augment": 0.8}, InputError, "neither music, speech nor"),
    ],
)
def test_what_cannot_be_disturbed_is_refused(
    stores, tmp_path, store, beside, settings, error, said
):
    given = {name: stores[path] for name, path in beside.items()}
    with pytest.raises(error, match=said):
        train(stores[store], tmp_path / "run", given, **settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("config", "how"), [("small", "--config small"), ("own.toml", "--features waveform")]
)
def test_who_trains_by_a_preset_is_told_to_prepare_by_it(stores, tmp_path, config, how):
    own = tmp_path / "own.toml"
    own.write_text("[train-teacher.audio]\nspeed-classes = true\n")
    given = own if config == own.name else config
    words = f"train-teacher --modality audio {stores['fbank']} -o {tmp_path}/run --config {given}"
    told = f"make it by avkd prep-audio LIST.jsonl -o STORE {how}"
    assert str(command(*words.split()).exception).endswith(told)


def test_noise_is_no_input_of_a_face_encoder(stores, tmp_path):
    from avkd_cli.recipes import RECIPES, Request

    asked = Request("train-teacher", "visual", ["faces.zarr"], noise=stores["noise"])
    with pytest.raises(UsageError, match="--noise is for --modality audio"):
        RECIPES["visual"](asked, VisualConfig())


def make_teacher(folder: Path) -> str:
    """A store of random embeddings of the sixteen utterances, with a classifier."""
    ids, random = [f"p{i % 4}/{i}" for i in range(16)], np.random.default_rng(5)
    rows, classifier = (
        random.normal(size=(20, 8)).astype(np.float32)[:16],
        random.normal(size=(4, 8)),
    )
    head = StoredHead("aam-softmax", ["p0", "p1", "p2", "p3"], classifier.astype(np.float32))
    content = Embeddings.of(Rows(ids, [one[:2] for one in ids]), rows, head)
    build_store(folder / "teacher.zarr", content, Origin("extract"), Execution(quiet=True))
    return str(folder / "teacher.zarr")


def test_a_student_hears_other_speeds_and_is_taught_at_its_own(stores, tmp_path):
    teacher, more = make_teacher(tmp_path), {"alpha": 1.0, "beta": 1.0, "gamma": 1.0}
    settings = DistillAudioConfig(**(TINY | {"speed_classes": True} | more))
    distill("audio", stores["audio"], teacher, tmp_path / "run", settings, quiet=True)
    saved = weights(tmp_path / "run")
    assert saved["heads.person.weight"].shape == (4, 8)
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    terms = [line["losses"][term] for line in lines for term in ("kl", "cos", "mmd")]
    assert terms and np.isfinite(terms).all()


def test_a_student_of_other_speeds_without_terms_is_the_baseline(stores, tmp_path):
    teacher, speeds = make_teacher(tmp_path), TINY | {"speed_classes": True}
    settings = DistillAudioConfig(**speeds)
    distill("audio", stores["audio"], teacher, tmp_path / "student", settings, quiet=True)
    train(stores["audio"], tmp_path / "baseline", speed_classes=True)
    student, baseline = weights(tmp_path / "student"), weights(tmp_path / "baseline")
    assert all(np.array_equal(student[name], baseline[name]) for name in baseline)


def test_gathered_mmd_and_speeds_exclude_each_other(stores, tmp_path):
    settings = DistillAudioConfig(**(TINY | {"speed_classes": True, "mmd_gather": True}))
    with pytest.raises(UsageError, match="--mmd-gather"):
        distill("audio", stores["audio"], "t.zarr", tmp_path / "run", settings, quiet=True)


@pytest.fixture(scope="module")
def trained(stores, tmp_path_factory) -> Path:
    run = tmp_path_factory.mktemp("trained") / "run"
    train(stores["audio"], run)
    return run


def test_fine_tuning_goes_on_from_the_weights_and_the_classifier(stores, trained, tmp_path):
    # One step of a rate of next to nothing ends where it began.
    still = {"max_steps": 1, "lr": 1e-9, "lr_final": 1e-9, "weight_decay": 0.0, "dropout": 0.1}
    train(stores["audio"], tmp_path / "run", {"init_from": [trained]}, **still)
    before, after = weights(trained), weights(tmp_path / "run")
    for name in before:
        if "running" not in name and "num_batches" not in name:  # BatchNorm saw one batch more
            np.testing.assert_allclose(after[name], before[name], atol=1e-6, err_msg=name)
    inputs = json.loads((tmp_path / "run/model.json").read_text())["inputs"]
    assert inputs["init"] == inputs["init-head"] == fingerprint(trained)


def fingerprint(run: Path) -> str:
    return json.loads((run / "model.json").read_text())["fingerprint"]


def test_a_reset_head_is_new_and_the_network_is_not(stores, trained, tmp_path):
    still = {"max_steps": 1, "lr": 1e-9, "lr_final": 1e-9, "weight_decay": 0.0, "seed": 5}
    beside = {"init_from": [trained], "reset_head": True}
    train(stores["audio"], tmp_path / "run", beside, **still)
    before, after = weights(trained), weights(tmp_path / "run")
    head = "heads.person.weight"
    assert np.abs(after[head] - before[head]).max() > 0.1
    others = [n for n in before if n != head and "running" not in n and "num_batches" not in n]
    for name in others:
        np.testing.assert_allclose(after[name], before[name], atol=1e-6, err_msg=name)


def test_other_persons_are_refused_with_the_way_out(stores, trained, tmp_path, capsys):
    kept = tmp_path / "three.jsonl"
    ids = [f"p{i % 4}/{i}" for i in range(16) if i % 4]
    kept.write_text("".join(json.dumps({"id": one}) + "\n" for one in ids))
    beside = {"init_from": [trained], "list_file": kept}
    with pytest.raises(InputError, match=r"knows somebody who is not here; pass --reset-head"):
        train(stores["audio"], tmp_path / "run", beside)
    plain = tmp_path / "plain"
    train(stores["audio"], plain, keep_names=True)
    assert fingerprint(plain) == fingerprint(trained)
    train(stores["audio"], trained, keep_names=True)
    assert "--keep-names came too late" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"knows 'p0' who is not here; pass --reset-head"):
        train(stores["audio"], tmp_path / "run", {"init_from": [plain], "list_file": kept})
    train(stores["audio"], tmp_path / "run", beside | {"reset_head": True})
    assert weights(tmp_path / "run")["heads.person.weight"].shape == (3, 8)


@pytest.mark.parametrize("change", [{"width": 16}, {"model": "resnet34"}, {"embedding_size": 4}])
def test_another_network_is_refused(stores, trained, tmp_path, change):
    with pytest.raises(InputError, match="same network"):
        train(stores["audio"], tmp_path / "run", {"init_from": [trained]}, **change)


def test_starting_options_that_do_not_fit_are_refused(stores, trained, tmp_path):
    with pytest.raises(UsageError, match="--reset-head is for --init-from"):
        train(stores["audio"], tmp_path / "run", {"reset_head": True})
    with pytest.raises(UsageError, match="no classes of other speeds"):
        train(stores["audio"], tmp_path / "run", {"init_from": [trained]}, speed_classes=True)
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun/run.json").write_text("{}")
    with pytest.raises(InputError, match="unfinished run"):
        train(stores["audio"], tmp_path / "run", {"init_from": [tmp_path / "begun"]})


def test_an_unknown_tracker_stops_before_anything_is_made(stores, tmp_path):
    with pytest.raises(UsageError, match="did you mean 'tensorboard'"):
        train(stores["audio"], tmp_path / "run", tracker="tensorbord")
    assert not (tmp_path / "run").exists()


def test_tensorboard_has_the_losses_of_every_log_line(stores, tmp_path):
    pytest.importorskip("tensorboard", reason="pip install tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(stores["audio"], tmp_path / "run", tracker="tensorboard")
    (events,) = (tmp_path / "run/avkd").glob("events*")
    read = EventAccumulator(str(events)).Reload()
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    found = [(event.step, event.value) for event in read.Scalars("loss")]
    assert found == [(line["step"], pytest.approx(line["losses"]["loss"])) for line in lines]
    assert weights(tmp_path / "run").keys()


FLAGS = [word for name, value in TINY.items() for word in (f"--{name.replace('_', '-')}", value)]


def command(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_the_commands_hand_their_options_on(stores, trained, tmp_path):
    """A teacher, then a student that starts from it, both disturbed."""
    disturbed = ("--augment", 1, "--noise", stores["noise"], "--rir", stores["rir"])
    result = command(
        *f"train-teacher --modality audio {stores['audio']} -o {tmp_path}/run".split(),
        *FLAGS,
        *disturbed,
        *f"--init-from {trained} --reset-head --speed-classes -q".split(),
    )
    assert result.exit_code == 0, result.output
    model = json.loads((tmp_path / "run/model.json").read_text())
    assert set(model["inputs"]) == {"audio", "noise", "rir", "init"}
    ids = [f"p{i % 4}/{i}" for i in range(16)]
    content = Embeddings.of(Rows(ids, [one[:2] for one in ids]), np.eye(16, 8) + 1)
    build_store(tmp_path / "t.zarr", content, Origin("extract"), Execution(quiet=True))
    result = command(
        *f"distill --modality audio {stores['audio']} --teacher {tmp_path}/t.zarr".split(),
        *f"-o {tmp_path}/student".split(),
        *FLAGS,
        *disturbed,
        *f"--init-from {tmp_path}/run --gamma 1 -q".split(),
    )
    assert result.exit_code == 0, result.output
    model = json.loads((tmp_path / "student/model.json").read_text())
    assert set(model["inputs"]) == {"audio", "teacher", "noise", "rir", "init"}
