import json
import pickle

import pytest
import torch
from safetensors.torch import save_file

from avkd_cli.errors import InputError
from avkd_cli.training import checkpoint

STATE = {"window": {"loss": 0.1 + 0.2}, "world": 1}


def parts():
    return {"network": {"w": torch.arange(6.0)}, "optimizer": {"0.m": torch.ones(3)}}


def test_what_is_written_is_read_back_exactly(tmp_path):
    folder = checkpoint.write(tmp_path, 12, parts(), STATE)
    assert folder.name == "step_000012"
    tensors, state = checkpoint.read(folder)
    assert torch.equal(tensors["network"]["w"], torch.arange(6.0))
    assert state == STATE | {"step": 12}


def damage_missing(folder):
    (folder / "network.safetensors").unlink()


def damage_cut(folder):
    path = folder / "network.safetensors"
    path.write_bytes(path.read_bytes()[:-3])


def damage_flipped(folder):
    path = folder / "network.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def damage_pickle(folder):
    (folder / "network.safetensors").write_bytes(pickle.dumps({"w": 1}))


def damage_link(folder):
    path = folder / "network.safetensors"
    path.rename(folder / "elsewhere")
    path.symlink_to("elsewhere")


def damage_record(folder):
    (folder / "checkpoint.json").write_text("[" * 5000)


def damage_no_record(folder):
    (folder / "checkpoint.json").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        damage_missing,
        damage_cut,
        damage_flipped,
        damage_pickle,
        damage_link,
        damage_record,
        damage_no_record,
    ],
)
def test_damage_is_found_and_the_one_before_is_used(tmp_path, damage):
    checkpoint.write(tmp_path, 1, parts(), STATE)
    damage(checkpoint.write(tmp_path, 2, parts(), STATE))
    found = list(checkpoint.newest(tmp_path))
    assert [f[0].name for f in found] == ["step_000002", "step_000001"]
    assert isinstance(found[0][1], InputError)


def test_numbers_that_are_not_finite_are_never_written(tmp_path):
    with pytest.raises(ValueError, match="not finite"):
        checkpoint.write(tmp_path, 1, {"network": {"w": torch.tensor([1.0, float("nan")])}}, {})
    assert checkpoint.folders(tmp_path) == []


def with_digest(path):
    return {"bytes": path.stat().st_size, "sha256": checkpoint.durable.sha256_file(path)}


def test_a_foreign_file_with_a_right_digest_is_still_checked(tmp_path):
    path = tmp_path / "x.safetensors"
    save_file({"w": torch.tensor([float("inf")])}, path)
    with pytest.raises(InputError, match="not finite"):
        checkpoint.load_tensors(path, with_digest(path))
    path.write_bytes(pickle.dumps("not weights"))
    with pytest.raises(InputError, match="not a safetensors"):
        checkpoint.load_tensors(path, with_digest(path))
    path.write_bytes((1 << 40).to_bytes(8, "little") + b"{}")
    with pytest.raises(InputError, match="header claims"):
        checkpoint.load_tensors(path, with_digest(path))


def test_the_newest_two_and_the_best_are_kept(tmp_path):
    for step in range(1, 6):
        checkpoint.write(tmp_path, step, parts(), STATE)
    checkpoint.prune(tmp_path, {2})
    assert [f.name for f in checkpoint.folders(tmp_path)] == [
        "step_000005",
        "step_000004",
        "step_000002",
    ]


def test_strays_among_checkpoints_are_ignored(tmp_path):
    checkpoint.write(tmp_path, 1, parts(), STATE)
    (tmp_path / "step_000009.wip").mkdir()
    (tmp_path / "step_notes").write_text("mine")
    assert [f.name for f in checkpoint.folders(tmp_path)] == ["step_000001"]


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_an_optimizer_goes_on_as_if_never_saved(tmp_path, kind):
    def fresh():
        weight = torch.nn.Parameter(torch.ones(4))
        more = {"momentum": 0.9} if kind is torch.optim.SGD else {}
        return weight, kind([weight], lr=0.1, **more)

    def step(weight, optimizer):
        optimizer.zero_grad()
        (weight**2).sum().backward()
        optimizer.step()

    weight, optimizer = fresh()
    step(weight, optimizer)
    step(weight, optimizer)
    saved = {"network": {"w": weight}, "optimizer": checkpoint.optimizer_tensors(optimizer)}
    tensors, _ = checkpoint.read(checkpoint.write(tmp_path, 2, saved, {}))
    again, other = fresh()
    again.data = tensors["network"]["w"].clone()
    checkpoint.load_optimizer(other, tensors["optimizer"])
    for _ in range(3):
        step(weight, optimizer)
        step(again, other)
    assert torch.equal(weight, again)


def test_the_record_says_the_size_and_digest_of_every_file(tmp_path):
    folder = checkpoint.write(tmp_path, 1, parts(), STATE)
    record = json.loads((folder / "checkpoint.json").read_text())
    for name, entry in record["files"].items():
        assert entry == with_digest(folder / name)
