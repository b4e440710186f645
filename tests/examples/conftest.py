"""The scripts of examples/results, importable; and a small folder as the record leaves one."""

import json
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "examples" / "results"), str(ROOT / "examples")]

LOSSES = ("cos", "kl", "mmd", "cos-kl", "cos-mmd", "kl-mmd")
# How far apart a system holds targets and nontargets: more is better.
APART = {
    "audio": 1.5,
    "visual": 1.6,
    "fusion-gate": 2.6,
    "fusion-concat": 2.7,
    "sum-z-sum": 2.5,
    "strong-fusion-gate": 4.0,
    **{f"visual-kd-{loss}": 2.4 if loss == "cos" else 1.7 for loss in LOSSES},
    **{f"audio-kd-{loss}": 1.5 for loss in LOSSES},
    "strong-visual-kd-cos": 2.2,
    "strong-audio-kd-cos": 1.55,
}
PERSONS, RECORDINGS = 12, 4


@pytest.fixture
def record(tmp_path) -> Path:
    """A folder of two seeds: score files, runs, analyses and times, all invented."""
    folder = tmp_path / "record"
    write_people(folder)
    for seed in (0, 1):
        write_seed(folder / f"seed-{seed}", seed)
    (folder / "times.tsv").write_text(
        "stores/audio.zarr/avkd.json\t30\nseed-0/runs/audio/model.json\t60\n"
        "seed-0/stores/audio-emb.zarr/avkd.json\t5\ntune/x/runs/audio/model.json\t600\n"
        "noise/audio-babble-10.zarr/avkd.json\t70\n"
    )
    return folder


def utterances(split: str, start: int) -> list[dict]:
    return [
        {
            "id": f"p{person:02d}/{one}",
            "person": f"p{person:02d}",
            "split": split,
            "audio": f"{person}-{one}.wav",
            "images": f"{person}-{one}.png",
        }
        for person, one in product(range(start, start + PERSONS), range(RECORDINGS))
    ]


def write_people(folder: Path) -> None:
    folder.mkdir()
    lines = [*utterances("train", 50), *utterances("eval", 0)]
    (folder / "people.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))


def trials() -> list[tuple[str, str, bool]]:
    ids = [one["id"] for one in utterances("eval", 0)]
    return [(a, b, a[:3] == b[:3]) for place, a in enumerate(ids) for b in ids[place + 1 :]]


def write_scores(path: Path, apart: float, seed: int) -> None:
    """Write scores of which two thirds of the noise is the trial's own, in every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shared, own = np.random.default_rng(7), np.random.default_rng(seed)
    lines = []
    for enrol, test, same in trials():
        noise = 0.9 * shared.standard_normal() + 0.4 * own.standard_normal()
        kind = "target" if same else "nontarget"
        lines.append(f"{enrol} {test} {noise + apart * same:.6f} {kind}\n")
    path.write_text("".join(lines))


def write_seed(folder: Path, seed: int) -> None:
    for place, (name, apart) in enumerate(APART.items()):
        write_scores(folder / "scores" / f"{name}.scores", apart, 100 * seed + place)
        write_run(folder / "runs" / name, seed)
    counts = {"trials": len(trials()), "target": 0, "nontarget": 0}
    metrics = {"trials": {"name": "t", "digest": "d"}, "counts": counts, "signature": "list:t"}
    (folder / "scores" / "audio.metrics.json").write_text(json.dumps(metrics))
    for sense, condition in (("audio", "babble-10"), ("visual", "blur-2")):
        for name in (sense, f"{sense}-kd-cos"):
            write_scores(folder / "noise" / f"{name}.clean.scores", APART[name], seed)
            write_scores(folder / "noise" / f"{name}.{condition}.scores", APART[name] / 2, seed)
            write_scores(folder / "few-2" / "scores" / f"{name}.scores", APART[name] - 0.3, seed)
    write_analyses(folder / "analysis")


def write_run(folder: Path, seed: int) -> None:
    folder.mkdir(parents=True)
    config = {"model": "tdnn", "width": 8, "lr": 0.001, "seed": seed}
    run = {"config": config, "made_by": {"avkd": "0.1.0", "torch": "2.0"}}
    (folder / "run.json").write_text(json.dumps(run))


def write_analyses(folder: Path) -> None:
    folder.mkdir()
    found = {
        "newly_right": 20,
        "newly_wrong": 5,
        "newly_right_that_c_has_right": {"trials": 16, "share": 0.8},
        "systems": {"c": {"error_rate": 0.1}},
    }
    for sense, loss in product(("audio", "visual"), LOSSES):
        (folder / f"venn-{sense}-kd-{loss}.json").write_text(json.dumps(found))
    for sense in ("audio", "visual"):
        pairs = [
            {
                "a": f"{sense}{end}",
                "b": "fusion-gate-emb",
                "pcc_per_segment": value,
                "linear_cka": 0.5,
                "mean_cosine_distance": 1 - value,
            }
            for end, value in (("-emb", 0.1), ("-kd-cos-emb", 0.6))
        ]
        (folder / f"pcc-{sense}.json").write_text(json.dumps({"pairs": pairs}))
