"""What a table's rows hold: paired by seed, corrected for all rows together, pooled beside."""

import numpy as np
import pytest

from avkd_cli.analysis.comparison import holm
from avkd_cli.verification.statistics import resample_persons
from study.gather import rows
from study.seeds import Measured

PERSONS = 12
PAIRS = [(i, j) for i in range(PERSONS) for j in range(i, PERSONS) for _ in range(2)]
ENROL, TEST = (np.array(side) for side in zip(*PAIRS, strict=True))
LABEL = (ENROL == TEST).astype(np.int8)
APART = {"alone": 1.0, "voice-clusters": 1.6, "gated": 1.1, "posteriors": 0.7}


def measured(seeds: dict[str, list[int]], stretch: float = 1.0) -> Measured:
    """Return systems that differ in how far apart they hold targets and nontargets."""
    column = {(name, seed): 0 for name, found in seeds.items() for seed in found}
    column = dict(zip(column, range(len(column)), strict=True))
    systems = []
    for place, (name, _) in enumerate(column):
        noise = np.random.default_rng(place).standard_normal(len(LABEL))
        systems.append(noise + stretch * APART[name] * LABEL)
    found = resample_persons(systems, LABEL, ENROL, TEST, n_resamples=200)
    return Measured(found, column)


def test_a_table_is_corrected_for_its_rows_together():
    main = measured({name: [0, 1] for name in APART})
    pairs = [(name, "alone") for name in APART if name != "alone"]
    found = rows(pairs, main, measured({name: [0, 1] for name in APART}, 2.0))
    assert [one["p_holm"] for one in found] == pytest.approx(holm([one["p"] for one in found]))
    assert any(one["p_holm"] > one["p"] for one in found)
    # By itself a row is corrected for nothing.
    (one,) = rows(pairs[:1], main, main)
    assert one["p_holm"] == one["p"] and one["least"] == (one["high"] - one["low"]) / 2


def test_a_row_is_of_the_seeds_that_both_have_and_pooled_figures_stand_beside():
    main = measured({"alone": [0, 1, 2], "gated": [1, 2, 3]})
    (one,) = rows([("gated", "alone")], main, measured({"alone": [0, 1, 2], "gated": [1, 2, 3]}, 2))
    assert one["by_seed"].keys() == {"1", "2"}
    assert one["pooled"]["value"] != one["value"]


def test_what_was_not_run_has_no_row():
    main = measured({"alone": [0], "gated": [1]})
    assert rows([("gated", "alone"), ("posteriors", "alone")], main, main) == []
