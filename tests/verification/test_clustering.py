import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.verification import linkage
from avkd_cli.verification.affinity import affine, spread_of, unit_rows
from avkd_cli.verification.agreement import agreement
from avkd_cli.verification.clustering import Contradiction, Known, cluster, means_of, separation
from avkd_cli.verification.neighbours import pairs_of_neighbours

seeds = st.integers(0, 2**32 - 1)


def people(count, each, *, size=32, noise=0.8, seed=0):
    """Vectors of people, each their mean plus noise; noise 0.8: cosine about 0.6 within."""
    random = np.random.default_rng(seed)
    centre = unit_rows(random.normal(size=(count, size)))
    rows = np.repeat(centre, each, axis=0)
    found = rows + noise * random.normal(size=rows.shape) / np.sqrt(size)
    return unit_rows(found), np.repeat(np.arange(count), each)


def all_pairs(vectors):
    return np.stack(np.triu_indices(len(vectors), 1), axis=1)


def same(one, other):
    """Whether two partitions are one, whatever the numbers of their clusters."""
    return (
        len({*zip(one.tolist(), other.tolist(), strict=True)}) == len(set(one)) == len(set(other))
    )


def test_the_cosines_of_all_pairs_have_the_mean_and_deviation_that_pairs_give():
    unit, _ = people(5, 4)
    pairs = (unit @ unit.T)[np.triu_indices(20, 1)]
    assert spread_of(unit) == pytest.approx((pairs.mean(), pairs.std()), abs=1e-6)


def test_two_senses_give_the_mean_of_their_z_normed_cosines_but_for_a_line():
    voice, face = people(6, 3, seed=1)[0], people(6, 3, size=16, seed=2)[0]
    upper = np.triu_indices(18, 1)
    cosines = [(one @ one.T)[upper] for one in (voice, face)]
    wanted = sum((one - one.mean()) / one.std() for one in cosines) / 2
    joined = affine([voice * 3, face * 0.1])
    found = (joined @ joined.T)[upper]
    line = np.polyfit(wanted, found, 1)
    assert np.abs(np.polyval(line, wanted) - found).max() < 1e-5
    assert np.linalg.norm(joined, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_sense_that_tells_nothing_is_refused():
    with pytest.raises(ValueError, match="equally alike"):
        affine([np.ones((4, 3)), np.eye(4)[:, :3] + 1])


def test_agreement_by_hand():
    # Clusters aab / bb / noise a: pairs in clusters 3 + 1, of persons 3 + 3, both 1 + 1.
    found = agreement(np.array([0, 0, 0, 1, 1, -1]), list("aabbba"))
    assert found.precision == pytest.approx(2 / 4)
    assert found.recall == pytest.approx(2 / 6)
    assert found.f == pytest.approx(2 * 2 / (4 + 6))
    assert found.purity == pytest.approx((2 + 2) / 5)
    # 3 of 5 in one cluster, 2 of 5 are a: entropies .6730 both, together 1.0549.
    assert found.nmi == pytest.approx((2 * 0.67301 - 1.05492) / 0.67301, abs=1e-4)


def test_clusters_that_are_the_people_agree_wholly_and_all_noise_not_at_all():
    whole = agreement(np.array([1, 1, 0, 0]), list("aabb"))
    assert (whole.f, whole.purity, whole.nmi) == (1, 1, 1)
    assert agreement(np.full(4, -1), list("aabb")).f == 0


@given(seeds)
def test_over_a_graph_of_all_pairs_the_clusters_are_those_of_scipy(seed):
    random = np.random.default_rng(seed)
    vectors = unit_rows(random.normal(size=(40, 6)))
    names = np.where(random.random(40) < 0.3, random.integers(1, 5, 40), 0)
    threshold = random.uniform(-0.2, 0.9)
    exact = linkage.exact(vectors, names, threshold)
    assert same(linkage.over_graph(vectors, names, threshold, all_pairs), exact)


@given(seeds)
def test_people_known_to_differ_are_never_put_together(seed):
    random = np.random.default_rng(seed)
    vectors = unit_rows(random.normal(size=(30, 3)))
    names = random.integers(0, 4, 30)
    for found in (
        linkage.exact(vectors, names, -2),
        linkage.over_graph(vectors, names, -2, all_pairs),
    ):
        for one in set(found):
            assert len(set(names[found == one]) - {0}) <= 1


def test_two_clusters_merge_where_their_mean_affinity_reaches_the_threshold():
    angle = np.radians([0, 20, 60])  # cosines .940 (first two), .766 and .5 to the third: mean .633
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    nobody = np.zeros(3, int)
    for threshold, clusters in ((0.632, 1), (0.634, 2), (0.95, 3)):
        assert len(set(linkage.exact(vectors, nobody, threshold))) == clusters
        assert len(set(linkage.over_graph(vectors, nobody, threshold, all_pairs))) == clusters


def test_a_film_is_one_item_and_so_are_a_name_and_all_its_films():
    known = Known(["", "", "p", "p", ""], ["f", "f", "g", "", "g"])
    assert known.item_of(by_name=False).tolist() == [0, 0, 1, 2, 1]
    assert known.item_of(by_name=True).tolist() == [0, 0, 1, 1, 1]
    means = means_of(np.eye(5, dtype=np.float32), np.array([0, 0, 1, 2, 1]))
    assert means.tolist() == [[0.5, 0.5, 0, 0, 0], [0, 0, 0.5, 0, 0.5], [0, 0, 0, 1, 0]]


def test_a_film_of_two_names_is_a_contradiction():
    with pytest.raises(Contradiction, match="film 'f' has 'p' and 'q'"):
        Known(["p", "", "q"], ["f", "f", "f"])


def test_the_threshold_lies_between_the_people_and_finds_them_all():
    vectors, who = people(12, 8)
    names = [f"p{one}" if one < 6 else "" for one in who]
    known = Known(names, [""] * len(who))
    found = separation(vectors, known)
    assert found.f == 1 and found.people == 6 and found.items == 48
    within = [vectors[who == one] @ vectors[who == one].T for one in range(6)]
    assert found.threshold < min(one[np.triu_indices(8, 1)].mean() for one in within)
    clusters = cluster(vectors, known, found.threshold)
    assert same(clusters, who)


def test_pairs_of_one_film_do_not_flatter_the_separation():
    random = np.random.default_rng(3)
    vectors = unit_rows(random.normal(size=(40, 64)))  # nothing tells anybody apart
    known = Known([f"p{i // 10}" for i in range(40)], [f"f{i // 5}" for i in range(40)])
    assert separation(vectors, known).f < 0.5


def test_nobody_to_choose_on_is_an_error():
    vectors, _ = people(2, 2)
    for names, films in (
        (["p", "p", "", ""], [""] * 4),
        (["p", "p", "q", "q"], ["f", "f", "g", "g"]),
    ):
        with pytest.raises(ValueError, match="labelled people"):
            separation(vectors, Known(names, films))


def test_clusters_are_numbered_by_size_and_the_lonely_are_noise_unless_named():
    vectors = np.eye(4, dtype=np.float32)[[0, 1, 1, 1, 2, 2, 3]]
    found = cluster(vectors, Known(["", "", "", "", "", "", "p"], [""] * 7), 0.5)
    assert found.tolist() == [-1, 0, 0, 0, 1, 1, 2]


def test_a_film_keeps_its_utterances_together_however_they_differ():
    vectors = np.eye(3, dtype=np.float32)
    assert cluster(vectors, Known([""] * 3, ["f", "f", ""]), 0.9).tolist() == [0, 0, -1]


def test_neighbours_are_each_others_and_the_graph_agrees_with_all_pairs():
    pytest.importorskip("faiss", reason="the extra 'cluster' is not installed")
    vectors, who = people(150, 8, size=64, seed=4)
    pairs = pairs_of_neighbours(vectors)
    assert (pairs[:, 0] < pairs[:, 1]).all() and len(np.unique(pairs, axis=0)) == len(pairs)
    known = Known([f"p{one}" if one < 40 else "" for one in who], [""] * len(who))
    threshold = separation(vectors, known).threshold
    exact = cluster(vectors, known, threshold)
    graph = cluster(vectors, known, threshold, exact_up_to=100)
    names = [str(one) for one in who]
    assert abs(agreement(exact, names).f - agreement(graph, names).f) <= 0.02
    assert agreement(graph, names).f > 0.95
