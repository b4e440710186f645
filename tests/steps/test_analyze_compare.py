"""`avkd analyze compare`: who the persons are, what is claimed, and the gate."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import compare_parts
from avkd_cli.cli import cli
from avkd_cli.errors import GateError, InputError, UsageError
from avkd_cli.shown import Picture
from avkd_cli.steps.analyze.compare import compare, gate, outside
from avkd_cli.steps.analyze.people import trial_persons
from avkd_cli.verification.figure import figure, values
from avkd_cli.verification.metrics import equal_error_rate
from avkd_cli.verification.scorefiles import read_scores

PERSONS, TAKES = 12, 3


def write(path, shift, seed=0, name="id{p}/v/{t}"):
    """Write scores of all pairs; target scores are `shift` higher, plus noise by seed."""
    rng = np.random.default_rng(seed)
    ids = [(p, name.format(p=p, t=t)) for p in range(PERSONS) for t in range(TAKES)]
    lines = []
    for i, (p, enrol) in enumerate(ids):
        for q, test in ids[:i]:
            score = rng.normal() + shift * (p == q)
            kind = "target" if p == q else "nontarget"
            lines.append(f"{enrol} {test} {score:.9g} {kind}\n")
    path.write_text("".join(lines))
    return str(path)


@pytest.fixture
def base(tmp_path):
    return write(tmp_path / "base.scores", 1.0)


@pytest.fixture
def better(tmp_path):
    return write(tmp_path / "better.scores", 4.0)


def test_every_metric_and_difference_has_an_interval(base, better):
    found = compare([base, better], resamples=100)
    assert found["persons"] == PERSONS
    for one in [*found["systems"], *found["differences"]]:
        for metric in ("eer_percent", "min_dcf_0.01", "min_dcf_0.05"):
            assert one[metric]["low"] <= one[metric]["high"]
    scores = read_scores(base)
    assert found["systems"][0]["eer_percent"]["value"] == pytest.approx(
        100 * equal_error_rate(scores.target, scores.nontarget)
    )


def test_a_clearly_better_system_is_said_to_be_better(base, better):
    (one,) = compare([base, better], resamples=100)["differences"]
    assert one["verdict"]["eer"] == "better"
    assert one["claim"].startswith("better is better than base")
    assert one["mcnemar"]["corrected"] > one["mcnemar"]["broken"]
    assert one["mcnemar"]["p"] < 0.001


def test_a_system_against_itself_differs_by_nothing(base):
    (one,) = compare([base, base], resamples=100)["differences"]
    assert one["eer_percent"] == {"value": 0, "low": 0, "high": 0, "p": 1}
    assert one["claim"].startswith("No difference may be claimed")


def test_the_draws_are_those_of_the_seed(base, better):
    first, same, other = (compare([base, better], resamples=100, seed=s) for s in (1, 1, 2))
    assert first == same
    assert first["differences"] != other["differences"]


def test_several_systems_are_corrected_for_being_several(base, better):
    found = compare([base, better, base], resamples=100)["differences"]
    assert all(one["eer_percent"]["p_holm"] >= one["eer_percent"]["p"] for one in found)
    (alone,) = compare([base, better], resamples=100)["differences"]
    assert "p_holm" not in alone["eer_percent"]


def test_resampled_trials_come_with_a_warning(base, better):
    found = compare([base, better], by="trial", resamples=100)
    assert found["persons"] is None
    assert "too narrow" in found["notes"][0]


def test_few_persons_are_said(base, better):
    assert any("fewer than 30" in note for note in compare([base, better], resamples=100)["notes"])


def test_persons_come_from_a_list_where_ids_do_not_say(tmp_path):
    path = write(tmp_path / "flat.scores", 2.0, name="take{p}x{t}")
    with pytest.raises(InputError, match="--people"):
        compare([path, path], resamples=100)
    people = tmp_path / "people.jsonl"
    rows = [{"id": f"take{p}x{t}", "person": f"p{p}"} for p in range(PERSONS) for t in range(TAKES)]
    people.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert compare([path, path], people=str(people), resamples=100)["persons"] == PERSONS
    people.write_text("".join(json.dumps(row) + "\n" for row in rows[1:]))
    with pytest.raises(InputError, match=r"no person is known of 1 of 36 ids, such as 'take0x0'"):
        compare([path, path], people=str(people), resamples=100)


def test_labels_that_contradict_the_persons_are_refused(base):
    scores = read_scores(base)
    wrong = dict.fromkeys(scores.ids, "everybody is one")
    with pytest.raises(InputError, match="labels contradict the persons"):
        trial_persons(scores, wrong)


def test_persons_are_numbered_from_zero_without_gaps(base):
    enrol, test = trial_persons(read_scores(base), None)
    assert set(enrol.tolist()) | set(test.tolist()) == set(range(PERSONS))


def test_the_gate_closes_on_what_is_worse_beyond_its_interval(base, better):
    gate(compare([base, better], resamples=100), "eer")
    gate(compare([base, base], resamples=100), "eer")
    with pytest.raises(GateError, match="base is worse than better in EER"):
        gate(compare([better, base], resamples=100), "eer")


def test_a_closed_gate_still_prints_the_result(base, better):
    args = ["analyze", "compare", better, base, "--resamples", "100", "--fail-if-worse", "eer"]
    result = CliRunner().invoke(cli, [*args, "--json"])
    assert isinstance(result.exception, GateError)
    assert result.exception.exit_code == 3
    assert json.loads(result.stdout)["format"] == "avkd.analysis.compare"


def test_one_file_is_nothing_to_compare(base):
    with pytest.raises(UsageError, match="two score files"):
        compare([base])


@pytest.mark.parametrize("by", ["person", "trial"])
def test_curves_and_differences_are_drawn(base, better, tmp_path, by):
    compare([base, better], resamples=100, plot=Picture(tmp_path / "d.svg"), by=by)
    drawn = (tmp_path / "d.svg").read_text()
    assert "EER minus that of base" in drawn
    assert "better, EER " in drawn  # in the legend of the curves


ALL = (
    "eer,eer_rocch,eer_vgg,eer_mean,eer_nist,min_dcf_0.3,act_dcf_0.3,fnmr_at_fmr_0.1,auc,"
    "min_cllr,cllr"
)


def run(*args):
    result = CliRunner().invoke(
        cli, ["analyze", "compare", *map(str, args), "--resamples", "100", "--json"]
    )
    return result, json.loads(result.stdout) if result.stdout else None


def test_every_metric_is_compared_at_any_operating_point(base, better):
    _, found = run(base, better, "--metrics", ALL, "--c-miss", 2)
    (change,) = found["differences"]
    assert list(change["verdict"]) == ALL.split(",")
    scores = [read_scores(path) for path in (base, better)]
    for one in found["figures"]:
        wanted = figure(one["name"], c_miss=2)
        scale = 100 if one["percent"] else 1
        first, second = (
            scale * values(each.target, each.nontarget, [wanted])[one["name"]] for each in scores
        )
        assert found["systems"][1][one["key"]]["value"] == pytest.approx(second)
        assert change[one["key"]]["value"] == pytest.approx(second - first)
        assert change[one["key"]]["low"] <= change[one["key"]]["high"]
    assert found["systems"][0]["signature"].count("|p_target:0.3|costs:2,1|")


def test_more_is_better_for_the_area(base, better):
    _, found = run(base, better, "--metrics", "auc,eer")
    (change,) = found["differences"]
    assert change["auc"]["value"] > 0
    assert change["verdict"] == {"auc": "better", "eer": "better"}
    assert "its AUC is" in change["claim"]
    assert "higher" in change["claim"]
    result, _ = run(better, base, "--metrics", "eer", "--fail-if-worse", "auc")
    assert "worse than better in AUC" in str(result.exception)


@pytest.mark.parametrize("wrong", ["eerr", "min_dcf_2", "", "fnmr_at_fmr_x"])
def test_what_is_no_metric_is_a_usage_error(base, wrong):
    result, _ = run(base, base, "--metrics", wrong)
    assert result.exit_code == 2


def test_scores_that_a_metric_does_not_suit_are_said(base, better):
    _, found = run(base, better, "--metrics", "fnmr_at_fmr_0.0001")
    assert any("FNMR at FMR 0.0001: the list has fewer" in note for note in found["notes"])
    with pytest.raises(InputError, match="needs cosines"):
        compare([base, better], resamples=100, wanted=[figure("eer_fop")])
    with pytest.raises(InputError, match="needs cosines"):
        compare([base, better], resamples=100, by="trial", wanted=[figure("eer_fop")])


def test_a_person_reads_every_metric_with_its_verdict(base, better):
    text = document(compare_parts(compare([base, better], resamples=100)))
    row = next(line for line in text.splitlines() if line.startswith("EER, %"))
    assert row.split()[2] == "base"
    assert text.count("better\n") == 3  # a verdict a metric
    assert "better is better than base" in text
    assert "(McNemar's p < 0.001)." in text


def test_an_interval_that_leaves_out_its_figure_is_said():
    def system(value):
        return {"eer_percent": {"value": value, "low": 1.0, "high": 2.0}}

    (wanted,) = [figure("eer")]
    assert outside([system(1.0), system(1.5)], [wanted]) == []
    (note,) = outside([system(1.5), system(2.1)], [wanted])
    assert note.startswith("EER: a value lies outside its interval")


def test_a_file_whose_ids_have_an_extension_is_compared_and_that_is_said(tmp_path, capsys):
    pairs = [(f"p{i}/a", f"p{j}/b", 1 - abs(i - j) / 9) for i in range(9) for j in range(9)]
    for name, end in (("plain", ""), ("wav", ".wav")):
        lines = [
            f"{a}{end} {b}{end} {score} {'target' if a[:2] == b[:2] else 'nontarget'}\n"
            for a, b, score in pairs
        ]
        (tmp_path / f"{name}.scores").write_text("".join(lines))
    paths = [str(tmp_path / f"{name}.scores") for name in ("plain", "wav")]
    found = compare(paths, resamples=100)
    assert found["systems"][0]["eer_percent"] == found["systems"][1]["eer_percent"]
    assert "wav.scores: 18 ids are found with another extension" in capsys.readouterr().err
