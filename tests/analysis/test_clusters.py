"""How sure clusters are: by hand, and with near neighbours in place of all."""

import numpy as np
import pytest

from avkd_cli.analysis.clusters import Clusters, by_size
from avkd_cli.verification.affinity import unit_rows


def test_a_cluster_by_hand():
    # Affinities inside a: 1, 0.6 and 0.6; of a's mean (2.6, 0.8)/3 to b's (0, 1): 0.8/3.
    vectors = np.array([[1, 0], [1, 0], [0.6, 0.8], [0, 1], [0, 1], [-1, 0]], np.float32)
    found = Clusters(vectors, "uvwxyz", list("aaabbc"))
    a, b, c = found.each()
    assert [one.name for one in (a, b, c)] == ["a", "b", "c"]
    assert a.within == pytest.approx((1 + 0.6 + 0.6) / 3) and a.nearest == "b"
    assert a.between == pytest.approx(0.8 / 3)
    assert a.confidence == pytest.approx(2.2 / 3 - 0.8 / 3)
    assert b.within == pytest.approx(1) and b.nearest == "a"
    assert c.within is None and c.confidence is None and c.nearest == "b"
    assert found.doubtful(1) == [("a", "b", pytest.approx(0.8 / 3))]
    worst = found.misfits(1)[0]
    assert (worst.id, worst.cluster, worst.mate) == ("w", "a", "u")
    assert worst.own == pytest.approx(0.6) and worst.affinity == pytest.approx(0.6)
    sizes = by_size([a, b, c])
    assert [(one["from"], one["clusters"], one["utterances"]) for one in sizes] == [
        (1, 1, 1),
        (2, 1, 2),
        (3, 1, 3),
    ]
    assert sizes[0]["confidence"] == [None] * 3
    assert sizes[1]["confidence"][1] == pytest.approx(b.confidence)


def test_near_neighbours_say_the_same_as_all_pairs():
    random = np.random.default_rng(0)
    centre = np.repeat(random.normal(size=(30, 8)), 4, axis=0)
    vectors = unit_rows(centre + 0.3 * random.normal(size=centre.shape))
    ids = [str(number) for number in range(120)]
    names = [f"c{number // 4:02d}" for number in range(120)]
    every = np.stack(np.triu_indices(30, 1), axis=1)
    one, other = (Clusters(vectors, ids, names, pairs) for pairs in (None, lambda _: every))
    assert one.each() == other.each() and one.doubtful(5) == other.doubtful(5)


def test_one_cluster_has_no_other_beside_it():
    with pytest.raises(ValueError, match="1 clusters have no other"):
        Clusters(np.eye(2, dtype=np.float32), ["u", "v"], ["a", "a"])
