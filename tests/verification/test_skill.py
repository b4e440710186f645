import numpy as np
import pytest

from avkd_cli.verification.skill import SkillBand, bands, doubt


def trials(seconds, good, n=40):
    """Half targets; ratios are right (2 nats) where good, else wrong (-2)."""
    label = np.arange(n) % 2
    ratios = np.where(label == 1, 2.0, -2.0) * (1 if good else -1)
    return np.full(n, seconds), ratios, label


def joined(*parts):
    return [np.concatenate(one) for one in zip(*parts, strict=True)]


def test_the_cllr_of_a_band_is_that_of_its_trials_by_hand():
    # Every ratio is 2 nats on the right side: log2(1 + e^-2) bits.
    found = bands("speech_s", *trials(3.0, True))
    assert found == [
        SkillBand("speech_s", 3.0, 3.0, 20, 20, pytest.approx(np.log2(1 + np.exp(-2))))
    ]
    assert found[0].has_skill


def test_a_band_of_wrong_ratios_has_no_skill_and_says_so():
    found = bands("speech_s", *joined(trials(0.7, False), trials(3.0, True)))
    assert [one.has_skill for one in found] == [False, True]
    assert "no skill (Cllr 3.07)" in doubt(found, "speech_s", 0.8)
    assert doubt(found, "speech_s", 3.0) == ""
    assert doubt(found, "speech_s", 99.0) == ""  # the last band is open above


def test_less_than_any_development_trial_had_is_a_doubt():
    found = bands("speech_s", *trials(3.0, True))
    assert doubt(found, "speech_s", 1.5) == (
        "1.5 s of speech, less than any development trial had (3.0)"
    )
    assert doubt(found, "snr_db", 1.5) == ""  # of which nothing is known
    assert doubt(found, "speech_s", float("nan")) == ""


def test_a_thin_band_joins_the_next_and_the_last_the_one_before():
    thin = trials(0.7, True, n=10)
    found = bands("speech_s", *joined(thin, trials(3.0, True), trials(20.0, True, n=10)))
    assert [(one.low, one.high, one.n_target) for one in found] == [(0.7, 20.0, 30)]
    assert bands("speech_s", *thin) == []


def test_every_trial_is_in_one_band():
    rng = np.random.default_rng(0)
    seconds, label = rng.gamma(2, 3, 5000), rng.integers(0, 2, 5000)
    found = bands("speech_s", seconds, rng.normal(size=5000), label)
    assert len(found) > 3
    assert sum(one.n_target for one in found) == label.sum()
    assert sum(one.n_nontarget for one in found) == 5000 - label.sum()
    assert found == sorted(found, key=lambda one: one.low)
