import json

import pytest
import torch

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.inputs import networks
from avkd_cli.inputs.networks import Description, build
from avkd_cli.losses import AamSoftmax
from avkd_cli.training.device import suit
from avkd_cli.training.objective import Objective
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run

TDNN = Description("audio", "tdnn", {"n_mels": 8, "embedding_size": 6, "width": 16}, {"n_mels": 8})


@pytest.fixture
def run(tmp_path):
    """A finished run of a tiny network, and the objective it holds."""
    plan = RunPlan("train-teacher", {"seed": 0}, {"audio": "x"}, keep_names=True)
    opened = open_run(tmp_path / "run", plan)
    torch.manual_seed(0)
    objective = Objective(build(TDNN), {"person": AamSoftmax(["a", "b", "c"], 6, scale=30.0)})
    opened.publish(
        objective.state_dict(),
        {
            "network": networks.to_json(TDNN),
            "heads": {"person": objective.heads["person"].to_json()},
            "role": "teacher",
        },
    )
    return opened.path, objective


def test_a_finished_run_embeds_as_the_network_that_was_trained(run):
    path, objective = run
    trained = networks.load(path)
    frames = {"audio": torch.randn(2, 30, 8)}
    assert torch.equal(
        trained.network(frames)["embedding"], objective.network.eval()(frames)["embedding"]
    )
    assert trained.head.classes == ["a", "b", "c"]
    assert torch.equal(trained.head.weight, objective.heads["person"].weight)
    assert trained.head.scale == 30
    assert not any(p.requires_grad for p in trained.network.parameters())


def test_a_run_of_version_0_1_is_read(run, tmp_path):
    # As avkd 0.1 wrote it: one head by another name, its norm and the layers in the network.
    torch.manual_seed(1)
    network, norm = build(TDNN), torch.nn.BatchNorm1d(6, affine=False)
    norm(torch.randn(9, 6))
    head = AamSoftmax(["a", "b", "c"], 6, norm=True)
    head.norm.load_state_dict(norm.state_dict())
    old = {f"network.{k}": v for k, v in network.state_dict().items()}
    old = {k.replace("encoder.layers.", "encoder.frames."): v for k, v in old.items()}
    old |= {f"network.encoder.head_norm.{k}": v for k, v in norm.state_dict().items()}
    plan = RunPlan("train-teacher", {"scale": 24.0}, {"audio": "x"}, keep_names=True)
    opened = open_run(tmp_path / "old", plan)
    described = other(model=TDNN.model | {"emb_bn": True})
    opened.publish(
        {**old, "head.weight": head.weight},
        {"network": described, "classes": ["a", "b", "c"], "role": "teacher"},
    )
    trained = networks.load(tmp_path / "old")
    frames = {"audio": torch.randn(2, 30, 8)}
    levels = network.eval()(frames)
    assert torch.equal(trained.network(frames)["embedding"], levels["embedding"])
    assert torch.equal(trained.head(levels), head.eval()(levels))
    assert trained.head.classes == ["a", "b", "c"] and trained.head.scale == 24


def edit(path, **changes):
    file = path / "model.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | changes))


def other(**changes):
    description = networks.to_json(TDNN)
    return description | changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"network": other(model={"n_mels": 8, "embedding_size": 7, "width": 16})}, "do not fit"),
        ({"network": other(name="ecapa-tdnn")}, "do not fit"),
        ({"network": other(name="transformer")}, "do not fit"),
        ({"network": None}, "do not fit"),
        ({"files": {}}, "no digest"),
        ({"format": "avkd.audio"}, "wanted avkd.model"),
        ({"version": 99}, "99"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(run, changes, said):
    edit(run[0], **changes)
    with pytest.raises(InputError, match=said):
        networks.load(run[0])


def test_changed_weights_are_refused(run):
    weights = run[0] / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(InputError, match="SHA-256"):
        networks.load(run[0])


def test_what_is_no_run_is_refused_by_name(run, tmp_path):
    with pytest.raises(MissingInputError, match="no such run"):
        networks.load(tmp_path / "nowhere")
    (run[0] / "model.json").unlink()
    with pytest.raises(InputError, match="unfinished run"):
        networks.load(run[0])
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="not a run"):
        networks.load(tmp_path / "folder")
    (tmp_path / "model.pt").write_bytes(b"\x80\x04")
    with pytest.raises(InputError, match="pickled"):
        networks.load(tmp_path / "model.pt")


@pytest.mark.parametrize("modality", ["audio", "fusion"])
def test_what_suits_a_gpu_or_is_compiled_keeps_names_and_values(modality, monkeypatch):
    asked = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, **how: asked.append((self, how)))
    torch.manual_seed(0)
    if modality == "audio":
        model = {"width": 16, "embedding_size": 8, "n_mels": 16}
        network = build(
            Description("audio", "resnet34", model, {"features": "fbank", "n_mels": 16})
        )
        body = network.encoder
    else:
        sizes = {"visual_size": 4, "audio_size": 4, "embedding_size": 8}
        network = build(Description("fusion", "gate", sizes))
        body = network.fusion
    before = {name: value.clone() for name, value in network.state_dict().items()}
    suit(network, torch.device("cpu"))
    assert not asked
    suit(network, torch.device("cuda"), compiled=True)  # moves nothing there
    assert [one is body and how["dynamic"] for one, how in asked] == [True]
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)
    if modality == "audio":
        weights = [value for value in after.values() if value.ndim == 4]
        assert all(w.is_contiguous(memory_format=torch.channels_last) for w in weights)
