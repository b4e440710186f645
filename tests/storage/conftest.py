"""A corpus of small text files, which a process makes frames of; see `processes`."""

import dataclasses
import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from avkd_cli.config import Execution
from avkd_cli.storage.build import Recordings
from avkd_cli.storage.builder import build_store
from avkd_cli.storage.specs import AUDIO, FACES
from avkd_cli.storage.utterances import read_utterances

sys.path.insert(0, str(Path(__file__).parent))  # so that workers can import `processes`

import processes

OF_TEXT = dataclasses.replace(FACES, media=("audio",))  # the files of this corpus
FRAMES = dataclasses.replace(AUDIO, long=AUDIO.long[:1])


class Corpus:
    """Text files of numbers, and the list of them."""

    def __init__(self, folder):
        self.folder = folder
        self.list = folder / "list.jsonl"
        self.lines = []

    def add(self, id, content, **keys):
        (self.folder / f"{id}.txt").write_text(content)
        self.lines.append({"id": id, "person": id[0], "audio": f"{id}.txt"} | keys)
        self.list.write_text("".join(json.dumps(line) + "\n" for line in self.lines))

    def build(
        self, out, *, spec=FRAMES, process=None, size=2, fraction=0.5, scale=1.0, **execution
    ):
        """Make a store of it; keywords are those of `Execution`."""
        execution = {"workers": 0} | execution
        content = Recordings(
            spec,
            read_utterances(self.list, execution.get("root")),
            process or processes.frames,
            processes.Settings(scale=scale),
            size,
            fraction,
        )
        return build_store(out, content, content.origin("prep-test", {}), Execution(**execution))

    def build_faces(self, out, **execution):
        return self.build(out, spec=OF_TEXT, process=processes.faces, **execution)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    """Syncs take most of the time here; their order is tested by the hook of `durable`."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def corpus(tmp_path):
    """Seven utterances of three persons, two to five frames each."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    corpus = Corpus(folder)
    for number, person in enumerate("aaabbcc"):
        corpus.add(
            f"{person}{number}", " ".join(str(10 * number + i) for i in range(2 + number % 4))
        )
    return corpus


def digests(store):
    """Return every file of a store by digest; of avkd.json all but who made it."""
    found = {
        str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in store.rglob("*")
        if path.is_file()
    }
    manifest = json.loads((store / "avkd.json").read_bytes())
    manifest.pop("made_by")
    return found | {"avkd.json": json.dumps(manifest, sort_keys=True)}


@pytest.fixture(name="digests")
def _digests():
    return digests
