"""`train-teacher --modality pair`: from stored embeddings, and with encoders trained through."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution, ExtractConfig, PairConfig, ScoreConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.networks import load
from avkd_cli.models.pair import PAIRS
from avkd_cli.recipes.pair import pairs_expected
from avkd_cli.steps.analyze.curves import read_log
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.score import score_or_fuse as score
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store

PERSONS, TAKES = 40, 8
IDS = [f"p{n:02d}/{take}" for n in range(PERSONS) for take in range(TAKES)]
SPLITS = ["train" if n < 24 else "test" for n in range(PERSONS) for _ in range(TAKES)]
SMALL = {"embedding_size": 16, "batch_size": 32, "max_steps": 150, "lr": 3e-3, "lr_final": 3e-3}


def store(path, rows, sense, ids=IDS, persons=None, splits=SPLITS):
    origin = Origin(
        "extract-embeddings", inputs={"run": f"sha256:{sense}"}, said={"modality": sense}
    )
    who = persons or [one.split("/")[0] for one in ids]
    rows = np.asarray(rows, np.float32)
    content = Embeddings(Rows(ids, who, splits), rows.shape[1], lambda a, b: rows[a:b])
    build_store(path, content, origin, Execution(quiet=True))
    return str(path)


@pytest.fixture(scope="module")
def senses(tmp_path_factory):
    """Voices and faces of 40 people who share eight hidden traits; a list of unseen people."""
    folder = tmp_path_factory.mktemp("senses")
    rng = np.random.default_rng(0)
    hidden = np.repeat(rng.normal(size=(PERSONS, 8)), TAKES, axis=0)
    found = {
        sense: store(
            folder / sense,
            hidden @ rng.normal(size=(8, size)) + 0.3 * rng.normal(size=(len(IDS), size)),
            sense,
        )
        for sense, size in (("audio", 12), ("visual", 20))
    }
    tested = [one for one, split in zip(IDS, SPLITS, strict=True) if split == "test"]
    lines = [f"{int(a[:3] == b[:3])} {a} {b}\n" for a in tested[::4] for b in tested[1::4]]
    (folder / "unseen.txt").write_text("".join(lines))
    return found | {"trials": str(folder / "unseen.txt")}


def train(senses, output: Path, validation=None, **settings) -> Path:
    train_teacher(
        "pair",
        [senses["audio"], senses["visual"]],
        output,
        PairConfig(**(SMALL | settings)),
        quiet=True,
        validation=validation,
    )
    return output


def sides(run, senses, folder):
    """Embed either sense with the run; return the two stores."""
    found = []
    for sense in ("audio", "visual"):
        path = folder / f"{run.name}-{sense}.zarr"
        extract(run, [senses[sense]], path, ExtractConfig(), Execution(quiet=True), side=sense)
        found.append(str(path))
    return found


def error_rate(run, senses, folder):
    stores = sides(run, senses, folder)
    return score(
        (senses["trials"], *stores), ScoreConfig(), output=folder / f"{run.name}.scores", quiet=True
    )["eer_percent"]


@pytest.mark.parametrize("model", PAIRS)
def test_unseen_people_are_matched_across_senses(senses, tmp_path, model):
    run = train(senses, tmp_path / "run", model=model)
    assert error_rate(run, senses, tmp_path) < 30
    alone = train(senses, tmp_path / "none", model=model, max_steps=1, lr=1e-9, lr_final=1e-9)
    assert error_rate(alone, senses, tmp_path) > 35


@pytest.mark.parametrize(
    "term", ["orthogonal", "centre_loss", "git_loss", "contrastive", "triplet"]
)
def test_every_term_trains_and_is_logged_by_its_name(senses, tmp_path, term):
    weights = {"orthogonal": 0.0, term: 0.1}
    run = train(senses, tmp_path / "run", max_steps=20, log_every=1, **weights)
    losses = [json.loads(line)["losses"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert set(losses[0]) >= {"loss", "softmax", term}
    first = losses[0]
    assert first["loss"] == pytest.approx(first["softmax"] + 0.1 * first[term], rel=1e-4)


def test_a_side_is_the_level_of_both_and_the_fusion_keeps_its_head(senses, tmp_path):
    run = train(senses, tmp_path / "run", max_steps=5)
    stores = sides(run, senses, tmp_path)
    fused = tmp_path / "fused.zarr"
    extract(run, [senses["visual"], senses["audio"]], fused, ExtractConfig(), Execution(quiet=True))
    network = load(run).network
    given = {
        sense: torch.from_numpy(open_store(senses[sense]).embedding)
        for sense in ("audio", "visual")
    }
    levels = network(given)
    for path, sense in zip(stores, ("audio", "visual"), strict=True):
        opened = open_store(path)
        np.testing.assert_allclose(opened.embedding, levels[sense].detach(), atol=1e-6)
        assert opened.manifest["modality"] == sense
        assert opened.head is None
    opened = open_store(fused)
    np.testing.assert_allclose(opened.embedding, levels["embedding"].detach(), atol=1e-6)
    assert opened.head.kind == "softmax"
    assert len(opened.head.classes) == 24


def test_validation_is_across_senses_and_tells_cosines_over_training(senses, tmp_path):
    run = train(senses, tmp_path / "run", validation=senses["trials"], max_steps=60)
    log = read_log(run)
    measured = score(
        (senses["trials"], *sides(run, senses, tmp_path)),
        ScoreConfig(),
        output=tmp_path / "s",
        quiet=True,
    )
    assert min(log["validation: eer"]["value"]) == pytest.approx(measured["eer_percent"] / 100)
    assert len(log["validation: cosine_within"]["value"]) == len(log["validation: eer"]["value"])
    last = [log[f"validation: cosine_{kind}"]["value"][-1] for kind in ("within", "between")]
    assert last[0] > last[1]


def test_an_interrupted_run_ends_with_the_same_weights(senses, tmp_path):
    """Centres live in buffers: a checkpoint must hold them, or the second half differs."""
    settings = {"max_steps": 24, "checkpoint_every": 12, "centre_loss": 0.5}
    whole = train(senses, tmp_path / "whole", **settings)
    part = train(senses, tmp_path / "part", **settings)
    for name in ("model.safetensors", "model.json"):
        (part / name).unlink()
    for folder in part.glob("step_*24"):
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    train(senses, part, **settings)
    assert (part / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()


def test_batches_that_hold_no_pair_are_told(senses, tmp_path, capsys):
    train(senses, tmp_path / "a", batch_size=4, max_steps=1)
    assert "holds 0.22 pairs of one person on average" in capsys.readouterr().err
    train(senses, tmp_path / "b", batch_size=4, max_steps=1, per_person=2)
    train(senses, tmp_path / "c", batch_size=4, max_steps=1, orthogonal=0.0)
    assert "pairs of one person" not in capsys.readouterr().err


def test_the_command_takes_what_the_step_takes(senses, tmp_path):
    run = tmp_path / "run"
    args = [
        "train-teacher",
        "--modality",
        "pair",
        senses["audio"],
        senses["visual"],
        "-o",
        str(run),
    ]
    found = CliRunner().invoke(cli, [*args, "--max-steps", "1", "-q"], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    found = CliRunner().invoke(cli, [*args, "--audio-encoder", str(run), "--overwrite"])
    assert found.exit_code != 0
    assert "are for an audio and a face store" in str(found.exception) + found.output
    side = ["extract-embeddings", str(run), senses["audio"], "--side", "audio", "-q"]
    found = CliRunner().invoke(cli, [*side, "-o", str(tmp_path / "v.zarr")], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    assert open_store(tmp_path / "v.zarr").dimension == 128


def test_how_many_pairs_a_batch_holds_by_hand():
    # 901 people of 111 recordings each: 128 * 127 / 2 / 901, but for a recording's own pair.
    labels = np.repeat(np.arange(901), 111)
    assert pairs_expected(labels, PairConfig()) == pytest.approx(8128 / 901, rel=0.01)
    assert pairs_expected(labels, PairConfig(per_person=4)) == 128 * 3 / 2


def test_stores_of_one_sense_and_persons_who_disagree_are_refused(senses, tmp_path):
    with pytest.raises(InputError, match="both hold audio embeddings"):
        train({"audio": senses["audio"], "visual": senses["audio"]}, tmp_path / "run")
    other = store(tmp_path / "o.zarr", np.ones((len(IDS), 20)), "visual", persons=["q"] * len(IDS))
    with pytest.raises(InputError, match="'p00/0', which is 'q' there and 'p00' here"):
        train(senses | {"visual": other}, tmp_path / "run")
    with pytest.raises(UsageError, match="takes VOICES and FACES, 1 stores given"):
        train_teacher("pair", [senses["audio"]], tmp_path / "run", PairConfig(), quiet=True)
    with pytest.raises(UsageError, match="are for an audio and a face store"):
        train_teacher(
            "pair",
            [senses["audio"], senses["visual"]],
            tmp_path / "run",
            PairConfig(),
            encoders={"audio": tmp_path},
            quiet=True,
        )


def test_a_side_of_the_other_sense_or_of_no_pair_is_refused(senses, tmp_path):
    run = train(senses, tmp_path / "run", max_steps=1)

    def embed(stores, side):
        extract(run, stores, tmp_path / "e.zarr", ExtractConfig(), Execution(quiet=True), side=side)

    with pytest.raises(InputError, match="holds visual embeddings, --side audio was asked for"):
        embed([senses["visual"]], "audio")
    with pytest.raises(UsageError, match="--side audio takes the store of that sense, 2 given"):
        embed([senses["audio"], senses["visual"]], "audio")
    wide = store(tmp_path / "w.zarr", np.ones((len(IDS), 13)), "audio")
    with pytest.raises(InputError, match="trained with audio_size 12, now it is 13"):
        embed([wide], "audio")
    with pytest.raises(UsageError, match="has embedding alone; leave --level weights out"):
        extract(
            run,
            [senses["audio"]],
            tmp_path / "e.zarr",
            ExtractConfig(level="weights"),
            Execution(quiet=True),
            side="audio",
        )
