"""Fusions of tiny stores of embeddings: what is taken off first, and where they begin."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from avkd_cli.config import Execution, ExtractConfig, FusionConfig
from avkd_cli.errors import OutputError
from avkd_cli.inputs.networks import load
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store

IDS = [f"p{i % 4}/{i:02d}" for i in range(16)] + ["x/16", "x/17"]
SPLITS = ["train"] * 16 + ["test"] * 2
TINY = {"embedding_size": 6, "hidden": 3, "batch_size": 8, "max_steps": 3, "lr": 1e-4}


def values(sense: str) -> np.ndarray:
    """Four persons about a mean of 3; the two of the test are far away."""
    random = np.random.default_rng(len(sense))
    size = {"audio": 5, "visual": 4}[sense]
    found = random.normal(3, 1, (18, size)).astype(np.float32)
    found[16:] += 50
    return found


@pytest.fixture(scope="module")
def stores(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("stores")
    for sense in ("audio", "visual"):
        rows = Rows(IDS, [one.split("/")[0] for one in IDS], SPLITS)
        origin = Origin("extract-embeddings", said={"modality": sense})
        content = Embeddings.of(rows, values(sense))
        build_store(folder / sense, content, origin, Execution(quiet=True))
    return [str(folder / sense) for sense in ("audio", "visual")]


def train(stores: list[str], output: Path, **settings) -> Path:
    train_teacher("fusion", stores, output, FusionConfig(**(TINY | settings)), quiet=True)
    return output


def test_the_mean_taken_off_is_that_of_the_training_set_alone(stores, tmp_path):
    saved = load_file(train(stores, tmp_path / "run", centre=True) / "model.safetensors")
    for sense in ("audio", "visual"):
        mean = saved[f"network.front_end.{sense}_mean"]
        np.testing.assert_allclose(mean, values(sense)[:16].mean(axis=0), rtol=1e-6)


def test_a_centred_fusion_does_not_see_what_all_have_in_common(stores, tmp_path):
    network = load(train(stores, tmp_path / "run", centre=True)).network
    audio, visual = (torch.from_numpy(values(sense)) for sense in ("audio", "visual"))
    means = network.front_end.visual_mean, network.front_end.audio_mean
    by_hand = network.fusion(visual - means[0], audio - means[1])["embedding"]
    torch.testing.assert_close(network({"audio": audio, "visual": visual})["embedding"], by_hand)
    store = tmp_path / "e.zarr"
    extract(tmp_path / "run", stores, store, ExtractConfig(), Execution(quiet=True))
    np.testing.assert_allclose(open_store(store).embedding, by_hand, atol=1e-6)


def test_neither_is_done_unless_asked_for(stores, tmp_path):
    saved = load_file(train(stores, tmp_path / "run") / "model.safetensors")
    assert not any("front_end" in name for name in saved)


@pytest.mark.parametrize("model", ["gate", "ssa", "cbp", "linear", "concat"])
def test_every_fusion_trains_from_rotations(stores, tmp_path, model):
    run = train(
        stores,
        tmp_path / "run",
        model=model,
        start="orthogonal",
        centre=True,
        lr=1e-9,
        lr_final=1e-9,
    )
    saved = load_file(run / "model.safetensors")
    for sense in {"audio", "visual"} if model != "concat" else ():
        weight = saved[f"network.fusion.{sense}.weight"]
        np.testing.assert_allclose(weight.T @ weight, np.eye(weight.shape[1]), atol=1e-5)


def test_a_run_with_another_beginning_is_another_plan(stores, tmp_path):
    run = train(stores, tmp_path / "run", start="orthogonal")
    with pytest.raises(OutputError, match="start"):
        train(stores, run)
