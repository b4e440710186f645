"""The whole pipeline as a person runs it: plain commands on a tiny stand-in corpus."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avkd_cli.storage import names
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import read_utterances

TINY = """
[prep-audio]
n-mels = 24
[crop-faces]
fps = 2.0
[train-teacher]
embedding-size = 16
batch-size = 8
max-steps = 12
checkpoint-every = 5
lr = 3e-3
lr-final = 1e-3
optimizer = "adamw"
[train-teacher.audio]
model = "tdnn"
width = 16
crop-min = 40
crop-max = 60
[train-teacher.visual]
model = "cnn"
width = 16
[train-teacher.fusion]
hidden = 4
"""


class Project:
    """A working folder and `avkd` in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def run(self, *words: object, check: bool = True, **more) -> subprocess.CompletedProcess:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, "-m", "avkd_cli", *map(str, words)],
            cwd=self.path,
            env=environment,
            capture_output=True,
            text=True,
            check=check,
            **more,
        )

    def fails(self, code: int, said: str, *words: object, **more) -> None:
        """Assert one clear line, the exit code, and nothing new in the folder."""
        before = self.names()
        result = self.run(*words, check=False, **more)
        assert result.returncode == code, result.stderr
        assert said in result.stderr
        assert "Traceback" not in result.stderr
        last = result.stderr.strip().splitlines()[-1]
        assert ": error: " in last
        assert self.names() == before

    def names(self) -> set[str]:
        """What lies under a final name."""
        return {p.name for p in self.path.iterdir() if not p.name.endswith((".wip", ".lock"))}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """Everything up to the embeddings of a student, made once."""
    project = Project(tmp_path_factory.mktemp("pipeline"))
    (project.path / "tiny.toml").write_text(TINY)
    run = project.run
    run("corpus", "standin", "-o", "corpus", "--persons", 6, "--seed", 1)
    run("prep-audio", "corpus/people.jsonl", "-o", "audio.zarr", "--config", "tiny.toml")
    run(
        *("crop-faces corpus/people.jsonl -o faces.zarr --config tiny.toml --detector none").split()
    )
    run(
        "train-teacher", "--modality", "audio", "audio.zarr", "-o", "audio", "--config", "tiny.toml"
    )
    run(*"train-teacher --modality visual faces.zarr -o visual --config tiny.toml".split())
    run("extract-embeddings", "audio", "audio.zarr", "-o", "a.zarr")
    run("extract-embeddings", "visual", "faces.zarr", "-o", "v.zarr")
    run(*"train-teacher --modality fusion a.zarr v.zarr -o teacher --config tiny.toml".split())
    run("extract-embeddings", "teacher", "a.zarr", "v.zarr", "-o", "t.zarr")
    for sense, store in (("audio", "audio.zarr"), ("visual", "faces.zarr")):
        run(
            *f"distill {store} --teacher t.zarr --modality {sense} -o {sense}-kd --alpha 1".split(),
            *"--beta 1 --gamma 1 --config tiny.toml".split(),
        )
    run("extract-embeddings", "audio-kd", "audio.zarr", "-o", "s.zarr")
    return project


@pytest.mark.slow
def test_nobody_of_the_test_is_trained_on(project):
    """A fusion once took all utterances of its stores, and its EER was too good to be true."""
    listed = read_utterances(project.path / "corpus/people.jsonl").utterances
    train = {u.person for u in listed if u.split == "train"}
    count = sum(u.split == "train" for u in listed)
    assert train != {u.person for u in listed}
    for run in ("audio", "visual", "teacher", "audio-kd", "visual-kd"):
        model = json.loads((project.path / run / "model.json").read_text())
        classes = model["heads"]["person"]["classes"]
        assert set(names.resolved(classes, train)) == train, run
        assert not any(person in json.dumps(model) for person in train), run
        assert model["n_utterances"] == count, run


@pytest.mark.slow
def test_students_learn_from_every_term(project):
    lines = [json.loads(x) for x in (project.path / "audio-kd/log.jsonl").read_text().splitlines()]
    assert set(lines[-1]["losses"]) >= {"aam", "kl", "cos", "mmd"}
    assert all(np.isfinite(value) for value in lines[-1]["losses"].values())


@pytest.mark.slow
def test_embeddings_are_one_a_test_utterance_with_the_classifier(project):
    store = open_store(project.path / "s.zarr", "avkd.embeddings")
    listed = read_utterances(project.path / "corpus/people.jsonl").utterances
    assert set(store.ids) == {u.id for u in listed}
    assert store.embedding.shape == (len(listed), 16)
    assert store.classifier.shape == (len(store.classes), 16)


@pytest.mark.slow
def test_stores_flow_through_a_shell_pipe(project):
    script = (
        f'set -o pipefail; avkd() {{ {sys.executable} -m avkd_cli "$@"; }};'
        "avkd prep-audio corpus/people.jsonl -o piped.zarr --config tiny.toml"
        " | avkd extract-embeddings audio - -o piped-emb.zarr"
        " | avkd score corpus/veri_test.txt - > piped.scores"
    )
    subprocess.run(["bash", "-c", script], cwd=project.path, check=True, capture_output=True)
    direct = project.run("score", "corpus/veri_test.txt", "a.zarr").stdout
    assert (project.path / "piped.scores").read_text() == direct
    assert len(direct.splitlines()) == len(
        (project.path / "corpus/veri_test.txt").read_text().splitlines()
    )


@pytest.mark.slow
def test_scores_of_teacher_and_student_can_be_compared(project):
    for store, name in (("a.zarr", "base"), ("s.zarr", "kd")):
        project.run("score", "corpus/veri_test.txt", store, "-o", f"{name}.scores")
    found = project.run("analyze", "venn", "--a", "base.scores", "--b", "kd.scores", "--json")
    venn = json.loads(found.stdout)
    trials = len((project.path / "base.scores").read_text().splitlines())
    names = ("both_right", "both_wrong", "newly_right", "newly_wrong")
    assert sum(venn[name] for name in names) == trials


@pytest.mark.slow
def test_a_finished_command_does_nothing_the_second_time(project):
    before = (project.path / "audio/model.safetensors").stat().st_mtime_ns
    again = project.run(
        "train-teacher", "--modality", "audio", "audio.zarr", "-o", "audio", "--config", "tiny.toml"
    )
    assert "already complete" in again.stderr
    assert (project.path / "audio/model.safetensors").stat().st_mtime_ns == before
    again = project.run(
        "prep-audio", "corpus/people.jsonl", "-o", "audio.zarr", "--config", "tiny.toml"
    )
    assert "already complete" in again.stderr
    assert json.loads(again.stdout)["format"] == "avkd.audio"


@pytest.mark.slow
def test_two_processes_train_as_one(project):
    """Same rows in the same order; BatchNorm sees half batches, so figures agree, not bits."""
    words = "train-teacher --modality fusion a.zarr v.zarr --config tiny.toml --log-every 1".split()
    project.run(*words, "-o", "one")
    project.run(*words, "-o", "two", "--num-processes", 2)
    first, second = (
        [json.loads(x)["losses"]["aam"] for x in (project.path / n / "log.jsonl").open()]
        for n in ("one", "two")
    )
    np.testing.assert_allclose(first, second, rtol=0.15)


@pytest.mark.slow
def test_no_terms_is_the_baseline_bit_for_bit(project):
    project.run(
        *"distill audio.zarr --teacher t.zarr --modality audio -o no-terms".split(),
        *"--config tiny.toml".split(),
    )
    plain, taught = (
        (project.path / name / "model.safetensors").read_bytes() for name in ("audio", "no-terms")
    )
    assert plain == taught


@pytest.mark.slow
def test_what_does_not_fit_is_refused_in_one_line(project):
    tiny = ("--config", "tiny.toml")
    train = ("train-teacher", "--modality")
    fails, path = project.fails, project.path
    fails(65, "avkd.audio", *train, "visual", "audio.zarr", "-o", "x", *tiny)
    fails(2, "takes 2 stores", *train, "fusion", "a.zarr", "-o", "x", *tiny)
    fails(65, "both hold audio", *train, "fusion", "a.zarr", "a.zarr", "-o", "x", *tiny)
    fails(
        73,
        "margin 0.2, now it is 0.3",
        *train,
        *"audio audio.zarr -o audio --margin 0.3".split(),
        *tiny,
    )
    fails(
        65,
        "expected a store of avkd.audio",
        "extract-embeddings",
        "audio",
        "faces.zarr",
        "-o",
        "x.zarr",
    )
    (path / "begun").mkdir()
    (path / "begun/run.json").write_text("{}")
    fails(65, "unfinished run", "extract-embeddings", "begun", "audio.zarr", "-o", "x.zarr")
    fails(
        65,
        "dimensions",
        *"distill audio.zarr --teacher t.zarr --modality audio --beta 1".split(),
        *"--embedding-size 8 -o x".split(),
        *tiny,
    )
    alone = [
        u for u in read_utterances(path / "corpus/people.jsonl").utterances if u.split == "train"
    ]
    person = alone[0].person
    lines = [json.dumps({"id": u.id, "person": u.person}) for u in alone if u.person == person]
    (path / "alone.jsonl").write_text("\n".join(lines) + "\n")
    fails(
        65,
        "at least 2 persons",
        *train,
        *"audio audio.zarr --list alone.jsonl -o x".split(),
        *tiny,
    )
    (path / "empty.jsonl").write_text("")
    fails(65, "empty.jsonl", "prep-audio", "empty.jsonl", "-o", "x.zarr")
    fails(65, "empty", "score", "corpus/veri_test.txt", "-", input="")
    (path / "unknown.txt").write_text("1 nobody/x/1 nobody/x/2\n0 nobody/x/1 nobody/x/3\n")
    fails(65, "nobody/x/1", "score", "unknown.txt", "a.zarr")


@pytest.mark.slow
def test_imported_embeddings_can_teach(project):
    store = open_store(project.path / "v.zarr", "avkd.embeddings")
    np.savez(
        project.path / "foreign.npz",
        id=np.array(store.ids),
        embedding=store.embedding[:, :5],
        person=np.array(store.persons),
    )
    project.run(
        "extract-embeddings", "--from", "foreign.npz", "--modality", "visual", "-o", "foreign.zarr"
    )
    project.run(
        *"train-teacher --modality fusion a.zarr foreign.zarr -o mixed".split(),
        *"--list corpus/people.jsonl --config tiny.toml".split(),
    )
    model = json.loads((project.path / "mixed/model.json").read_text())
    assert model["network"]["model"]["visual_size"] == 5
    plain = json.loads((project.path / "teacher/model.json").read_text())
    known = [
        names.resolved(one["heads"]["person"]["classes"], store.persons) for one in (model, plain)
    ]
    assert known[0] == known[1] and set(known[0]) <= set(store.persons)
    np.savez(project.path / "objects.npz", id=np.array([{"a": 1}]), embedding=np.ones((1, 2)))
    project.fails(65, "objects.npz", "extract-embeddings", "--from", "objects.npz", "-o", "x.zarr")
