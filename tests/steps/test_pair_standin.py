"""The stand-in's voices and faces share age and sex: below chance, but at chance within both.

Voices are heard and faces seen as the stand-in draws them, without the codecs; what an encoder
would make of them is simple statistics here, so that this takes a minute.
"""

import json

import numpy as np
import pytest

from avkd_cli.audio.kaldi import fbank
from avkd_cli.config import Execution, ExtractConfig, PairConfig, ScoreConfig
from avkd_cli.standin.face import draw_utterance
from avkd_cli.standin.people import (
    generator,
    make_face_session,
    make_person,
    make_voice_session,
)
from avkd_cli.standin.voice import synthesise
from avkd_cli.steps.analyze.strata import strata
from avkd_cli.steps.extract_embeddings import extract
from avkd_cli.steps.score import score_or_fuse as score
from avkd_cli.steps.train_teacher import train_teacher
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings

cv2 = pytest.importorskip("cv2")
PEOPLE, TRAINED, CLIPS = 120, 84, 4
OWN = 0.2
IDS = [f"p{n:03d}/{k}" for n in range(PEOPLE) for k in range(CLIPS)]
SPLITS = ["train" if int(one[1:4]) < TRAINED else "test" for one in IDS]
QUIET = Execution(quiet=True)


def heard(person, clip):
    where = (0, person.number, clip)
    session = make_voice_session(generator(*where, "voice"))
    sound, _ = synthesise(person.voice, session, 1.5, generator(*where, "speech", 0))
    frames = fbank(sound.astype(np.float32), 40)
    level, loud = frames.mean(), np.percentile(frames, 90, axis=0)
    steps = np.abs(np.diff(frames, axis=0)).mean(0)
    return np.concatenate([frames.mean(0) - level, frames.std(0), loud - level, steps])


def seen(person, clip):
    where = (0, person.number, clip)
    session = make_face_session(generator(*where, "face"))
    drawn = draw_utterance(
        person.face, session, np.array([0.3]), 128, generator(*where, "picture", 0)
    )
    small = cv2.resize(next(drawn).astype(np.float32), (24, 24), interpolation=cv2.INTER_AREA)
    return small.ravel()


def standardised(rows):
    """Return columns of mean 0 and deviation 1 over whom is trained on, of a length of 8."""
    trained = np.array(SPLITS) == "train"
    rows = (rows - rows[trained].mean(0)) / (rows[trained].std(0) + 1e-6)
    return (8 * rows / rows.shape[1] ** 0.5).astype(np.float32)


@pytest.mark.slow
def test_a_voice_tells_its_face_by_age_and_sex_and_by_nothing_else(tmp_path):
    people = [make_person(0, n, OWN) for n in range(PEOPLE)]
    stores, sides = {}, []
    for sense, sensed in (("audio", heard), ("visual", seen)):
        rows = np.array([sensed(person, clip) for person in people for clip in range(CLIPS)])
        content = Embeddings.of(Rows(IDS, [one[:4] for one in IDS], SPLITS), standardised(rows))
        stores[sense] = tmp_path / sense
        origin = Origin("extract-embeddings", inputs={"run": sense}, said={"modality": sense})
        build_store(stores[sense], content, origin, QUIET)
    settings = PairConfig(
        orthogonal=0.0,
        triplet=1.0,
        max_steps=300,
        lr=1e-3,
        lr_final=1e-4,
        per_person=2,
        batch_size=64,
    )
    train_teacher(
        "pair", [str(one) for one in stores.values()], tmp_path / "run", settings, quiet=True
    )
    for sense, store in stores.items():
        sides.append(str(tmp_path / f"{sense}.zarr"))
        extract(
            tmp_path / "run",
            [str(store)],
            tmp_path / f"{sense}.zarr",
            ExtractConfig(),
            QUIET,
            side=sense,
        )
    tested = [one for one, split in zip(IDS, SPLITS, strict=True) if split == "test"]
    lines = [f"{int(a[:4] == b[:4])} {a} {b}\n" for a in tested for b in tested]
    (tmp_path / "t.txt").write_text("".join(lines))
    listed = [
        {
            "id": one,
            "person": one[:4],
            "sex": people[int(one[1:4])].sex,
            "age": people[int(one[1:4])].age,
        }
        for one in IDS
    ]
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(line) + "\n" for line in listed))
    scores = tmp_path / "triplet.unseen.scores"
    score((str(tmp_path / "t.txt"), *sides), ScoreConfig(), output=scores, quiet=True)
    found = strata([str(scores)], str(tmp_path / "l.jsonl"), chosen=("random", "GA"), resamples=300)
    everyone, alike = found["files"][0]["strata"]
    assert everyone["intervals"]["eer_percent"][1] < 48
    low, high = alike["intervals"]["eer_percent"]
    assert low < 50 < high
    assert alike["eer_percent"] > everyone["eer_percent"] + 5
