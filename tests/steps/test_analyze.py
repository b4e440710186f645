"""`avkd analyze` from score files to results: as a person runs it."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.verification.scorefiles import read_scores


def run(*args):
    """Run `avkd analyze …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", *map(str, args), "--json"], catch_exceptions=True)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def write(path, trials):
    """Write (enrol, test, score, same) rows as a score file."""
    lines = [f"{e} {t} {s!r} {'target' if same else 'nontarget'}\n" for e, t, s, same in trials]
    path.write_text("".join(lines))
    return path


@pytest.fixture
def golden(tmp_path):
    """Of the targets a misses 1 2 3 and b 3 4; of the nontargets a accepts 1 2 and b 2."""
    a, b = [], []
    for i in range(1, 7):
        a.append((f"e{i}", f"t{i}", 0.1 if i <= 3 else 0.9, True))
        b.append((f"e{i}", f"t{i}", 0.2 if i in (3, 4) else 0.9, True))
        a.append((f"e{i}", f"n{i}", 0.8 if i <= 2 else 0.1, False))
        b.append((f"e{i}", f"n{i}", 0.7 if i == 2 else 0.1, False))
    return write(tmp_path / "a.scores", a), write(tmp_path / "b.scores", b)


HALF = ("--threshold-a", 0.5, "--threshold-b", 0.5)


def test_the_regions_of_the_golden_files(golden):
    a, b = golden
    found = run("venn", "--a", a, "--b", b, *HALF)
    regions = {
        name: found[name] for name in ("newly_right", "newly_wrong", "both_right", "both_wrong")
    }
    assert regions == {"newly_right": 3, "newly_wrong": 1, "both_right": 6, "both_wrong": 2}
    assert sum(regions.values()) == found["trials"] == 12
    assert found["by_label"]["target"] == {
        "both_right": 2,
        "both_wrong": 1,
        "newly_right": 2,
        "newly_wrong": 1,
    }
    assert found["systems"]["a"]["errors"] == 5


def test_trials_are_joined_by_ids_whatever_their_order(golden, tmp_path):
    a, b = golden
    lines = b.read_text().splitlines(keepends=True)
    np.random.default_rng(0).shuffle(lines)
    shuffled = tmp_path / "shuffled.scores"
    shuffled.write_text("".join(lines))
    found, plain = (run("venn", "--a", a, "--b", other, *HALF) for other in (shuffled, b))
    assert found["regions"] == plain["regions"]


def test_a_system_against_itself_corrects_nothing(golden):
    found = run("venn", "--a", golden[0], "--b", golden[0])
    assert found["newly_right"] == found["newly_wrong"] == 0
    assert found["systems"]["a"]["rule"] == "EER"


def test_ids_that_name_no_person_leave_persons_out_unless_asked_for(golden, tmp_path):
    a, b = golden
    assert run("venn", "--a", a, "--b", b)["persons"] is None
    with pytest.raises(InputError, match="--people"):
        run("venn", "--a", a, "--b", b, "--persons-out", tmp_path / "persons.tsv")


def test_all_systems_may_decide_at_one_false_match_rate(golden):
    a, b = golden
    found = run("venn", "--a", a, "--b", b, "--fmr", 0.2, "--threshold-b", 0.5)["systems"]
    # One false alarm of six is allowed: a's two equal ones are one too many.
    assert (found["a"]["rule"], found["b"]["rule"]) == ("FMR 0.2", "given")
    assert (found["a"]["threshold"], found["a"]["false_alarms"]) == (0.9, 0)


def test_a_third_system_says_how_many_of_the_newly_right_it_has_right(golden):
    a, b = golden
    found = run("venn", "--a", a, "--b", b, "--c", b, *HALF, "--threshold-c", 0.5)
    assert found["newly_right_that_c_has_right"] == {"trials": 3, "share": 1.0}
    assert len(found["regions"]) == 8
    assert sum(one["trials"] for one in found["regions"]) == 12


def test_every_trial_is_written_with_its_region(golden, tmp_path):
    a, b = golden
    out = tmp_path / "trials.tsv"
    run("venn", "--a", a, "--b", b, *HALF, "--trials-out", out)
    header, *rows = [line.split("\t") for line in out.read_text().splitlines()]
    assert header[:4] == ["enrol", "test", "label", "region"]
    regions = {(row[0], row[1]): row[3] for row in rows}
    assert len(regions) == 12
    assert regions["e1", "t1"] == "newly_right"
    assert regions["e4", "t4"] == "newly_wrong"
    assert regions["e3", "t3"] == "both_wrong"
    assert dict(zip(header, rows[0], strict=True))["score_a"] == "0.1"


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_the_diagram_is_drawn(golden, tmp_path, suffix):
    picture = tmp_path / f"venn.{suffix}"
    run("venn", "--a", golden[0], "--b", golden[1], "--plot", picture)
    assert picture.stat().st_size > 1000


def test_labels_may_come_from_a_trial_list(golden, tmp_path):
    a, b = golden
    trials = tmp_path / "list.txt"
    rows = [line.split() for line in a.read_text().splitlines()]
    trials.write_text("".join(f"{int(r[3] == 'target')} {r[0]} {r[1]}\n" for r in rows))
    for path in (a, b):
        plain = [line.rsplit(" ", 1)[0] + "\n" for line in path.read_text().splitlines()]
        path.write_text("".join(plain))
    found = run("venn", "--a", a, "--b", b, *HALF, "--trials", trials)
    assert found["newly_right"] == 3
    with pytest.raises(InputError, match="--trials"):
        run("venn", "--a", a, "--b", b)


def test_files_with_other_trials_or_labels_are_refused(golden, tmp_path):
    a, b = golden
    lines = b.read_text().splitlines(keepends=True)
    short = tmp_path / "short.scores"
    short.write_text("".join(lines[1:]))
    with pytest.raises(InputError, match="1 of 12 trials"):
        run("venn", "--a", a, "--b", short)
    flipped = tmp_path / "flipped.scores"
    flipped.write_text("".join([lines[0].replace("target", "nontarget"), *lines[1:]]))
    with pytest.raises(InputError, match="labels differ"):
        run("venn", "--a", a, "--b", flipped)


def test_a_threshold_without_its_system_and_a_missing_file_are_refused(golden, tmp_path):
    with pytest.raises(UsageError, match="--threshold-c"):
        run("venn", "--a", golden[0], "--b", golden[1], "--threshold-c", 0.5)
    with pytest.raises(MissingInputError):
        run("venn", "--a", golden[0], "--b", tmp_path / "none.scores")


def test_one_class_is_refused(tmp_path):
    only = write(tmp_path / "only.scores", [("a", "b", 0.5, True), ("c", "d", 0.4, True)])
    with pytest.raises(InputError, match="nontarget"):
        run("metrics", only)


def test_a_picture_of_an_unknown_format_is_a_usage_error(golden, tmp_path):
    args = ["analyze", "venn", "--a", golden[0], "--b", golden[1], "--plot", tmp_path / "x.gif"]
    result = CliRunner().invoke(cli, list(map(str, args)))
    assert result.exit_code == 2
    assert not (tmp_path / "x.gif").exists()


def test_metrics_by_hand_with_their_signature(tmp_path):
    # EER .25, minDCF .25 at both priors.
    target = [("p", f"t{s}", s, True) for s in (0.9, 0.8, 0.7, 0.3)]
    nontarget = [("p", f"n{s}", s, False) for s in (0.6, 0.4, 0.2, 0.1)]
    (one,) = run("metrics", write(tmp_path / "x.scores", target + nontarget))["files"]
    assert one["eer_percent"] == pytest.approx(25)
    assert one["min_dcf"] == pytest.approx({"0.01": 0.25, "0.05": 0.25})
    assert (one["targets"], one["nontargets"]) == (4, 4)
    assert "trials:4+4" in one["signature"]
    assert read_scores(tmp_path / "x.scores").content[7:19] in one["signature"]


def test_several_files_at_once(golden):
    names = [one["name"] for one in run("metrics", *golden)["files"]]
    assert names == ["a", "b"]


def test_an_unknown_analysis_is_answered_with_the_nearest():
    result = CliRunner().invoke(cli, ["analyze", "ven"])
    assert result.exit_code == 2
    assert "Did you mean 'venn'?" in result.output
