"""Intervals over persons and seeds, by hand and by simulation."""

import numpy as np
import pytest

from avkd_cli.verification.statistics import Resampled, difference, resample_persons
from study import seeds
from study.seeds import Measured, over_seeds

PERSONS = 20
SETS = 150
PAIRS = [(i, j) for i in range(PERSONS) for j in range(i, PERSONS) for _ in range(2)]
ENROL, TEST = (np.array(side) for side in zip(*PAIRS, strict=True))
LABEL = (ENROL == TEST).astype(np.int8)


def drawn(systems: list[np.ndarray], draws: int = 200) -> Resampled:
    return resample_persons(systems, LABEL, ENROL, TEST, n_resamples=draws)


def scores(seed: int, apart: float) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(len(LABEL)) + apart * LABEL


def test_one_seed_has_the_interval_of_analyze_compare():
    found = drawn([scores(0, 1.0), scores(1, 1.5)])
    one, wanted = over_seeds(found, "eer", [[-1, 1]]), difference(found, "eer")
    assert (one.value, one.low, one.high, one.p) == pytest.approx(tuple(wanted))


def test_the_value_is_the_mean_over_seeds():
    found = drawn([scores(k, 1.0) for k in range(4)])
    one = over_seeds(found, "eer", [[-1, 1, 0, 0], [0, 0, -1, 1]])
    eer = found.value["eer"]
    assert one.value == pytest.approx((eer[1] - eer[0] + eer[3] - eer[2]) / 2)


def test_equal_seeds_add_nothing():
    base, other = scores(0, 1.0), scores(1, 1.5)
    found = drawn([base, other, base, other])
    one, two = (
        over_seeds(found, "eer", [[-1, 1, 0, 0]]),
        over_seeds(found, "eer", [[-1, 1, 0, 0], [0, 0, -1, 1]]),
    )
    assert two.high - two.low == pytest.approx(one.high - one.low, rel=0.05)


def test_seeds_that_disagree_make_the_interval_wider():
    systems = [scores(0, 1.0), scores(1, 1.0), scores(2, 1.0), scores(3, 3.0)]
    found = drawn(systems)
    rows = [[-1, 1, 0, 0], [0, 0, -1, 1]]
    both = over_seeds(found, "eer", rows)
    persons_only = over_seeds(found, "eer", [np.mean(rows, axis=0)])
    assert both.high - both.low > 3 * (persons_only.high - persons_only.low)
    assert both.low < 0 < both.high


def linear(rng, n_seeds: int, persons: float, seeds_: float, both: float) -> Resampled:
    """A figure that is a mean over persons: draws of it cost one product each."""
    of_person = rng.normal(0, persons, PERSONS)
    of_seed = rng.normal(0, seeds_, n_seeds)
    table = of_person[:, None] + of_seed + rng.normal(0, both, (PERSONS, n_seeds))
    counts = rng.multinomial(PERSONS, np.full(PERSONS, 1 / PERSONS), size=200)
    value, samples = {"eer": table.mean(axis=0)}, {"eer": counts @ table / PERSONS}
    no_noise = {"eer": np.zeros((50, n_seeds))}
    return Resampled(value, samples, no_noise, "person", PERSONS)


@pytest.mark.parametrize(("n_seeds", "least"), [(3, 0.83), (5, 0.89)])
@pytest.mark.parametrize(
    ("persons", "seeds_", "both"),
    [(1, 0, 0.5), (0.5, 0, 1), (1, 0.2, 1), (0.3, 1, 0.3)],
    ids=["persons", "both together", "all alike", "seeds"],
)
def test_intervals_hold_the_truth_as_often_as_they_say(n_seeds, least, persons, seeds_, both):
    rng = np.random.default_rng(n_seeds)
    held = 0
    for _ in range(SETS):
        one = over_seeds(linear(rng, n_seeds, persons, seeds_, both), "eer", np.eye(n_seeds))
        held += one.low <= 0 <= one.high
    assert held / SETS > least


def test_no_seed_is_refused():
    with pytest.raises(ValueError, match="a row a seed"):
        over_seeds(drawn([scores(0, 1)]), "eer", [])


def test_only_seeds_that_both_systems_have_are_compared():
    systems = {("a", 0): 1.0, ("a", 1): 1.0, ("b", 0): 2.0}
    found = drawn([scores(k, apart) for k, apart in enumerate(systems.values())])
    main = Measured(found, {key: place for place, key in enumerate(systems)})
    one = main.difference("b", "a")
    assert list(one["by_seed"]) == ["0"]
    assert one["value"] == pytest.approx(100 * (found.value["eer"][2] - found.value["eer"][0]))
    before = 100 * found.value["eer"][0]  # of seed 0 alone, as the difference
    assert one["before"]["value"] == pytest.approx(before)
    assert one["before"]["by_seed"].keys() == {"0"}
    assert one["relative_percent"] == pytest.approx(100 * one["value"] / before)
    assert list(main.figure("a")["by_seed"]) == ["0", "1"]


def test_satterthwaite_by_hand():
    # Equal variances with 4 and 4 degrees of freedom are together worth 8.
    assert seeds._satterthwaite((1.0, 4), (1.0, 4)) == pytest.approx(8)
    assert seeds._satterthwaite((1.0, 19), (0.0, 1)) == pytest.approx(19)
