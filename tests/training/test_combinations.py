"""What no training can have is refused before anything is opened or made."""

import pytest
import torch

from avkd_cli.config import AudioConfig
from avkd_cli.errors import UsageError
from avkd_cli.steps.distill import distill
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.training.combinations import refuse_combinations

IMPOSSIBLE = [
    ({"batch_size": 9, "accumulate": 2}, "--batch-size 9 cannot be split into --accumulate 2"),
    ({"batch_size": 4, "accumulate": 4}, "--batch-size 4 cannot be split"),
    ({"batch_size": 3, "accumulate": 2}, "--batch-size 3 cannot be split"),
    ({"batch_size": 8, "per_person": 20}, "--batch-size 8 is not a multiple of --per-person 20"),
    ({"batch_size": 8, "per_person": 3}, "--batch-size 8 is not a multiple of --per-person 3"),
    ({"epochs": 0.0}, "--epochs 0 trains nothing"),
    ({"margin_from": 0.5, "margin_to": 0.2}, "--margin-from 0.5 is above --margin-to 0.2"),
    ({"margin_from": 0.5}, "--margin-from 0.5 is above --margin-to 0.27"),
    ({"patience": 3.0}, "--patience is measured beside --validation"),
    ({"train_trials": 10}, "--train-trials is measured beside --validation"),
    ({"period": 2.0}, "--period is for --schedule triangular or halving"),
]


@pytest.mark.parametrize(("settings", "said"), IMPOSSIBLE)
def test_what_cannot_go_together_is_told_before_a_folder_is_made(tmp_path, settings, said):
    absent, output = [str(tmp_path / "absent.zarr")], tmp_path / "run"
    with pytest.raises(UsageError, match=said):
        train_teacher("audio", absent, output, AudioConfig(**settings))
    with pytest.raises(UsageError, match=said):
        distill("audio", absent[0], absent[0], output, AudioConfig(**settings))
    assert not output.exists()


def test_what_can_go_together_is_let_through():
    for settings in (
        {},
        {"batch_size": 8, "accumulate": 2, "per_person": 4},
        {"epochs": 0.0, "max_steps": 3},
        {"margin_from": 0.2, "margin_to": 0.2},
        {"period": 2.0, "schedule": "halving"},
    ):
        refuse_combinations(AudioConfig(**settings), validated=False, world=1)
    refuse_combinations(AudioConfig(patience=3.0, train_trials=9), validated=True, world=1)


def test_the_batch_is_split_among_processes_too():
    settings = AudioConfig(batch_size=12, accumulate=2)
    refuse_combinations(settings, validated=False, world=3)
    with pytest.raises(UsageError, match="into 4 processes times --accumulate 2"):
        refuse_combinations(settings, validated=False, world=4)


def test_fp16_is_refused_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="fp16 needs a GPU"):
        refuse_combinations(AudioConfig(mixed_precision="fp16"), validated=False, world=1)
