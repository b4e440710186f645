"""Names of conditions, their order, and what may be said of a system under them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.analysis.robustness import Condition, harder, parse, words


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("audio.babble-5.scores", ("audio", Condition("babble", 5))),
        ("audio.babble--10.scores.gz", ("audio", Condition("babble", -10))),
        ("v0.2.kd.dark-0.125.scores", ("v0.2.kd", Condition("dark", 0.125))),
        ("audio.clean.scores", ("audio", Condition("clean", None))),
        ("audio-kd-cos.telephone.scores", ("audio-kd-cos", Condition("telephone", None))),
        ("audio.scores", None),
        ("audio.babble-x.scores", None),
        (".babble-5.scores", None),
    ],
)
def test_names_say_system_and_condition(name, wanted):
    assert parse(name) == wanted


@given(st.text("abz-09.", min_size=1), st.sampled_from(["babble", "blur"]), st.integers(-99, 99))
def test_what_is_named_is_read_back(system, kind, level):
    condition = Condition(kind, float(level))
    assert parse(f"{system}.{condition}.scores") == (system, condition)


def test_the_hardest_comes_last_and_clean_first():
    levels = [
        ("snow", 1),
        ("blur", 4),
        ("noise", 0),
        ("blur", 1),
        ("noise", 20),
        ("clean", None),
        ("small", 8),
        ("small", 32),
    ]
    found = [str(one) for one in sorted((Condition(*one) for one in levels), key=harder)]
    assert found == "clean noise-20 noise-0 blur-1 blur-4 small-32 small-8 snow-1".split()


def row(condition, value, half, p_holm):
    limits = {"low": value - half, "high": value + half}
    return {"condition": condition, "difference": {"value": value, "p_holm": p_holm, **limits}}


def test_words_say_where_better_where_worse_where_open():
    rows = [
        row("clean", 0.1, 1, 1),
        row("babble-5", -3, 1, 0.01),
        row("room-0", 2, 1, 0.02),
        row("music-5", -1.5, 1, 0.2),
    ]
    assert words("kd", "audio", rows, 40) == (
        "kd is better than audio under babble-5 (-3.00 points); worse than audio under room-0 "
        "(+2.00 points); apart from audio alone, but not as one of several compared, under music-5 "
        "(-1.50 points); not told from it under clean (40 persons like these)."
    )


def test_words_claim_nothing_where_nothing_is_sure():
    found = words("kd", "audio", [row("clean", 0.1, 1, 1), row("blur-2", -1, 2, 0.6)], 12)
    assert found == (
        "kd cannot be told from audio under any of 2 conditions with 12 persons like these."
    )
