"""CN-Celeb's two protocols, from a tree of its form to scores: enrolments joined, or averaged."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.storage.store import open_store
from avkd_cli.verification.scorefiles import read_scores

ENROLLED, PERSONS = 2, 6
GENRES = ("singing", "live_broadcast", "vlog")


def plant_cnceleb(folder: Path, voices: dict[str, list[np.ndarray]], rate: int = 16_000) -> None:
    """Write voices as CN-Celeb1: the first two of a person enrol, the others are tests.

    Args:
        folder: to make data/, eval/ and dev/ in.
        voices: recordings of each person, who is called by her number.
    """
    (folder / "eval/lists").mkdir(parents=True)
    models, tests, people = [], [], []
    for number, sounds in enumerate(voices.values()):
        person = f"id{800 + number:05d}"
        people.append(person)
        names = [f"{GENRES[k % 3]}-{k + 1:02d}-001" for k in range(len(sounds))]
        for name, sound in zip(names, sounds, strict=True):
            write(folder / f"data/{person}/{name}.flac", sound, rate)
        write(folder / f"eval/enroll/{person}-enroll.flac", np.concatenate(sounds[:ENROLLED]), rate)
        models.append((f"{person}-enroll", [f"{person}/{one}.wav" for one in names[:ENROLLED]]))
        for name, sound in zip(names[ENROLLED:], sounds[ENROLLED:], strict=True):
            write(folder / f"eval/test/{person}-{name}.flac", sound, rate)
            tests.append((person, f"test/{person}-{name}.wav"))
    lists = {
        "enroll.map": [f"{model} {' '.join(paths)}" for model, paths in models],
        "enroll.lst": [f"{model} enroll/{model}.wav" for model, _ in models],
        "trials.lst": [
            f"{model} {path} {int(model == f'{person}-enroll')}"
            for model, _ in models
            for person, path in tests
        ],
    }
    for name, lines in lists.items():
        (folder / "eval/lists" / name).write_text("".join(line + "\n" for line in lines))
    (folder / "dev").mkdir()
    (folder / "dev/dev.lst").write_text("id00000\n")


def write(path: Path, samples: np.ndarray, rate: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate)


def run(*words: object) -> str:
    result = CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def scored(folder: Path, work: Path) -> dict[str, Path]:
    """Run both protocols by the commands; the embedding is the mean fbank, less that of all."""
    run("corpus", "cnceleb", folder, "-o", work / "cn.jsonl", "-q")
    run("prep-audio", work / "cn.jsonl", "-o", work / "cn.zarr", "--workers", 0, "-q")
    store = open_store(work / "cn.zarr")
    means = np.stack([one.astype(np.float32).mean(axis=0) for one in store.read(range(len(store)))])
    embedding = (means - means.mean(axis=0)) / means.std(axis=0)
    np.savez(work / "emb.npz", id=store.ids, person=store.persons, embedding=embedding)
    run(
        *f"extract-embeddings --from {work}/emb.npz --modality audio -o {work}/emb.zarr -q".split(),
    )
    trials, lists = folder / "eval/lists/trials.lst", folder / "eval/lists"
    files = {name: work / f"{name}.scores" for name in ("concatenated", "averaged")}
    run("score", trials, work / "emb.zarr", "-o", files["concatenated"], "-q")
    run(
        *f"score {trials} {work}/emb.zarr --enrol-map {lists}/enroll.map".split(),
        *f"-o {files['averaged']} -q".split(),
    )
    return files


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, dict[str, Path]]:
    """A tiny tree of coloured noise, a colour a person, and its scores."""
    folder, work = (tmp_path_factory.mktemp(name) for name in ("tree", "work"))
    rng = np.random.default_rng(0)
    voices = {}
    for person in range(4):
        colour = np.exp(rng.normal(0, 1, 200))
        voices[str(person)] = [
            0.05 * np.convolve(rng.standard_normal(12_000 + 1000 * k), colour / colour.sum() * 9)
            for k in range(4)
        ]
    plant_cnceleb(folder, voices)
    return work, scored(folder, work)


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))


def test_trials_are_those_of_the_corpus_in_its_order(made):
    _, files = made
    for path in files.values():
        found = read_scores(path)
        assert len(found) == 4 * 8
        assert [found.ids[code] for code in found.enrol[:8].tolist()] == ["id00800-enroll"] * 8
        assert found.label.tolist()[:3] == [1, 1, 0]


def test_an_averaged_enrolment_is_the_mean_of_its_embeddings_by_hand(made):
    work, files = made
    store = open_store(work / "emb.zarr")
    row = {one: store.embedding[place] for one, place in store.row_of.items()}
    parts = [row["id00801/singing-01-001"], row["id00801/live_broadcast-02-001"]]
    test = row["test/id00802-vlog-03-001"]
    wanted = {
        "averaged": cosine(np.mean(parts, axis=0), test),
        "concatenated": cosine(row["id00801-enroll"], test),
    }
    for name, path in files.items():
        found = read_scores(path)
        pairs = zip(found.enrol.tolist(), found.test.tolist(), strict=True)
        of_pair = {
            (found.ids[a].split("-e")[0], found.ids[b].removesuffix(".wav")): k
            for k, (a, b) in enumerate(pairs)
        }
        place = of_pair["id00801", "test/id00802-vlog-03-001"]
        assert found.score[place] == pytest.approx(wanted[name], abs=1e-6)
    assert abs(wanted["averaged"] - wanted["concatenated"]) > 1e-4


def test_real_voices_in_a_tree_of_that_form_are_told_apart(shared_data, tmp_path):
    rows = csv.DictReader((shared_data / "voices/voices.csv").open())
    of_person = defaultdict(list)
    for row in rows:
        if row["corpus"] == "librispeech_other":
            of_person[row["speaker"]].append(shared_data / "voices" / row["path"])
    voices = {
        person: [soundfile.read(path)[0] for path in sorted(paths)[:5]]
        for person, paths in sorted(of_person.items())[:PERSONS]
    }
    plant_cnceleb(tmp_path / "cn", voices)
    (tmp_path / "work").mkdir()
    files = scored(tmp_path / "cn", tmp_path / "work")
    for path in files.values():
        (metrics,) = json.loads(run("analyze", "metrics", path, "--json"))["files"]
        assert (metrics["targets"], metrics["nontargets"]) == (18, 90)
        assert metrics["eer_percent"] < 35  # the mean spectrum alone tells a little: chance is 50
