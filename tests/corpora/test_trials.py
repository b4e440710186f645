from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.corpora.trials import Candidate, Rule, Trial, count_trials, draw_trials
from avkd_cli.errors import InputError

SEXES = {"a": "f", "b": "f", "c": "m", "d": "m"}


@st.composite
def people(draw):
    rows = draw(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("12")), max_size=14))
    return [
        Candidate(f"{person}/{session}/{index}", person, session, SEXES[person])
        for index, (person, session) in enumerate(rows)
    ]


rules = st.builds(Rule, same_sex=st.booleans(), cross_session=st.booleans())


def grid(persons: int, sessions: int, utterances: int) -> list[Candidate]:
    return [
        Candidate(f"p{p}/s{s}/{u}", f"p{p}", f"s{s}", "fm"[p % 2])
        for p in range(persons)
        for s in range(sessions)
        for u in range(utterances)
    ]


@given(people(), rules)
def test_counts_are_those_of_trying_every_pair(candidates, rule):
    labels = Counter(rule.label(a, b) for a, b in combinations(candidates, 2))
    assert count_trials(candidates, rule) == (labels[1], labels[0])


@given(people(), rules, st.data(), st.integers(0, 5))
def test_drawn_trials_keep_the_rules_and_come_once(candidates, rule, data, seed):
    possible = count_trials(candidates, rule)
    wanted = [data.draw(st.integers(0, n)) for n in possible]
    drawn = draw_trials(candidates, rule, *wanted, seed)
    by_id = {candidate.id: candidate for candidate in candidates}
    assert all(rule.label(by_id[t.enrol], by_id[t.test]) == t.label for t in drawn)
    assert all(t.enrol != t.test for t in drawn)
    assert len({frozenset((t.enrol, t.test)) for t in drawn}) == len(drawn)
    assert Counter(t.label for t in drawn) == Counter({1: wanted[0], 0: wanted[1]})


def test_counts_by_hand():
    # 3 people of 2 sessions with 2 utterances: 6 pairs a person, 4 of them across sessions;
    # 66 pairs in all, 48 of two people; two of the people share a sex: 4 times 4 pairs.
    candidates = grid(3, 2, 2)
    assert count_trials(candidates, Rule()) == (18, 48)
    assert count_trials(candidates, Rule(cross_session=True)) == (12, 48)
    assert count_trials(candidates, Rule(same_sex=True)) == (18, 16)


def test_the_same_seed_draws_the_same_list_and_another_seed_another():
    candidates = grid(6, 3, 3)
    lists = [draw_trials(candidates, Rule(), 20, 20, seed) for seed in (1, 1, 2)]
    assert lists[0] == lists[1] != lists[2]


def test_targets_and_nontargets_take_turns():
    drawn = draw_trials(grid(4, 2, 2), Rule(), 5, 10, seed=0)
    assert [trial.label for trial in drawn[:6]] == [0, 1, 0, 0, 1, 0]


@pytest.mark.parametrize("seed", range(4))
def test_few_of_many_pairs_are_drawn_evenly(seed):
    # 40 utterances of 4 people: 600 nontargets possible, 200 drawn, so each person has half of
    # all sides a quarter of the time; 3 standard deviations are about 18 of 100.
    drawn = draw_trials(grid(4, 5, 2), Rule(), 0, 200, seed)
    sides = Counter(name.split("/")[0] for t in drawn for name in (t.enrol, t.test))
    assert all(70 < count < 130 for count in sides.values())


def test_either_side_may_enrol():
    drawn = draw_trials(grid(4, 3, 3), Rule(), 60, 60, seed=0)
    first = sum(trial.enrol < trial.test for trial in drawn)
    assert 40 < first < 80


def test_more_than_there_are_is_refused_with_the_number_there_is():
    with pytest.raises(InputError, match="19 target trials wanted, 18 possible"):
        draw_trials(grid(3, 2, 2), Rule(), 19, 0, seed=0)


@pytest.mark.parametrize("sex", ["", "m"])
def test_same_sex_needs_one_sex_a_person(sex):
    candidates = [*grid(2, 2, 1), Candidate("p0/s9/9", "p0", "s9", sex)]
    with pytest.raises(InputError, match="person 'p0'"):
        draw_trials(candidates, Rule(same_sex=True), 1, 0, seed=0)


def test_a_trial_is_label_enrolment_test():
    (trial,) = draw_trials(grid(1, 1, 2), Rule(), 1, 0, seed=0)
    assert isinstance(trial, Trial)
    assert {trial.enrol, trial.test} == {"p0/s0/0", "p0/s0/1"}
