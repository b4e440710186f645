"""Voices paired with the faces of other people: whatever is learned of them is no use unseen.

A cross-sense EER away from 50 % on people171's unseen persons would say that corpus, channel,
sample rate or sex leaks from one sense to the other: its trials are within one block and one sex.
"""

import csv
import json

import numpy as np
import pytest

from avkd_cli.config import Execution, ExtractConfig, PairConfig, ScoreConfig
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.import_embeddings import import_embeddings
from avkd_cli.steps.score import score_or_fuse as score
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.statistics import resample_persons

QUIET = Execution(quiet=True)
FILES = {"audio": "emb_resemblyzer_voices.npz", "visual": "emb_sface_faces.npz"}


@pytest.fixture(scope="module")
def people(shared_data, tmp_path_factory):
    folder, source = tmp_path_factory.mktemp("people171"), shared_data / "people171"
    if not source.is_dir():
        pytest.skip("no people171 among the shared data")
    with (source / "people171.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "train"]
    lines = [json.dumps({"id": row["sample"], "person": row["identity"]}) for row in rows]
    (folder / "train.jsonl").write_text("\n".join(lines) + "\n")
    draw, seen = np.random.default_rng(0), []
    for row in rows:
        for label in (1, 0):
            others = [
                one["sample"] for one in rows if (one["identity"] == row["identity"]) == bool(label)
            ]
            seen.append(f"{label} {row['sample']} {draw.choice(others)}")
    (folder / "seen.txt").write_text("\n".join(seen) + "\n")
    for sense, file in FILES.items():
        import_embeddings(source / file, folder / sense, QUIET, modality=sense)
    return folder, source / "people171_trials.txt"


def error_rates(folder, trials, seed):
    """Return the EER in percent of unseen persons, and of those trained on."""
    run = folder / f"run-{seed}"
    settings = PairConfig(seed=seed, max_steps=250, lr=3e-3, lr_final=3e-4, per_person=2)
    stores = [str(folder / sense) for sense in FILES]
    train_teacher("pair", stores, run, settings, list_file=folder / "train.jsonl", quiet=True)
    sides = []
    for sense in FILES:
        path = folder / f"{sense}-{seed}.zarr"
        extract(run, [str(folder / sense)], path, ExtractConfig(), QUIET, side=sense)
        sides.append(str(path))
    return [
        score((str(one), *sides), ScoreConfig(), output=folder / f"{seed}.{name}", quiet=True)[
            "eer_percent"
        ]
        for name, one in (("unseen", trials), ("seen", folder / "seen.txt"))
    ]


def error_of_persons(folder, seed):
    """Return the standard error of an EER in points, as other people might have been tested."""
    found = read_scores(folder / f"{seed}.unseen")
    persons = [one.split("/")[0] for one in found.ids]
    person = np.unique(persons, return_inverse=True)[1]
    drawn = resample_persons(
        [found.score], found.label, person[found.enrol], person[found.test], n_resamples=200
    )
    return 100 * drawn.samples["eer"].std()


@pytest.mark.slow
def test_nothing_leaks_between_the_voices_and_faces_of_people_paired_by_us(people):
    unseen, seen = np.transpose([error_rates(*people, seed) for seed in range(5)])
    of_seeds = unseen.std(ddof=1) / len(unseen) ** 0.5
    # The seeds share their trials, so that of people does not shrink with their number.
    error = np.hypot(of_seeds, np.mean([error_of_persons(people[0], n) for n in range(5)]))
    assert abs(unseen.mean() - 50) < 3 * error
    assert error < 3  # points; else the line above says nothing
    assert seen.mean() < 15  # it did learn whom it saw: by heart, as there is nothing else
