"""The mean of the blocks' EERs: by hand, and its intervals by simulation."""

import numpy as np
import pytest

from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance, write_utterances
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.statistics import resample_persons
from study.figures import Blocks, blocks_of, mean_eer, resampled
from study.seeds import Measured

PERSONS, RECORDINGS = 8, 3


@pytest.fixture
def files(tmp_path):
    """Two blocks of people; block b's scores lie 10 above block a's."""
    people = [
        Utterance(
            f"{block}{p}/{r}",
            f"{block}{p}",
            split="test",
            audio=f"{block}{p}{r}.wav",
            extra={"block": block},
        )
        for block in "ab"
        for p in range(PERSONS)
        for r in range(RECORDINGS)
    ]
    write_utterances(tmp_path / "people.jsonl", people)
    rng = np.random.default_rng(0)
    lines = []
    for place, one in enumerate(people):
        for other in people[place + 1 :]:
            if one.id[0] == other.id[0]:
                same = one.person == other.person
                score = rng.standard_normal() + 1.5 * same + 10 * (one.id[0] == "b")
                kind = "target" if same else "nontarget"
                lines.append(f"{one.id} {other.id} {score:.6f} {kind}\n")
    (tmp_path / "one.scores").write_text("".join(lines))
    return tmp_path


def test_blocks_that_lie_apart_do_not_touch_the_mean(files):
    scores = read_scores(files / "one.scores")
    blocks = blocks_of(scores, files / "people.jsonl", "block")
    together = mean_eer(scores, np.full(len(scores), "all"))
    apart = mean_eer(scores, blocks)
    assert apart < 0.3 < together  # nontargets of b are above targets of a


def test_the_mean_is_that_of_the_blocks_by_hand(tmp_path):
    # a is separated: 0. b: targets 1 and 3, nontargets 0, 0 and 2: the rates meet at 1/3.
    pairs = [
        ("a", 9, 1),
        ("a", 1, 0),
        ("b", 1, 1),
        ("b", 3, 1),
        ("b", 0, 0),
        ("b", 0, 0),
        ("b", 2, 0),
    ]
    lines = []
    for n, (block, score, same) in enumerate(pairs):
        other, kind = ("x", "target") if same else ("y", "nontarget")
        lines.append(f"{block}x/{n} {block}{other}/{n + 50} {score} {kind}\n")
    (tmp_path / "s.scores").write_text("".join(lines))
    scores = read_scores(tmp_path / "s.scores")
    blocks = np.array([block for block, _, _ in pairs])
    assert mean_eer(scores, blocks) == pytest.approx((0 + 1 / 3) / 2)


def test_without_a_column_all_are_one_block(files):
    scores = read_scores(files / "one.scores")
    assert set(blocks_of(scores, files / "people.jsonl", "")) == {"all"}


def test_a_block_that_nobody_has_is_refused(files):
    scores = read_scores(files / "one.scores")
    with pytest.raises(InputError, match=r"has no town of 'a0/0'; name another column by --block"):
        blocks_of(scores, files / "people.jsonl", "town")


def test_values_are_the_means_and_differences_are_paired(files):
    scores = read_scores(files / "one.scores")
    blocks = blocks_of(scores, files / "people.jsonl", "block")
    drawn, pooled, persons = resampled([scores, scores], files / "people.jsonl", blocks, 100)
    assert persons == 2 * PERSONS and drawn.n_units == PERSONS
    assert drawn.value["eer"] == pytest.approx([mean_eer(scores, blocks)] * 2)
    main = Measured(drawn, {("a", 0): 0, ("b", 0): 1})
    one = main.difference("b", "a")
    assert (one["value"], one["low"], one["high"], one["p"]) == (0, 0, 0, 1)
    assert main.figure("a")["low"] < main.figure("a")["value"] < main.figure("a")["high"]
    assert pooled.value["eer"][0] > drawn.value["eer"][0]


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Blocks of people with effects of their own: the truth is that of very many people."""
    rng = np.random.default_rng(1)
    persons, blocks, sets, truth = 12, 3, 60, _eer_of_many(rng)
    held = 0
    for _ in range(sets):
        parts = [_block(rng, persons, number) for number in range(blocks)]
        drawn = Blocks(parts)
        low, high = np.quantile(drawn.spread("eer", [1.0], 0.95), [0.025, 0.975])
        held += low <= truth <= high
    assert held / sets > 0.85


def _block(rng, persons: int, number: int):
    score, label, enrol, test = _scores(rng, persons)
    return resample_persons([score], label, enrol, test, n_resamples=100, seed=number)


def _scores(rng, persons: int):
    pairs = [(i, j) for i in range(persons) for j in range(i, persons) for _ in range(2)]
    enrol, test = (np.array(side) for side in zip(*pairs, strict=True))
    label = (enrol == test).astype(np.int8)
    ease = rng.normal(0, 0.5, persons)
    score = rng.standard_normal(len(label)) + label * (1.5 + ease[enrol])
    return score, label, enrol, test


def _eer_of_many(rng) -> float:
    score, label, *_ = _scores(rng, 300)
    from avkd_cli.verification.metrics import equal_error_rate

    return equal_error_rate(score[label == 1], score[label == 0])
