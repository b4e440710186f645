from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.corpora.cross_trials import (
    CrossRule,
    PersonClip,
    Possible,
    check_traits,
    draw_cross_trials,
)
from avkd_cli.errors import InputError
from avkd_cli.verification.strata import NEEDED, Traits, alike

PEOPLE = {
    "a": ("f", "UK", 20.0),
    "b": ("f", "UK", 25.0),
    "c": ("f", "India", 26.0),
    "d": ("m", "UK", 40.0),
}


@st.composite
def lists(draw):
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from("abcd"), st.sampled_from("12"), st.booleans(), st.booleans()),
            max_size=12,
        )
    )
    return [
        PersonClip(f"{person}/{session}/{n}", person, session, heard, seen, *PEOPLE[person])
        for n, (person, session, heard, seen) in enumerate(rows)
    ]


rules = st.builds(CrossRule, st.sampled_from(list(NEEDED)), st.booleans())


def label_of(voice, face, rule):
    """What the rule says of a pair, written out."""
    if not voice.heard or not face.seen:
        return None
    if voice.person == face.person:
        return None if rule.cross_session and voice.session == face.session else 1
    common = {
        "random": True,
        "G": voice.sex == face.sex,
        "N": voice.nationality == face.nationality,
        "A": abs(voice.age - face.age) <= 5,
    }
    common["GNA"] = common["G"] and common["N"] and common["A"]
    common["GA"] = common["G"] and common["A"]
    return 0 if common[rule.stratum] else None


@given(lists(), rules)
def test_counts_are_those_of_trying_every_voice_with_every_face(clips, rule):
    labels = Counter(label_of(a, b, rule) for a in clips for b in clips)
    assert [Possible(clips, rule, kind).total for kind in (1, 0)] == [labels[1], labels[0]]


@given(lists(), rules, st.data(), st.integers(0, 5))
def test_drawn_trials_keep_the_rules_and_come_once(clips, rule, data, seed):
    possible = Possible(clips, rule, 1), Possible(clips, rule, 0)
    wanted = [data.draw(st.integers(0, one.total)) for one in possible]
    drawn = draw_cross_trials(possible, *wanted, seed)
    by_id = {clip.id: clip for clip in clips}
    assert all(label_of(by_id[t.enrol], by_id[t.test], rule) == t.label for t in drawn)
    assert len(set(drawn)) == len(drawn)
    assert Counter(t.label for t in drawn) == Counter({1: wanted[0], 0: wanted[1]})


def everyone(clips_each=3):
    return [
        PersonClip(f"{person}/{n}", person, "", True, True, *traits)
        for person, traits in PEOPLE.items()
        for n in range(clips_each)
    ]


def test_strata_by_hand():
    # a and b are both UK women five years apart; c is 26, so of one age with b alone.
    counts = {s: Possible(everyone(1), CrossRule(s), 0).total for s in NEEDED}
    assert counts == {"random": 12, "G": 6, "N": 6, "A": 4, "GNA": 2, "GA": 4}


def test_every_trial_is_as_likely():
    possible = Possible(everyone(2), CrossRule("G"), 0)
    rng = np.random.default_rng(0)
    counts = Counter(trial for _ in range(600) for trial in possible.draw(4, rng))
    assert len(counts) == possible.total == 24
    assert max(counts.values()) < 1.8 * min(counts.values())


def test_a_seed_says_which_list_and_a_voice_may_meet_its_own_face():
    possible = Possible(everyone(), CrossRule(), 1), Possible(everyone(), CrossRule(), 0)
    first = draw_cross_trials(possible, 20, 20, seed=1)
    assert first == draw_cross_trials(possible, 20, 20, seed=1)
    assert first != draw_cross_trials(possible, 20, 20, seed=2)
    assert [trial.label for trial in first[:4]] == [1, 0, 1, 0]
    every = possible[0].draw(possible[0].total, np.random.default_rng(0))
    assert any(trial.enrol == trial.test for trial in every)


def test_many_possible_trials_are_drawn_without_numbering_them_all(monkeypatch):
    monkeypatch.setattr("avkd_cli.corpora.cross_trials.MANY", 10)
    possible = Possible(everyone(), CrossRule(), 0)
    drawn = possible.draw(40, np.random.default_rng(0))
    assert len(set(drawn)) == 40 < possible.total / 2


def test_more_than_possible_and_unknown_traits_are_refused():
    possible = Possible(everyone(), CrossRule(), 1), Possible(everyone(), CrossRule("GNA"), 0)
    with pytest.raises(InputError, match=r"19 nontarget trials of a voice .* wanted, 18 possible"):
        draw_cross_trials(possible, 0, 19, 0)
    unknown = [PersonClip("x", "a", "", True, True, "f", "", 20.0)]
    check_traits(unknown, "G")
    with pytest.raises(InputError, match="'x' has no nationality, which stratum N compares"):
        check_traits(unknown, "N")
    with pytest.raises(InputError, match="'y' has no age"):
        check_traits([PersonClip("y", "a", "", True, True, "f")], "A")


def test_who_is_unknown_is_like_nobody():
    known = Traits(np.array(["f"]), np.array(["UK"]), np.array([20.0]))
    unknown = Traits(np.array([""]), np.array([""]), np.array([float("nan")]))
    for stratum in ("G", "N", "A", "GNA"):
        assert alike(stratum, known, known).all()
        assert not alike(stratum, known, unknown).any()
        assert not alike(stratum, unknown, unknown).any()
    assert alike("random", unknown, known).all()
