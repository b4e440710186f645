"""Students taught by people nobody named, whom their teacher puts into clusters."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from avkd_cli.config import DistillAudioConfig, Execution
from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.recipes import unlabelled as recipe
from avkd_cli.steps.distill import distill
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store

MODEL = "model.safetensors"


def make_teacher(folder: Path, name: str, ids: list[str], noise: float) -> str:
    random = np.random.default_rng(2)
    who = [int(one[1]) for one in ids]
    rows = 5 * np.eye(4, 8)[who] + noise * random.normal(size=(len(ids), 8))
    content = Embeddings.of(Rows(ids, [one[:2] for one in ids]), rows.astype(np.float32))
    build_store(folder / name, content, Origin("extract-embeddings"), Execution(quiet=True))
    return str(folder / name)


def write(path: Path, lines: list[dict]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture(scope="module")
def places(tmp_path_factory, small) -> dict:
    folder = tmp_path_factory.mktemp("unlabelled")
    known, others = ([one for one in small.ids if one[1] in who] for who in ("01", "23"))
    return {
        "audio": small.make_audio(folder),
        "teacher": make_teacher(folder, "teacher.zarr", small.ids, 0.5),
        "faces": make_teacher(folder, "faces.zarr", small.ids[2:-1], 0.4),
        "deaf": make_teacher(folder, "deaf.zarr", small.ids, 500.0),
        "known": write(folder / "known.jsonl", [{"id": one, "person": one[:2]} for one in known]),
        "others": write(folder / "others.jsonl", [{"id": one} for one in others]),
        "settings": small.settings,
        "folder": folder,
    }


def train(
    places,
    output: Path,
    others: str | Path = "others",
    teacher="teacher",
    overwrite=False,
    **settings,
):
    known = settings.pop("list_file", places["known"])
    config = DistillAudioConfig(**(places["settings"] | settings))
    teachers = [places[name] for name in teacher.split()]
    distill(
        "audio",
        places["audio"],
        teachers if len(teachers) > 1 else teachers[0],
        output,
        config,
        quiet=True,
        list_file=known,
        overwrite=overwrite,
        unlabelled=places.get(others, others),
    )
    return load_file(output / MODEL)


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in other)


def test_clusters_are_classes_beside_the_labelled_people_and_are_kept(places, tmp_path, capsys):
    train(places, tmp_path / "run")
    model = json.loads((tmp_path / "run" / "model.json").read_text())
    classes = ["cluster-00001", "cluster-00002", "p0", "p1"]
    assert names.resolved(model["heads"]["person"]["classes"], classes) == classes
    assert names.known(model["persons"], classes) == set(classes) and len(model["persons"]) == 4
    rows = [json.loads(one) for one in (tmp_path / "run/clusters.jsonl").read_text().splitlines()]
    assert len(rows) == 16
    named = {(row["id"][:2], row["person"]) for row in rows}
    assert len(named) == 4 and {who for who, _ in named} == {"p0", "p1", "p2", "p3"}
    assert "8 utterances without a person: 2 clusters of 4 to 4" in capsys.readouterr().err
    record = json.loads((tmp_path / "run/clusters.json").read_text())
    assert record["clusters"] == 2 and record["labelled"]["f"] == 1


def test_a_run_that_goes_on_has_the_same_bits_and_never_clusters_again(
    places, tmp_path, monkeypatch
):
    whole = train(places, tmp_path / "whole")
    train(places, tmp_path / "run")
    for name in ("model.json", "model.safetensors", "step_000006/checkpoint.json"):
        (tmp_path / "run" / name).unlink()

    def never(*_):
        raise AssertionError("it looked for clusters again")

    monkeypatch.setattr(recipe, "clustered", never)
    assert same(train(places, tmp_path / "run", workers=2), whole)
    with pytest.raises(AssertionError, match="looked for clusters again"):
        train(places, tmp_path / "new")


def test_a_kept_list_that_was_changed_is_found_anew(places, tmp_path):
    train(places, tmp_path / "run")
    kept = tmp_path / "run" / "clusters.jsonl"
    before = kept.read_text()
    kept.write_text(before.replace("cluster-00001", "cluster-00002"))
    (tmp_path / "run" / "model.json").unlink()
    train(places, tmp_path / "run")
    assert kept.read_text() == before


def test_without_clusters_the_terms_alone_learn_from_whom_nobody_named(places, tmp_path):
    soft = {"unlabelled_by": "terms", "beta": 0.0, "posteriors": 1.0}
    train(places, tmp_path / "run", **soft)
    model = json.loads((tmp_path / "run/model.json").read_text())
    assert len(model["heads"]["person"]["classes"]) == 2 and model["n_utterances"] == 16
    assert not (tmp_path / "run/clusters.jsonl").exists()
    lines = [json.loads(one) for one in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    # Of two batches of eight, half of all sixteen have labels; all have posteriors.
    counted = [one["losses"]["counted"] for one in lines]
    assert (counted[0] + counted[1]) / 2 == 0.5
    assert all(one["losses"]["posteriors"] > 0 for one in lines)
    for more, said in (
        ({"posteriors": 0.0}, "teaches nothing without one"),
        ({"loss_gate": 0.5}, "--loss-gate is of persons"),
        ({"per_person": 2}, "draws by persons"),
    ):
        with pytest.raises(UsageError, match=said):
            train(places, tmp_path / "other", **(soft | more))


def test_two_teachers_of_one_sense_each_cluster_and_teach_together(places, tmp_path, capsys):
    more = {"teacher": "teacher faces", "posteriors": 1.0, "beta": 0.0}
    whole = train(places, tmp_path / "whole", **more)
    said = capsys.readouterr().err
    assert "8 utterances without a person: 2 clusters of 4 to 4" in said
    assert "1 utterances without a person are in" in said and "alone, 1 of them with" in said
    record = json.loads((tmp_path / "whole/model.json").read_text())
    assert record["n_utterances"] == 16  # who has a voice alone is heard too
    lines = (tmp_path / "whole/log.jsonl").read_text().splitlines()
    assert all(json.loads(line)["losses"]["posteriors"] > 0 for line in lines)
    assert same(train(places, tmp_path / "again", workers=2, **more), whole)


def test_who_lacks_a_sense_is_not_taught_and_can_be_left_out(places, tmp_path):
    more = {"teacher": "teacher faces", "beta": 0.0, "posteriors": 1.0, "imitation": 0.5}
    more["embedding_size"] = 16  # that of both senses together
    with pytest.raises(UsageError, match="--imitation needs both senses of each utterance"):
        train(places, tmp_path / "run", **more)
    with pytest.raises(InputError, match=r"teacher.zarr and .*holds no classifier"):
        train(places, tmp_path / "run", teacher="teacher faces", beta=0.0, alpha=1.0)
    with pytest.raises(UsageError, match="--teacher is one store, or one of each sense"):
        train(places, tmp_path / "run", teacher="teacher faces deaf")
    with pytest.raises(InputError, match="are one store; give one of each sense"):
        train(places, tmp_path / "run", teacher="teacher teacher")


def test_names_in_the_list_are_ignored_and_that_is_said(places, tmp_path, capsys):
    plain = train(places, tmp_path / "plain")
    lines = [json.loads(one) for one in places["others"].read_text().splitlines()]
    named = write(tmp_path / "named.jsonl", [line | {"person": "p0"} for line in lines])
    assert same(train(places, tmp_path / "named", named), plain)
    assert "names of 8 utterances are ignored" in capsys.readouterr().err


def test_without_a_list_whoever_is_not_in_the_unlabelled_one_is_labelled(places, tmp_path):
    assert same(train(places, tmp_path / "one", list_file=None), train(places, tmp_path / "two"))


def test_labelled_utterances_among_the_unlabelled_are_refused(places, tmp_path):
    with pytest.raises(InputError, match=r"8 of 8 utterances are labelled in .*known.jsonl: p0/0"):
        train(places, tmp_path / "run", "known")
    assert not (tmp_path / "run").exists()


def test_a_teacher_that_does_not_separate_is_refused_before_anything_is_made(places, tmp_path):
    with pytest.raises(InputError, match=r"does not separate the 2 labelled .* F is 0\.\d+ at"):
        train(places, tmp_path / "run", teacher="deaf", cluster_separation=0.9)
    assert not (tmp_path / "run").exists()


def test_another_label_has_no_clusters(places, tmp_path):
    with pytest.raises(UsageError, match="finds persons"):
        train(places, tmp_path / "run", label="x-clean")


def test_posteriors_are_taught_on_clusters_or_alone(places, tmp_path):
    train(places, tmp_path / "run", beta=0.0, posteriors=1.0, posteriors_temperature=0.2)
    lines = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert all(json.loads(line)["losses"]["posteriors"] > 0 for line in lines)


def test_a_gate_goes_on_with_the_same_bits_whatever_reads(places, tmp_path):
    more = {"loss_gate": 0.5, "gate_from": 0.0, "correction": 0.1, "max_steps": 12}
    whole = train(places, tmp_path / "whole", **more)
    lines = [json.loads(one) for one in (tmp_path / "whole/log.jsonl").read_text().splitlines()]
    shares = [(one["losses"]["counted"], one["losses"]["counted.corrected"]) for one in lines]
    assert shares[:2] == [(1.0, 0.0)] * 2  # an epoch is two steps, and nothing was known
    assert any(corrected > 0 for _, corrected in shares)
    train(places, tmp_path / "run", **more)
    for name in ("model.json", "model.safetensors", "step_000012/checkpoint.json"):
        (tmp_path / "run" / name).unlink()
    assert same(train(places, tmp_path / "run", workers=2, **more), whole)
    plain = train(places, tmp_path / "plain", max_steps=12)
    assert not same(plain, whole)


def test_a_gate_without_people_whom_a_teacher_named_is_refused(places, tmp_path):
    config = {"loss_gate": 0.5}
    with pytest.raises(UsageError, match="whom a teacher named: give --unlabelled"):
        distill(
            "audio",
            places["audio"],
            places["teacher"],
            tmp_path / "run",
            DistillAudioConfig(**(places["settings"] | config)),
            quiet=True,
        )
    with pytest.raises(UsageError, match="what --loss-gate leaves out"):
        train(places, tmp_path / "run", correction=0.5)
    assert not (tmp_path / "run").exists()


def test_rounds_cluster_by_the_student_too_and_are_kept(places, tmp_path, monkeypatch, capsys):
    more = {"cluster_rounds": 1, "max_steps": 4}
    whole = train(places, tmp_path / "run", **more)
    run, first = tmp_path / "run", tmp_path / "run" / "rounds" / "0"
    keys = [json.loads((one / "clusters.json").read_text())["key"] for one in (run, first)]
    assert keys[0] != keys[1]
    assert (
        open_store(first.with_name("0.zarr"), "avkd.embeddings").ids
        == open_store(places["audio"]).ids
    )
    assert same(train(places, tmp_path / "alone", max_steps=4), load_file(first / MODEL))
    capsys.readouterr()

    def never(*_):
        raise AssertionError("it looked for clusters again")

    monkeypatch.setattr(recipe, "clustered", never)
    stamp = (first / MODEL).stat().st_mtime_ns
    for name in ("model.json", MODEL, "step_000004/checkpoint.json"):
        (run / name).unlink()
    assert same(train(places, run, **more), whole)
    assert (first / MODEL).stat().st_mtime_ns == stamp
    assert "utterances without a person" not in capsys.readouterr().err


def test_another_plan_replaces_the_run_and_not_the_rounds_it_shares(places, tmp_path):
    more = {"cluster_rounds": 1, "max_steps": 2}
    train(places, tmp_path / "run", **more)
    stamp = (tmp_path / "run/rounds/0" / MODEL).stat().st_mtime_ns
    with pytest.raises(OutputError, match="cluster_rounds 1, now it is 2"):
        train(places, tmp_path / "run", **(more | {"cluster_rounds": 2}))
    train(places, tmp_path / "run", overwrite=True, **(more | {"cluster_rounds": 2}))
    assert (tmp_path / "run/rounds/0" / MODEL).stat().st_mtime_ns == stamp
    assert sorted(one.name for one in (tmp_path / "run/rounds").iterdir()) == [
        "0",
        "0.zarr",
        "1",
        "1.zarr",
    ]
    with pytest.raises(UsageError, match="it goes with --unlabelled LIST"):
        distill(
            "audio",
            places["audio"],
            places["teacher"],
            tmp_path / "other",
            DistillAudioConfig(**(places["settings"] | more)),
            quiet=True,
        )


@pytest.mark.slow
def test_two_processes_gate_together_and_wait_for_each_round(places, tmp_path):
    settings = places["settings"] | {"cluster_rounds": 1, "loss_gate": 0.5, "gate_from": 0.0}
    flags = [word for name, x in settings.items() for word in ("--" + name.replace("_", "-"), x)]
    words = [
        *f"distill {places['audio']} --teacher {places['teacher']} --modality audio".split(),
        *f"--list {places['known']} --unlabelled {places['others']} -q --num-processes 2".split(),
        *f"-o {tmp_path}/run".split(),
        *flags,
    ]
    done = subprocess.run(
        [sys.executable, "-m", "avkd_cli", *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    for run in (tmp_path / "run", tmp_path / "run" / "rounds" / "0"):
        assert (run / MODEL).is_file()
        kept = load_file(run / "step_000006/network.safetensors")
        seen = next(value for name, value in kept.items() if name.endswith("gate.seen"))
        assert seen.all()  # each process drew half of the rows
