"""An exported network gives the run's embeddings, where there is neither torch nor avkd."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
import torch
from click.testing import CliRunner
from PIL import Image

import avkd_cli
from avkd_cli.cli import cli
from avkd_cli.config import CropFacesConfig, Execution, PrepAudioConfig
from avkd_cli.errors import AvkdError, InputError, OutputError, UsageError
from avkd_cli.inputs import graphs, networks
from avkd_cli.inputs.networks import Description, build
from avkd_cli.losses.heads import AamSoftmax
from avkd_cli.steps import export as step
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.export import export
from avkd_cli.steps.export_check import cases_of
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.store import open_store
from avkd_cli.training.objective import Objective
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run

FBANK = {"features": "fbank", "n_mels": 24}
SPECTROGRAM = {"features": "spectrogram", "n_mels": 257}
KINDS = {
    "audio": Description("audio", "tdnn", {"n_mels": 24, "embedding_size": 8, "width": 16}, FBANK),
    "segments": Description(
        "audio", "thin-resnet", {"n_mels": 257, "embedding_size": 8, "width": 16}, SPECTROGRAM, 25
    ),
    "visual": Description(
        "visual",
        "cnn",
        {"embedding_size": 8, "width": 16, "in_channels": 3, "height": 32, "width_px": 32},
        {},
    ),
    "fusion": Description(
        "fusion", "gate", {"visual_size": 8, "audio_size": 8, "embedding_size": 8}, {}
    ),
}


def finished(folder: Path, kind: str, seed: int = 0) -> Path:
    """A finished run of a network that nobody trained, whose people are Ann and Bob."""
    plan = RunPlan("train-teacher", {"seed": seed}, {"audio": f"x{seed}"}, keep_names=True)
    run = open_run(folder / f"{kind}{seed}", plan)
    torch.manual_seed(seed)
    head = AamSoftmax(["Ann", "Bob"], 8)
    objective = Objective(build(KINDS[kind]), {"person": head})
    for batch in objective.modules():  # as training leaves them, not as they begin
        if isinstance(batch, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            batch.running_mean.normal_(0, 0.1)
            batch.running_var.uniform_(0.5, 1.5)
    run.publish(
        objective.state_dict(),
        {
            "modality": KINDS[kind].modality,
            "role": "student",
            "network": networks.to_json(KINDS[kind]),
            "heads": {"person": head.to_json()},
            "persons": ["Ann", "Bob"],
        },
    )
    return run.path


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> list[str]:
    """Recordings of several lengths, one at another rate."""
    folder, rng = tmp_path_factory.mktemp("sounds"), np.random.default_rng(0)
    found = []
    for seconds, rate in ((0.45, 16_000), (1.37, 16_000), (3.0, 44_100)):
        tones = np.sin(np.arange(int(seconds * rate)) * rng.uniform(0.05, 0.3, (3, 1))).sum(axis=0)
        path = folder / f"{seconds}.wav"
        soundfile.write(path, 0.1 * tones + rng.normal(0, 0.02, tones.shape), rate)
        found.append(str(path))
    return found


@pytest.fixture(scope="module")
def heard(tmp_path_factory, sounds) -> tuple[Path, Path, dict]:
    """A run that hears, its export, and what the command printed."""
    folder = tmp_path_factory.mktemp("heard")
    run, output = finished(folder, "audio"), folder / "a.onnx"
    checks = [word for one in sounds for word in ("--check", one)]
    result = CliRunner().invoke(
        cli, ["export", str(run), "-o", str(output), *checks, "--licence", "CC-BY-4.0"]
    )
    assert result.exit_code == 0, result.output
    assert "cosine to the run's embeddings at least 1.0000000, 3 recordings" in result.stderr
    return run, output, json.loads(result.stdout)


def metadata(path: Path) -> dict[str, str]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.get_modelmeta().custom_metadata_map


def test_the_file_says_what_it_takes_whose_it_is_and_what_came_of_the_check(heard):
    run, output, line = heard
    said = metadata(output)
    check = json.loads(said["avkd.check"])
    assert check["cosine"] >= 0.99999 and check["recordings"] == 3 and check["real"]
    assert check["seconds"] == [0.45, 3.0] and line["check"] == check
    assert said["licence"] == "CC-BY-4.0" and said["format"] == "avkd.onnx"
    model = json.loads((run / "model.json").read_text())
    assert said["avkd.run"] == line["run"] == model["fingerprint"]
    assert json.loads(said["avkd.prepared"])["sample_rate"] == 16_000
    assert "## What it must not be used for" in said["card"]


def test_no_name_and_no_path_of_this_disk_is_in_the_file(heard):
    data = heard[1].read_bytes()
    assert b"Ann" not in data and b"Bob" not in data
    for path in (Path(avkd_cli.__file__).parent, Path(torch.__file__).parent, heard[0]):
        assert str(path).encode() not in data


WITHOUT_TORCH = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "avkd_cli", "onnx", "onnxscript", "scipy"):
            raise ImportError(f"there is no {name} here")
sys.meta_path.insert(0, Refuse())
try:
    import torch
except ImportError:
    print("no torch")
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
(given,) = session.get_inputs()
found = [session.run(None, {given.name: numpy.load(one)[None]})[0][0] for one in sys.argv[3:]]
numpy.save(sys.argv[2], numpy.stack(found))
"""


def test_without_torch_it_gives_the_embeddings_of_a_store(heard, sounds, tmp_path):
    lines = [{"id": f"u{i}", "audio": path} for i, path in enumerate(sounds)]
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    here = Execution(workers=0, quiet=True)
    prep_audio(tmp_path / "l.jsonl", tmp_path / "a.zarr", PrepAudioConfig(n_mels=24), here)
    result = CliRunner().invoke(
        cli,
        f"extract-embeddings {heard[0]} {tmp_path}/a.zarr -o {tmp_path}/e.zarr -q".split(),
    )
    assert result.exit_code == 0, result.output
    raw = []
    for number, path in enumerate(sounds):
        from avkd_cli.audio.decode import decode_audio

        raw.append(str(tmp_path / f"{number}.npy"))
        np.save(raw[-1], decode_audio(Path(path)).samples)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(heard[1]), str(tmp_path / "o.npy"), *raw],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no torch\n"
    store, found = open_store(tmp_path / "e.zarr"), np.load(tmp_path / "o.npy")
    wanted = store.embedding[[store.row_of[f"u{i}"] for i in range(3)]]
    cosine = (
        (found * wanted).sum(1) / np.linalg.norm(found, axis=1) / np.linalg.norm(wanted, axis=1)
    )
    assert cosine.min() >= 0.99999


def test_a_batch_of_any_size_and_length_is_taken(heard):
    session = onnxruntime.InferenceSession(str(heard[1]), providers=["CPUExecutionProvider"])
    trained = networks.load(heard[0])
    for batch, length in ((1, 6_400), (4, 23_456), (2, 480_000)):
        samples = np.random.default_rng(length).normal(0, 0.1, (batch, length)).astype(np.float32)
        (found,) = session.run(None, {"samples": samples})
        graph = graphs.graph_of(trained.network, FBANK, "float16").eval()
        with torch.no_grad():
            wanted = graph(torch.from_numpy(samples)).numpy()
        assert found.shape == (batch, 8)
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-4)


def test_an_export_that_is_there_is_left_alone_and_others_are_not_replaced(heard, tmp_path, capsys):
    run, output, line = heard
    before = output.stat().st_mtime_ns
    assert export(run, output) == line
    assert output.stat().st_mtime_ns == before and "already complete" in capsys.readouterr().err
    with pytest.raises(OutputError, match="is of another run"):
        export(finished(tmp_path, "audio", seed=1), output)
    (tmp_path / "x.onnx").write_bytes(b"mine")
    with pytest.raises(OutputError, match="was not made by avkd export"):
        export(run, tmp_path / "x.onnx")
    assert (tmp_path / "x.onnx").read_bytes() == b"mine"


@pytest.mark.parametrize("kind", ["segments", "visual"])
def test_segments_and_faces_are_exported_and_checked_on_drawn_people(tmp_path, kind):
    line = export(finished(tmp_path, kind), tmp_path / "x.onnx", quiet=True)
    assert line["check"]["cosine"] >= 0.99999
    assert line["check"]["recordings"] == 5 and not line["check"]["real"]
    assert line["licence"] == "not stated by whoever exported it"


def test_a_graph_that_gives_something_else_is_never_written(tmp_path, monkeypatch, sounds):
    class Wrong(graphs.Hearing):
        def forward(self, samples):
            return super().forward(samples) + 1

    monkeypatch.setattr(graphs, "Hearing", Wrong)
    with pytest.raises(AvkdError, match=r"the cosine is .*, wanted 0\.99999 or more; nothing was"):
        export(finished(tmp_path, "audio"), tmp_path / "x.onnx", check=sounds[:1])
    assert not (tmp_path / "x.onnx").exists()


def test_what_cannot_be_exported_is_one_line(tmp_path, monkeypatch):
    run, output = finished(tmp_path, "audio"), tmp_path / "x.onnx"
    with pytest.raises(InputError, match="is of modality fusion; export takes a network of one"):
        export(finished(tmp_path, "fusion"), output)
    with pytest.raises(InputError, match=r"cannot be used: \w+"):
        (tmp_path / "bad.wav").write_bytes(b"RIFF....WAVE")
        export(run, output, check=[str(tmp_path / "bad.wav")])
    with pytest.raises(InputError, match=r"cannot be used|no such file"):
        export(run, output, check=[str(tmp_path / "absent.wav")])
    (run / "model.json").rename(run / "hidden.json")
    with pytest.raises(InputError, match="an unfinished run"):
        export(run, output)
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UsageError, match=r"pip install 'avkd\[export\]'"):
        export(run, output)
    assert not output.exists()


def test_faces_of_a_store_are_looked_at_as_they_are_and_others_refused(tmp_path):
    lines = []
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines.append({"id": f"u{number}", "images": [f"{number}.png"]})
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    config = CropFacesConfig(detector="none", mode="aligned-112")
    crop_faces(str(tmp_path / "l.jsonl"), tmp_path / "f.zarr", config, Execution(workers=0))
    store = str(tmp_path / "f.zarr")
    cases = cases_of("visual", [store], PrepAudioConfig(), (112, 112, 3))
    assert [one.name for one in cases] == ["u0", "u1", "u2"] and all(one.real for one in cases)
    assert cases[0].raw.shape == (1, 112, 112, 3) and cases[0].raw.dtype == np.uint8
    with pytest.raises(InputError, match=r"crops are \(112, 112, 3\), the run's are 32 x 32 x 3"):
        cases_of("visual", [store], PrepAudioConfig(), (32, 32, 3))


@pytest.mark.slow
def test_real_recordings_are_embedded_alike(heard, shared_data, tmp_path):
    voices = sorted((shared_data / "voices" / "librispeech_other").rglob("*.flac"))[:40]
    assert len(voices) == 40
    people = tmp_path / "people.jsonl"
    lines = [{"id": f"u{i}", "audio": str(one)} for i, one in enumerate(voices)]
    people.write_text("".join(json.dumps(one) + "\n" for one in lines))
    line = export(heard[0], tmp_path / "r.onnx", check=[str(people)], quiet=True)
    assert line["check"]["recordings"] == 20 and line["check"]["real"]
    assert line["check"]["cosine"] >= 0.99999
    assert step.described(tmp_path / "r.onnx")["avkd.run"] == line["run"]
