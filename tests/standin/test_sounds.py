"""Noises and rooms of the stand-in corpus: usable, keyed, and nobody's of the corpus."""

import dataclasses
import io
import json

import numpy as np
import pytest
import soundfile

from avkd_cli.audio.disturb import room, rows_by_kind
from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.standin import sounds
from avkd_cli.standin.people import generator
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.store import open_store

WAVE = PrepAudioConfig(features="waveform")
HERE = Execution(workers=0, quiet=True, max_rejects=0)


@pytest.fixture(scope="module")
def noises(tiny, tmp_path_factory):
    store = tmp_path_factory.mktemp("noises") / "n.zarr"
    prep_audio(tiny / "noises.jsonl", store, WAVE, HERE)
    return open_store(store)


def test_noises_are_of_musans_kinds_and_none_is_refused(noises):
    rows = rows_by_kind(noises.ids, noises.column("session"))
    assert {kind: len(found) for kind, found in rows.items()} == {
        "babble": 12,
        "music": 8,
        "noise": 8,
    }
    sounds = noises.read(range(len(noises)))
    digests = {sound.tobytes() for sound in sounds}
    assert len(digests) == len(sounds)
    assert all(np.sqrt(np.mean((one / 32768) ** 2)) > 0.03 for one in sounds)


def test_who_babbles_is_nobody_of_the_corpus(noises, tiny):
    lines = (tiny / "people.jsonl").read_text().splitlines()
    people = {json.loads(line)["person"] for line in lines}
    voices = [one for one in noises.persons if one]
    assert len(set(voices)) == 12
    assert people.isdisjoint(voices)


def test_rooms_decay_and_answer(tiny, tmp_path):
    prep_audio(tiny / "rooms.jsonl", tmp_path / "r.zarr", WAVE, HERE)
    store = open_store(tmp_path / "r.zarr")
    assert len(store) == 8
    for response in store.read(range(8)):
        early, late = response[1000:3000].astype(float), response[-2000:].astype(float)
        assert np.mean(late**2) < 0.1 * np.mean(early**2)
        room(np.random.default_rng(0).standard_normal(16_000), response.astype(float), 5)


def test_sounds_depend_on_the_seed_and_on_no_other_setting(tiny, tiny_plan):
    made = sounds.files(dataclasses.replace(tiny_plan, persons=9, sessions=4))
    assert {name: (tiny / name).read_bytes() for name in made} == made
    other = sounds.room(generator(tiny_plan.seed + 1, "room", 0))
    mine = soundfile.read(io.BytesIO(made["rooms/00001.wav"]))[0]
    assert not np.allclose(mine, other, atol=1e-3)
