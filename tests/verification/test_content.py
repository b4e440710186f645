"""One digest for one list, whatever its order and format."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.verification.content import content_digest
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.trials import read_trials

TEXT = "a c nontarget\na/b x target\na/b y nontarget\n"


def digest_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read(tmp_path, text, name="x.txt"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_it_is_that_of_the_sorted_lines():
    ids = ["x", "a/b", "y", "a", "c"]
    enrol, test = np.array([1, 3, 1]), np.array([2, 4, 0])
    assert content_digest(ids, enrol, test, np.array([0, 0, 1])) == digest_of(TEXT)
    assert content_digest(ids, enrol, test, None) == digest_of("a c\na/b x\na/b y\n")


@given(st.permutations(range(3)))
def test_it_does_not_depend_on_the_order(order):
    trials = [("a/b", "x", 1), ("a", "c", 0), ("a/b", "y", 0)]
    enrols, tests, labels = zip(*(trials[n] for n in order), strict=True)
    ids = list(dict.fromkeys([*tests, *enrols]))
    codes = [np.array([ids.index(one) for one in side]) for side in (enrols, tests)]
    assert content_digest(ids, *codes, np.array(labels)) == digest_of(TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "a/b y 0.25 nontarget\na/b x 0.5 target\na c -1 nontarget\n",
        "a c 0 0.1\na/b x 1 0.7\na/b y 0 0.3\n",
        "enrol,test,score,label\na,c,1,impostor\na/b,x,2,genuine\na/b,y,3,0.0\n",
    ],
)
def test_score_files_of_three_toolkits_on_one_list_show_one(tmp_path, text):
    assert read_scores(read(tmp_path, text)).content == digest_of(TEXT)


def test_a_label_or_a_trial_more_makes_another(tmp_path):
    other = "a/b x 1 nontarget\na c 1 nontarget\na/b y 1 nontarget\n"
    assert read_scores(read(tmp_path, other)).content != digest_of(TEXT)


def test_official_lists_bear_their_name_in_any_form_and_raise_no_alarm(shared_data, tmp_path):
    source = shared_data / "trials/vox1_O_original_veri_test.txt"
    trials = read_trials(source)
    assert (trials.name, trials.warnings) == ("vox1-o", ())
    pairs = zip(*(side.tolist() for side in (trials.enrol, trials.test, trials.label)), strict=True)
    value, lines = {}, ["enrol,test,score,label"]
    for enrol, test, label in pairs:
        a, b = trials.ids[enrol], trials.ids[test]
        score = value.setdefault((a, b), len(value) * 7919 % 29989 / 1e5)
        lines.append(f"{a[:-4]},{b[:-4]},{score:.5f},{label:.1f}")
    scores = read_scores(read(tmp_path, "\n".join(lines) + "\n"))
    assert len(set(scores.score)) < 0.9 * len(scores)  # five decimals tie many
    assert (scores.name, scores.warnings) == ("vox1-o", ())
