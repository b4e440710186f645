"""Figures by name."""

import numpy as np
import pytest

from avkd_cli.verification import metrics
from avkd_cli.verification.figure import HELP, PLAIN, figure, values

THIRD = [0.9, 0.8, 0.55, 0.3], [0.7, 0.6, 0.5, 0.4, 0.2, 0.1]
RATES = metrics.error_rates(*THIRD)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("eer", metrics.equal_error_rate(*THIRD)),
        ("eer_vgg", metrics.equal_error_rate(*THIRD, "vgg")),
        ("eer_rocch", metrics.equal_error_rate(*THIRD, "rocch")),
        ("min_dcf_0.5", metrics.min_dcf(RATES, 0.5, 3, 2)),
        ("act_dcf_0.5", metrics.act_dcf(*THIRD, 0.5, 3, 2)),
        ("fnmr_at_fmr_0.2", metrics.fnmr_at_fmr(RATES, 0.2)),
        ("auc", metrics.area_under_roc(RATES)),
        ("min_cllr", metrics.min_cllr(*THIRD)),
        ("cllr", metrics.cllr(*THIRD)),
    ],
)
def test_a_name_means_the_metric_with_its_costs(name, expected):
    assert values(*THIRD, [figure(name, 3, 2)]) == {name: expected}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "err",
        "eer_best",
        "min_dcf",
        "min_dcf_x",
        "min_dcf_0",
        "act_dcf_1",
        "min_dcf_nan",
        "fnmr_at_fmr_2",
        "auc_0.1",
        "_0.1",
    ],
)
def test_what_names_no_figure_is_refused(name):
    with pytest.raises(ValueError, match=r"unknown figure|wants a number|p_target"):
        figure(name)


def test_units_limits_directions_and_labels():
    names = ("eer", "eer_rocch", "fnmr_at_fmr_0.001", "min_dcf_0.01", "act_dcf_0.01", "auc", "cllr")
    found = [figure(name) for name in names]
    assert [one.percent for one in found] == [True] * 3 + [False] * 4
    assert [one.key for one in found[:4]] == [
        "eer_percent",
        "eer_rocch_percent",
        "fnmr_at_fmr_0.001_percent",
        "min_dcf_0.01",
    ]
    assert [one.better for one in found] == [-1, -1, -1, -1, -1, 1, -1]
    assert [np.isinf(one.highest) for one in found] == [False] * 4 + [True, False, True]
    assert [one.label for one in found] == [
        "EER",
        "EER (rocch)",
        "FNMR at FMR 0.001",
        "minDCF 0.01",
        "actDCF 0.01",
        "AUC",
        "Cllr",
    ]


def test_the_help_names_what_there_is():
    assert all(kind in HELP for kind in PLAIN)


def test_a_class_that_is_missing_is_refused():
    with pytest.raises(ValueError, match="both classes"):
        values([], [1.0], [figure("cllr")])
