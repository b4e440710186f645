import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.losses.distillation import embedding_cosine_loss, label_level_kd_loss
from avkd_cli.losses.mmd import mmd_loss
from avkd_cli.losses.relations import relational_distance_loss, similarity_preserving_loss

seeds = st.integers(0, 9999)
FORMS = ("sqrt", "squared", "unbiased")
quick = settings(max_examples=30, deadline=None)


def double(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def two_sets(seed=0, batch=6, size=4):
    torch.manual_seed(seed)
    student, teacher = torch.randn(2, batch, size, dtype=torch.float64)
    return student, teacher + 0.3


TEACHER = F.normalize(double([1, 0.9, 0.8]))
STUDENT = F.normalize(double([0.8, 0.9, 1]))


class TestLabelLevel:
    @pytest.mark.parametrize(("form", "expected"), [("kl", 3.50743989), ("ce", 3.93459135)])
    @pytest.mark.parametrize(("reduction", "factor"), [("mean", 1), ("sum", 2)])
    def test_two_equal_rows_by_hand(self, form, expected, reduction, factor):
        # Classifier of unit vectors: the logits are the embeddings. Teacher's posterior
        # (0.872436, 0.112943, 0.014621), entropy 0.42715146.
        loss = label_level_kd_loss(
            STUDENT.repeat(2, 1), TEACHER.repeat(2, 1), form=form, reduction=reduction
        )
        assert loss.item() == pytest.approx(factor * expected, abs=1e-6)

    def test_two_persons_by_hand(self):
        # Temperature 1: teacher (1/2, 1/2), student (3/4, 1/4); KL = 1/2 ln(4/3).
        loss = label_level_kd_loss(double([math.log(3), 0]), double([0, 0]), temperature=1.0)
        assert loss.item() == pytest.approx(0.5 * math.log(4 / 3))

    @quick
    @given(seeds)
    def test_is_zero_for_the_teacher_itself_and_positive_else(self, seed):
        student, teacher = two_sets(seed)
        assert label_level_kd_loss(teacher, teacher).item() == pytest.approx(0, abs=1e-12)
        assert label_level_kd_loss(student, teacher) > 0

    @quick
    @given(seeds, st.floats(-5, 5), st.floats(-5, 5))
    def test_shifting_all_logits_of_either_changes_nothing(self, seed, left, right):
        student, teacher = two_sets(seed)
        loss = label_level_kd_loss(student, teacher)
        assert label_level_kd_loss(student + left, teacher + right).item() == pytest.approx(
            loss.item()
        )

    def test_both_forms_have_one_gradient(self):
        student, teacher = two_sets()
        gradients = []
        for form in ("kl", "ce"):
            leaf = student.clone().requires_grad_()
            label_level_kd_loss(leaf, teacher, form=form).backward()
            gradients.append(leaf.grad)
        torch.testing.assert_close(*gradients)

    def test_gradient_by_differences(self):
        student, teacher = two_sets()
        student.requires_grad_()
        assert torch.autograd.gradcheck(lambda s: label_level_kd_loss(s, teacher, 0.5), student)

    def test_other_persons_are_refused(self):
        with pytest.raises(ValueError, match="were they trained on the same persons"):
            label_level_kd_loss(torch.zeros(2, 3), torch.zeros(2, 4))


class TestCosine:
    @pytest.mark.parametrize(
        ("student", "expected"), [([2.0, 0.0], 0.0), ([-1.0, 0.0], 2.0), ([0.0, 3.0], 1.0)]
    )
    def test_three_directions_by_hand(self, student, expected):
        assert embedding_cosine_loss(double(student), double([5, 0])).item() == pytest.approx(
            expected
        )

    def test_the_printed_form_goes_down_to_one_minus_the_batch(self):
        teacher = double([1, 2]).repeat(7, 1)
        assert embedding_cosine_loss(teacher, teacher, reduction="sum1").item() == pytest.approx(-6)

    @quick
    @given(seeds, st.floats(0.01, 100), st.floats(0.01, 100))
    def test_lengths_do_not_matter(self, seed, left, right):
        student, teacher = two_sets(seed)
        loss = embedding_cosine_loss(student, teacher)
        assert embedding_cosine_loss(left * student, right * teacher).item() == pytest.approx(
            loss.item()
        )

    def test_other_sizes_are_refused(self):
        with pytest.raises(ValueError, match="give the student the teacher's size"):
            embedding_cosine_loss(torch.zeros(2, 3), torch.zeros(2, 4))


def mmd_by_loops(student, teacher, form, kernel, bandwidth=None):
    """Eq. 5 and 6, one pair at a time."""
    union = [*student.tolist(), *teacher.tolist()]
    n = len(union)
    pairs = [math.dist(a, b) ** 2 for a in union for b in union]
    middle = sum(pairs) / (n * n - n) if bandwidth is None else bandwidth

    def mean_kernel(left, right, skip_self):
        values = [
            sum(math.exp(-(math.dist(a, b) ** 2) / (middle / 4 * 2**i)) for i in range(5))
            for j, a in enumerate(left.tolist())
            for k, b in enumerate(right.tolist())
            if not (skip_self and j == k)
        ]
        return sum(values) / len(values) / (5 if kernel == "mean" else 1)

    unbiased = form == "unbiased"
    squared = (
        mean_kernel(student, student, unbiased)
        - 2 * mean_kernel(student, teacher, False)
        + mean_kernel(teacher, teacher, unbiased)
    )
    return math.sqrt(max(squared, 0) + 1e-8) if form == "sqrt" else squared


class TestMmd:
    @given(st.floats(-3, 3), st.floats(0.1, 9))
    def test_two_points_do_not_tell_their_distance(self, x, gap):
        # The bandwidths follow the distance: k = 1.9068618061 whatever it is.
        left, right = double([x, 1]), double([x + gap, 1])
        squared = mmd_loss(left, right, form="squared", normalise=False)
        assert squared.item() == pytest.approx(6.1862763878, abs=1e-6)
        assert squared.item() == pytest.approx(10 - 2 * 1.9068618061, abs=1e-6)
        assert mmd_loss(left, right, normalise=False).item() == pytest.approx(
            2.4872226253, abs=1e-6
        )

    @pytest.mark.parametrize(
        ("form", "expected"),
        [("squared", 3.5649481878), ("sqrt", 1.8881070382), ("unbiased", 0.8265503660)],
    )
    def test_a_cross_by_hand(self, form, expected):
        cross = double([1, 0], [0, 1])
        assert mmd_loss(cross, -cross, form=form).item() == pytest.approx(expected, abs=1e-6)
        assert mmd_loss(cross, -cross, form="squared", kernel="mean").item() == pytest.approx(
            3.5649481878 / 5, abs=1e-6
        )

    @quick
    @given(seeds, st.sampled_from(FORMS), st.sampled_from(["sum", "mean"]), st.booleans())
    def test_equals_the_plain_loop(self, seed, form, kernel, fixed):
        student, teacher = two_sets(seed)
        bandwidth = 1.7 if fixed else None
        loss = mmd_loss(
            student, teacher, form=form, kernel=kernel, bandwidth=bandwidth, normalise=False
        )
        wanted = mmd_by_loops(student, teacher, form, kernel, bandwidth)
        assert loss.item() == pytest.approx(wanted, abs=1e-9)

    @pytest.mark.parametrize("n_kernels", [1, 2, 4])
    def test_fewer_kernels_start_narrower_than_the_middle(self, n_kernels):
        # Two points a distance of 1 apart, b = 1: kernels exp(-2^(n // 2) / 2^i).
        loss = mmd_loss(
            double([0]), double([1]), form="squared", n_kernels=n_kernels, normalise=False
        )
        kernels = [math.exp(-(2 ** (n_kernels // 2)) / 2**i) for i in range(n_kernels)]
        assert loss.item() == pytest.approx(2 * n_kernels - 2 * sum(kernels))

    def test_one_set_twice_has_no_discrepancy_and_a_finite_gradient(self):
        teacher = two_sets()[0]
        assert mmd_loss(teacher, teacher, form="squared").item() == pytest.approx(0, abs=1e-12)
        student = teacher.clone().requires_grad_()
        loss = mmd_loss(student, teacher)
        loss.backward()
        assert loss.item() == pytest.approx(1e-4, rel=1e-3)
        assert torch.isfinite(student.grad).all()

    def test_embeddings_all_at_one_place_are_finite(self):
        student = torch.ones(3, 4, requires_grad=True)
        loss = mmd_loss(student, torch.ones(3, 4))
        loss.backward()
        assert loss.item() == pytest.approx(1e-4, rel=1e-3)
        assert torch.isfinite(student.grad).all()

    @quick
    @given(seeds, st.sampled_from(FORMS), st.floats(0.1, 10))
    def test_what_it_does_not_see(self, seed, form, factor):
        student, teacher = two_sets(seed)
        loss = mmd_loss(student, teacher, form=form, normalise=False).item()
        rotation = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
        same = {
            "sides": (teacher, student),
            "order": (student[torch.randperm(6)], teacher[torch.randperm(6)]),
            "rotation": (student @ rotation, teacher @ rotation),
            "shift": (student + factor, teacher + factor),
            "scale": (factor * student, factor * teacher),
        }
        for what, sets in same.items():
            other = mmd_loss(*sets, form=form, normalise=False).item()
            assert other == pytest.approx(loss, abs=1e-9), what

    def test_lengths_do_not_matter_unless_asked_for(self):
        student, teacher = two_sets()
        assert mmd_loss(3 * student, teacher).item() == pytest.approx(
            mmd_loss(student, teacher).item()
        )
        assert mmd_loss(3 * student, teacher, normalise=False) != pytest.approx(
            mmd_loss(student, teacher, normalise=False).item()
        )

    @pytest.mark.parametrize("form", FORMS)
    def test_gradient_by_differences_at_a_fixed_bandwidth(self, form):
        student, teacher = two_sets()
        student.requires_grad_()
        assert torch.autograd.gradcheck(
            lambda s: mmd_loss(s, teacher, form=form, bandwidth=1.5), student
        )

    def test_no_gradient_through_the_bandwidth(self):
        # The same number as a fixed bandwidth gives the same gradient.
        student, teacher = two_sets()
        union = torch.cat([student, teacher])
        middle = torch.pdist(union).square().mean().item()
        gradients = []
        for bandwidth in (None, middle):
            leaf = student.clone().requires_grad_()
            mmd_loss(leaf, teacher, bandwidth=bandwidth, normalise=False).backward()
            gradients.append(leaf.grad)
        torch.testing.assert_close(*gradients)

    @pytest.mark.parametrize(("batch", "floor"), [(64, 0.098), (128, 0.048), (256, 0.025)])
    def test_two_samples_of_one_distribution(self, batch, floor):
        # The biased form keeps a floor; the unbiased one is about 0.
        torch.manual_seed(0)
        student, teacher = torch.randn(2, batch, 512)
        squared = mmd_loss(student, teacher, form="squared").item()
        assert squared == pytest.approx(floor, abs=0.003)
        assert abs(mmd_loss(student, teacher, form="unbiased").item()) < 0.005

    def test_sets_of_different_length_are_compared(self):
        student, teacher = two_sets()
        loss = mmd_loss(student[:2], teacher, normalise=False, form="squared")
        assert loss.item() == pytest.approx(
            mmd_by_loops(student[:2], teacher, "squared", "sum"), abs=1e-9
        )

    def test_sets_too_small_or_of_another_size_are_refused(self):
        with pytest.raises(ValueError, match="sets of 1 and 1; at least 2 wanted"):
            mmd_loss(torch.ones(1, 3), torch.ones(1, 3), form="unbiased")
        with pytest.raises(ValueError, match="must have one size"):
            mmd_loss(torch.ones(2, 3), torch.ones(2, 4))


class TestSimilarityPreserving:
    def test_two_embeddings_by_hand(self):
        # Student rows at right angles: similarity I. Teacher rows equal: rows (1, 1)/sqrt(2).
        # Squared differences: (1 - 1/sqrt 2)^2 twice and 1/2 twice; mean of four.
        loss = similarity_preserving_loss(double([1, 0], [0, 1]), double([2, 0], [2, 0]))
        expected = (2 * (1 - math.sqrt(0.5)) ** 2 + 2 * 0.5) / 4
        assert loss.item() == pytest.approx(expected)

    @quick
    @given(seeds, st.floats(0.1, 10))
    def test_sees_angles_within_the_batch_only(self, seed, factor):
        teacher = two_sets(seed)[1]
        rotation = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
        assert similarity_preserving_loss(
            factor * teacher @ rotation, teacher
        ).item() == pytest.approx(0, abs=1e-12)


class TestRelationalDistance:
    def test_three_points_by_hand(self):
        # Distances 1, 1, 2 over their mean 4/3, against 1, 1, 1: differences 1/4, 1/4, 1/2;
        # Huber below 1 is half the square.
        student = double([0.0, 0], [1, 0], [2, 0])
        teacher = double([0.0, 0], [1, 0], [0.5, math.sqrt(0.75)])
        expected = 0.5 * (1 / 16 + 1 / 16 + 1 / 4) / 3
        assert relational_distance_loss(student, teacher).item() == pytest.approx(expected)

    @quick
    @given(seeds, st.floats(0.1, 10))
    def test_sees_relative_distances_only(self, seed, factor):
        teacher = two_sets(seed)[1]
        rotation = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64)).Q
        moved = factor * teacher @ rotation + factor
        assert relational_distance_loss(moved, teacher).item() == pytest.approx(0, abs=1e-12)

    def test_one_embedding_has_no_relations(self):
        student = torch.ones(1, 3, requires_grad=True)
        loss = relational_distance_loss(student, torch.zeros(1, 3))
        loss.backward()
        assert loss.item() == 0
        assert not student.grad.any()

    def test_coinciding_embeddings_have_a_finite_gradient(self):
        student = torch.ones(4, 3, requires_grad=True)
        relational_distance_loss(student, torch.randn(4, 3)).backward()
        assert torch.isfinite(student.grad).all()


@pytest.mark.parametrize(
    ("loss", "option"),
    [
        (label_level_kd_loss, "form"),
        (label_level_kd_loss, "reduction"),
        (embedding_cosine_loss, "reduction"),
        (mmd_loss, "form"),
        (mmd_loss, "kernel"),
    ],
)
def test_unknown_options_are_refused_by_name(loss, option):
    with pytest.raises(ValueError, match=f"no {option} 'best'; there are"):
        loss(*two_sets(), **{option: "best"})
