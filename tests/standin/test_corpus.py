import dataclasses
import json
import shutil
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from avkd_cli.corpora.listing import Report
from avkd_cli.corpora.voxceleb import list_voxceleb, read_metadata
from avkd_cli.errors import OutputError, UsageError
from avkd_cli.standin import corpus
from avkd_cli.standin.corpus import loudness, make_standin
from avkd_cli.standin.lists import LISTS
from avkd_cli.standin.plan import StandinPlan
from avkd_cli.storage.utterances import read_utterances


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(corpus: Path) -> list[dict]:
    return [json.loads(line) for line in (corpus / "people.jsonl").read_text().splitlines()]


def test_the_same_seed_is_the_same_bytes_with_two_workers(tiny, tiny_plan, tmp_path):
    make_standin(tmp_path / "again", tiny_plan, workers=2)
    assert tree(tmp_path / "again") == tree(tiny)


def test_an_interrupted_run_goes_on_to_the_same_bytes(tiny, tiny_plan, tmp_path, monkeypatch):
    made = []

    def stop(work, plan, session):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(session)
        make(work, plan, session)

    make = corpus._make_session
    monkeypatch.setattr(corpus, "_make_session", stop)
    out = tmp_path / "corpus"
    with pytest.raises(KeyboardInterrupt):
        make_standin(out, tiny_plan, workers=0)
    assert not out.exists()
    monkeypatch.setattr(corpus, "_make_session", lambda *a: (made.append(a[2]), make(*a)))
    make_standin(out, tiny_plan, workers=0)
    assert len(made) == len(set(made)) == tiny_plan.persons * tiny_plan.sessions
    assert tree(out) == tree(tiny)


def test_a_corpus_of_an_older_avkd_is_refused_by_its_version(tiny, tiny_plan, tmp_path):
    old = shutil.copytree(tiny, tmp_path / "old")
    said = json.loads((old / "standin.json").read_text())
    (old / "standin.json").write_text(json.dumps(said | {"version": 1}))
    with pytest.raises(OutputError, match="of version 1, whose faces are others than those of 2"):
        make_standin(old, tiny_plan)
    assert not make_standin(old, tiny_plan, workers=0, overwrite=True)[1]
    assert tree(old) == tree(tiny)


def test_what_an_older_avkd_began_is_begun_anew(tiny, tiny_plan, tmp_path, monkeypatch):
    out = tmp_path / "corpus"
    monkeypatch.setattr(corpus, "VERSION", 1)
    monkeypatch.setattr(corpus, "texts", lambda plan: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_standin(out, tiny_plan, workers=0)
    monkeypatch.undo()
    make_standin(out, tiny_plan, workers=0)
    assert tree(out) == tree(tiny)


def test_another_seed_is_other_people(tiny_plan):
    one, other = (
        list(corpus.sessions(dataclasses.replace(tiny_plan, seed=seed))) for seed in (0, 1)
    )
    assert {s.folder for s in one}.isdisjoint({s.folder for s in other})


def test_a_finished_corpus_is_left_alone(tiny, tiny_plan):
    before = {path: path.stat().st_mtime_ns for path in tiny.rglob("*.mp4")}
    manifest, complete = make_standin(tiny, tiny_plan)
    assert complete
    assert manifest["counts"] == {"persons": 4, "utterances": 16, "train": 8, "test": 8}
    assert {path: path.stat().st_mtime_ns for path in tiny.rglob("*.mp4")} == before


def test_another_plan_is_refused_by_the_names_that_differ(tiny, tiny_plan):
    other = dataclasses.replace(tiny_plan, seed=7, utterances=1)
    with pytest.raises(OutputError, match=r"other settings \(utterances, seed\)"):
        make_standin(tiny, other)


def test_overwrite_replaces_a_stand_in_but_nothing_else(tiny, tiny_plan, tmp_path):
    other = dataclasses.replace(tiny_plan, seed=7, utterances=1)
    shutil.copytree(tiny, tmp_path / "old")
    make_standin(tmp_path / "old", other, workers=0, overwrite=True)
    assert len(rows(tmp_path / "old")) == 8
    (tmp_path / "mine").mkdir()
    with pytest.raises(OutputError, match="is no stand-in corpus"):
        make_standin(tmp_path / "mine", other, overwrite=True)


@pytest.mark.parametrize("said", ["", "[]", '{"version": 2, "config": []}', '{"config": {}}'])
def test_a_folder_whose_manifest_says_nothing_is_no_stand_in(tmp_path, tiny_plan, said):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/standin.json").write_text(said)
    with pytest.raises(OutputError, match="is no stand-in corpus"):
        make_standin(tmp_path / "mine", tiny_plan, overwrite=True)


@pytest.mark.parametrize("wrong", [{"persons": 3}, {"sessions": 1}])
def test_too_few_people_or_sessions_are_a_wrong_option(tmp_path, tiny_plan, wrong):
    with pytest.raises(UsageError, match="at least"):
        make_standin(tmp_path / "x", dataclasses.replace(tiny_plan, **wrong))


def test_seven_of_ten_people_train():
    assert StandinPlan().train_persons == 28
    assert StandinPlan(persons=4).train_persons == 2
    assert StandinPlan(persons=6).train_persons == 3


def test_every_line_is_a_good_utterance_with_files(tiny):
    found = read_utterances(tiny / "people.jsonl")
    assert len(found.utterances) == 16
    assert not found.rejects
    for utterance in found.utterances:
        assert found.resolve(utterance.audio).stat().st_size > 0
        assert found.resolve(utterance.video).stat().st_size > 0
        assert utterance.extra["age"] in range(18, 76)


def test_it_is_laid_out_as_the_listings_of_voxceleb_expect(tiny):
    listed = []
    for edition in (1, 2):
        folder = tiny / f"voxceleb{edition}"
        utterances, report = list_voxceleb(folder, edition)
        listed += [dict(u.to_json(), tree=folder.name) for u in utterances]
        assert isinstance(report, Report)
        assert report.faults == 0
    wanted = []
    for row in rows(tiny):
        folder = row["audio"].split("/")[0]
        paths = {kind: row[kind].removeprefix(folder + "/") for kind in ("audio", "video")}
        wanted.append({**row, **paths, "tree": folder})
        del wanted[-1]["age"], wanted[-1]["nationality"]
    for row in listed:
        row.pop("nationality", None)
    assert sorted(listed, key=lambda r: r["id"]) == sorted(wanted, key=lambda r: r["id"])


def test_train_is_voxceleb2_and_test_is_voxceleb1(tiny):
    for row in rows(tiny):
        train = row["split"] == "train"
        assert row["audio"].startswith("voxceleb2/dev/aac/" if train else "voxceleb1/wav/")
        assert row["video"].startswith("voxceleb2/dev/mp4/" if train else "voxceleb1/mp4/")
    metadata = read_metadata(tiny / "vox1_meta.csv") | read_metadata(tiny / "vox2_meta.csv")
    assert {p.id: p.sex for p in metadata.values()} == {r["person"]: r["sex"] for r in rows(tiny)}


def test_the_film_has_pictures_and_the_sound_of_the_wav(tiny):
    row = next(row for row in rows(tiny) if row["split"] == "test")
    with wave.open(str(tiny / row["audio"])) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        samples = np.frombuffer(file.readframes(-1), "<i2") / 32768
    with av.open(str(tiny / row["video"])) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
        assert film.streams.video[0].average_rate == 25
    with av.open(str(tiny / row["video"])) as film:
        sound = np.concatenate([f.to_ndarray()[0] for f in film.decode(audio=0)])
    assert {frame.shape for frame in frames} == {(64, 64, 3)}
    assert len(frames) == len(samples) // 640
    lag = max(range(3000), key=lambda n: np.dot(sound[n : n + 5000], samples[:5000]))
    assert np.corrcoef(sound[lag : lag + 5000], samples[:5000])[0, 1] > 0.9


@pytest.mark.parametrize("name", LISTS)
def test_trial_lists_are_of_the_test_people_across_sessions(tiny, name):
    original, cleaned, rule, _ = LISTS[name]
    about = {row["id"] + ".wav": row for row in rows(tiny) if row["split"] == "test"}
    lines = (tiny / original).read_text().splitlines()
    trials = [(int(label), about[a], about[b]) for label, a, b in map(str.split, lines)]
    assert {label for label, _, _ in trials} >= {1}
    for label, enrol, test in trials:
        assert (enrol["person"] == test["person"]) == bool(label)
        assert not label or enrol["session"] != test["session"]
        assert label or not rule.same_sex or enrol["sex"] == test["sex"]
    kept = (tiny / cleaned).read_text().splitlines()
    assert 0 < len(lines) - len(kept) <= max(2, len(lines) // 50)
    assert [line for line in lines if line in set(kept)] == kept


def test_the_readme_says_what_it_is_not(tiny):
    assert "stands in for data that you do not have" in (tiny / "README.txt").read_text()


def test_loudness_follows_the_sound():
    silent, loud = np.zeros(640 * 5), np.sin(np.arange(640 * 5))
    heard = loudness(np.concatenate([silent, loud]))
    assert heard.shape == (10,)
    assert heard[:5].max() == 0
    assert heard[5:].min() > 0.9
