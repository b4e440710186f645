"""`avkd analyze metrics`: as a person runs it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import metrics_parts
from avkd_cli.cli import cli
from avkd_cli.config import EER_MODES, SCORE_FORMATS
from avkd_cli.errors import InputError
from avkd_cli.verification import metrics
from avkd_cli.verification.scoreformats import FORMATS


def run(*args):
    """Run `avkd analyze metrics …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", "metrics", *map(str, args), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def hand(tmp_path):
    """Scores whose EER is .25, and minDCF .25."""
    rows = [("t", s, "target") for s in (0.9, 0.8, 0.7, 0.3)]
    rows += [("n", s, "nontarget") for s in (0.6, 0.4, 0.2, 0.1)]
    path = tmp_path / "hand.scores"
    path.write_text("".join(f"p {side}{score} {score} {kind}\n" for side, score, kind in rows))
    return path


def write_people(path, label=True, shift=2.0):
    rng = np.random.default_rng(0)
    ids = [(p, f"id{p}/v/{t}") for p in range(30) for t in range(4)]
    lines = []
    for i, (p, enrol) in enumerate(ids):
        for q, test in ids[:i:3]:
            same = p == q
            kind = (" target" if same else " nontarget") if label else ""
            lines.append(f"{enrol} {test} {3 * (rng.normal() + shift * same):.9g}{kind}\n")
    path.write_text("".join(lines))
    return path


@pytest.fixture
def scores(tmp_path):
    return write_people(tmp_path / "base.scores")


def test_every_metric_by_hand(hand):
    (one,) = run(hand)["files"]
    assert one["eer_percent"] == pytest.approx(25)
    # 0.3 lies below 0.6 and 0.4; the other 14 pairs are in order.
    assert one["auc"] == pytest.approx(14 / 16)
    assert one["fnmr_percent_at_fmr"] == pytest.approx({"0.01": 25, "0.001": 25, "0.0001": 25})
    # As log-likelihood ratios none reaches log 99 or log 19: every target is missed.
    assert one["act_dcf"] == pytest.approx({"0.01": 1, "0.05": 1})
    bits = np.log1p(np.exp(-np.array([0.9, 0.8, 0.7, 0.3]))).mean()
    bits += np.log1p(np.exp([0.6, 0.4, 0.2, 0.1])).mean()
    assert one["cllr"] == pytest.approx(bits / 2 / np.log(2))
    assert 0 < one["min_cllr"] < one["cllr"]


def test_scores_that_look_like_cosines_are_said_to_be_no_ratios(hand, scores):
    assert "cosines" in run(hand)["files"][0]["notes"][0]
    assert run(scores)["files"][0]["notes"] == []


@pytest.mark.parametrize("mode", EER_MODES)
def test_the_eer_is_that_of_the_named_mode_and_the_signature_says_so(hand, mode):
    (one,) = run(hand, "--eer-mode", mode)["files"]
    target, nontarget = [0.9, 0.8, 0.7, 0.3], [0.6, 0.4, 0.2, 0.1]
    expected = metrics.equal_error_rate(target, nontarget, mode)
    assert one["eer_percent"] == pytest.approx(100 * expected)
    assert f"|eer:{mode}|" in one["signature"]


def test_all_modes_can_be_asked_for():
    assert set(EER_MODES) == set(metrics.EER_MODES)


def test_a_mode_for_cosines_refuses_other_scores(scores):
    with pytest.raises(InputError, match=r"needs cosines.*--eer-mode"):
        run(scores, "--eer-mode", "fop")


@pytest.mark.parametrize(
    "given", [["--p-target", "0.5,0.001"], ["--p-target=0.5", "--p-target=0.001"]]
)
def test_priors_and_costs_are_the_users(scores, given):
    (one,) = run(scores, *given, "--c-miss", 10)["files"]
    assert list(one["min_dcf"]) == list(one["act_dcf"]) == ["0.5", "0.001"]
    rows = [line.split() for line in scores.read_text().splitlines()]
    target = [float(row[2]) for row in rows if row[3] == "target"]
    nontarget = [float(row[2]) for row in rows if row[3] == "nontarget"]
    assert one["min_dcf"]["0.001"] == pytest.approx(
        metrics.min_dcf(metrics.error_rates(target, nontarget), 0.001, c_miss=10)
    )
    assert one["act_dcf"]["0.5"] == pytest.approx(
        metrics.act_dcf(target, nontarget, 0.5, c_miss=10)
    )
    assert "|p_target:0.5,0.001|costs:10,1|" in one["signature"]


@pytest.mark.parametrize("wrong", ["0", "1", "x", "0.1,2"])
def test_a_prior_that_is_none_is_a_usage_error(hand, wrong):
    result = CliRunner().invoke(cli, ["analyze", "metrics", str(hand), "--p-target", wrong])
    assert result.exit_code == 2


def test_intervals_hold_the_figures_whatever_the_costs(scores):
    (one,) = run(scores, "--resamples", 200, "--c-fa", 5)["files"]
    sure = one["intervals"]
    assert sure["persons"] == 30
    low, high = sure["eer_percent"]
    assert low < one["eer_percent"] < high
    for name, (low, high) in sure["min_dcf"].items():
        assert 0 <= low <= one["min_dcf"][name] <= high <= 1
    low, high = sure["fnmr_percent_at_fmr"]["0.01"]
    assert low < one["fnmr_percent_at_fmr"]["0.01"] < high
    # 2,360 nontargets say nothing of one false alarm in a thousand.
    assert sure["fnmr_percent_at_fmr"]["0.001"] is None


def test_the_draws_are_those_of_the_seed(scores):
    first, again, other = (
        run(scores, "--resamples", 100, "--seed", seed)["files"][0]["intervals"]
        for seed in (1, 1, 2)
    )
    assert first == again != other


def test_persons_come_from_a_list_where_ids_do_not_say(scores, tmp_path):
    plain = tmp_path / "plain.scores"
    plain.write_text(scores.read_text().replace("/", "_"))
    with pytest.raises(InputError, match="--people"):
        run(plain, "--resamples", 100)
    people = tmp_path / "people.jsonl"
    people.write_text(
        "".join(
            json.dumps({"id": f"id{p}_v_{t}", "person": f"id{p}", "audio": f"{p}-{t}.wav"}) + "\n"
            for p in range(30)
            for t in range(4)
        )
    )
    found = run(plain, "--resamples", 100, "--people", people)["files"][0]["intervals"]
    assert found == run(scores, "--resamples", 100)["files"][0]["intervals"]


@pytest.mark.parametrize("mode", [mode for mode in EER_MODES if mode != "fop"])
def test_intervals_hold_the_eer_of_each_mode(scores, mode):
    (one,) = run(scores, "--resamples", 100, "--eer-mode", mode)["files"]
    low, high = one["intervals"]["eer_percent"]
    assert low < one["eer_percent"] < high


def test_every_figure_has_an_interval_that_holds_it(scores):
    (one,) = run(scores, "--resamples", 200, "--p-target", "0.1", "--c-miss", 2)["files"]
    sure = one["intervals"]
    for value, (low, high) in [
        *((one[name], sure[name]) for name in ("auc", "min_cllr", "cllr")),
        (one["act_dcf"]["0.1"], sure["act_dcf"]["0.1"]),
        (one["min_dcf"]["0.1"], sure["min_dcf"]["0.1"]),
    ]:
        assert low < value < high


def test_intervals_too_refuse_what_is_no_cosine_in_the_mode_that_needs_them(scores):
    with pytest.raises(InputError, match="needs cosines"):
        run(scores, "--resamples", 100, "--eer-mode", "fop")


def test_too_few_draws_are_refused(hand):
    result = CliRunner().invoke(cli, ["analyze", "metrics", str(hand), "--resamples", "5"])
    assert result.exit_code == 2


def test_a_person_reads_every_figure(scores, hand):
    text = document(metrics_parts(run(scores, hand, "--p-target", "0.1")))
    for word in ("minDCF 0.1", "at FMR 0.001", "AUC", "minCllr", "actDCF 0.1", "Note: all scores"):
        assert word in text
    assert " to " in document(metrics_parts(run(scores, "--resamples", 100))).splitlines()[1]


def test_a_format_that_is_not_ours_is_said_and_one_that_is_never_guessed_is_named(tmp_path):
    (tmp_path / "bob.scores").write_text("1 0.9\n1 0.2\n-1 0.5\n-1 0.1\n")
    result = CliRunner().invoke(cli, ["analyze", "metrics", str(tmp_path / "bob.scores")])
    assert "bob.scores: format bob2 (guessed)" in result.stderr
    (tmp_path / "list.txt").write_text("t1 v1 f1\nt2 v2 f2\nt3 v1 f2\nt4 v2 f1\n")
    fame = tmp_path / "fame.scores"
    fame.write_text("t1 0.1\nt2 0.8\nt3 0.5\nt4 0.9\n")
    with pytest.raises(InputError, match="--in-format"):
        run(fame)
    assert set(SCORE_FORMATS) == set(FORMATS)
    with pytest.raises(InputError, match="--trials"):  # read as distances, which have no labels
        run(fame, "--in-format", "fame")


def test_scores_that_are_upside_down_are_said(hand, tmp_path):
    turned = tmp_path / "turned.scores"  # S09
    rows = [line.split() for line in hand.read_text().splitlines()]
    turned.write_text("".join(f"{a} {b} {1 - float(s)} {kind}\n" for a, b, s, kind in rows))
    for path, expected in ((turned, True), (hand, False)):
        result = CliRunner().invoke(cli, ["analyze", "metrics", str(path), "--json"])
        assert ("are these distances? (inverted)" in result.stderr) is expected
        assert (json.loads(result.stdout)["files"][0]["eer_percent"] > 50) is expected


def test_the_threshold_of_each_figure_is_the_score_from_which_on_it_accepts(hand):
    # At .7 no nontarget is accepted and one target of four is missed: both costs are least there.
    (found,) = run(hand, "--p-target", 0.5)["files"]
    said = found["thresholds"]
    assert said["min_dcf"] == {"0.5": 0.7}
    assert said["act_dcf"] == {"0.5": 0.0}
    assert said["fnmr_at_fmr"] == {"0.01": 0.7, "0.001": 0.7, "0.0001": 0.7}
    assert 0.4 < found["eer_threshold"] <= 0.7
    table = document(metrics_parts({"files": [found], "resamples": 0}))
    assert "accepted from" in table
    assert "nats" in table


def test_a_list_that_none_may_pass_has_no_threshold(tmp_path):
    lines = "a b 0.5 target\na c 0.9 nontarget\nd e 0.2 target\n"
    (tmp_path / "x.scores").write_text(lines)
    (found,) = run(tmp_path / "x.scores", "--p-target", 0.01)["files"]
    assert found["thresholds"]["min_dcf"] == {"0.01": None}
    assert "–" in document(metrics_parts({"files": [found], "resamples": 0}))
