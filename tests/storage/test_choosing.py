"""Stores that are read together must say one person of one utterance."""

from types import SimpleNamespace

import numpy as np
import pytest

from avkd_cli.config import DistillAudioConfig, Execution
from avkd_cli.errors import InputError
from avkd_cli.inputs.embeddings import BothEmbeddings
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.student import known_to_teacher
from avkd_cli.steps.analyze.correlation import shared
from avkd_cli.steps.extract_embeddings import choose_ids
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.choosing import refuse_other_persons
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store

IDS = ["a/1", "a/2", "b/1", "b/2"]


@pytest.fixture
def made(tmp_path):
    """Make and open a store of four embeddings of these persons."""

    def made(name, *persons, modality="audio"):
        vectors = np.random.default_rng(len(name)).normal(size=(4, 3)).astype(np.float32)
        origin = Origin("extract-embeddings", said={"modality": modality})
        content = Embeddings.of(Rows(IDS, persons), vectors)
        build_store(tmp_path / name, content, origin, Execution(quiet=True))
        return open_store(tmp_path / name)

    return made


def test_stores_that_agree_or_do_not_know_pass(made):
    first, same = made("first", "a", "a", "b", "b"), made("same", "a", "a", "b", "b")
    refuse_other_persons(IDS, first, same)
    refuse_other_persons(IDS, first, made("unknown", "", "", "", "b"))
    refuse_other_persons(IDS[:1], first, made("swapped", "a", "b", "b", "a"))


SAID = r"2 of 4 utterances are of another person in \S+swapped than in \S+first, such as 'a/2', "


def test_another_person_is_refused_wherever_two_stores_meet(made):
    first, other = (
        made("first", "a", "a", "b", "b"),
        made("swapped", "a", "b", "b", "a", modality="visual"),
    )
    job = SimpleNamespace(chosen=SimpleNamespace(ids=IDS), input=SimpleNamespace(stores=[first]))
    request = Request("distill", "audio", [])
    meetings = {
        "alone": lambda: refuse_other_persons(IDS, first, other),
        "extract": lambda: choose_ids([first, other], None),
        "distill": lambda: known_to_teacher(job, other, request, DistillAudioConfig(), False),
        "fusion": lambda: BothEmbeddings([first, other]).check_persons(job.chosen),
        "pcc": lambda: shared(first, other, None),
    }
    for name, meet in meetings.items():
        with pytest.raises(InputError, match=SAID + "which is 'b' there and 'a' here"):
            meet()
            pytest.fail(name)


def test_only_what_is_read_together_is_compared(made):
    first, other = made("first", "a", "a", "b", "b"), made("swapped", "a", "b", "b", "a")
    assert shared(first, other, {"a/1", "b/1"}) == ["a/1", "b/1"]
