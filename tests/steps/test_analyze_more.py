"""`avkd analyze det`, `breakdown`, `curves`, and persons of `venn`: as a person runs them."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import breakdown_parts
from avkd_cli.cli import cli
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.analyze.curves import progress
from avkd_cli.steps.analyze.det import det

PERSONS, TAKES = 12, 3


def run(*args):
    """Run `avkd analyze …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", *map(str, args), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def scores(tmp_path):
    rng = np.random.default_rng(0)
    ids = [(p, f"id{p}/v/{t}") for p in range(PERSONS) for t in range(TAKES)]
    lines = []
    for i, (p, enrol) in enumerate(ids):
        for q, test in ids[:i]:
            kind = "target" if p == q else "nontarget"
            lines.append(f"{enrol} {test} {rng.normal() + 2 * (p == q):.9g} {kind}\n")
    path = tmp_path / "base.scores"
    path.write_text("".join(lines))
    return path


@pytest.fixture
def people(tmp_path):
    rows = [
        {
            "id": f"id{p}/v/{t}",
            "person": f"id{p}",
            "audio": f"{p}-{t}.wav",
            "sex": "f" if p < 10 else "m",
            "duration": 2.0 + p + 0.1 * t,
        }
        for p in range(PERSONS)
        for t in range(TAKES)
    ]
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_groups_are_decided_at_the_eer_of_all_trials(scores, people):
    found = run("breakdown", scores, "--people", people, "--by", "sex")
    groups = {one["name"]: one for one in found["groups"]}
    assert set(groups) == {"f", "m", "different"}
    assert found["decided_at"] == "EER"
    assert found["all"]["eer_percent"] == pytest.approx(found["all"]["miss_percent"], abs=3)
    assert sum(one["targets"] for one in found["groups"]) == found["all"]["targets"]
    assert groups["f"]["persons"] == 10
    assert groups["f"]["miss_percent"] is not None


def test_few_persons_are_named_without_figures_unless_asked(scores, people):
    args = ("breakdown", scores, "--people", people, "--by", "sex")
    groups = {one["name"]: one for one in run(*args)["groups"]}
    assert groups["m"]["suppressed"]
    assert groups["m"]["miss_percent"] is None
    groups = {one["name"]: one for one in run(*args, "--min-persons", 2)["groups"]}
    assert groups["m"]["miss_percent"] is not None


def test_each_group_with_figures_has_intervals_and_is_drawn(scores, people, tmp_path):
    args = ("breakdown", scores, "--people", people, "--by", "sex", "--resamples", 200)
    found = run(*args, "--plot", tmp_path / "sex.svg")
    groups = {one["name"]: one for one in found["groups"]}
    assert "intervals" not in groups["m"]  # two persons
    assert groups["different"]["intervals"]["miss_percent"] is None
    for one in (found["all"], groups["f"]):
        for key, limits in one["intervals"].items():
            assert limits[0] < one[key] < limits[1], key
    low, high = groups["different"]["intervals"]["false_alarm_percent"]
    assert low < groups["different"]["false_alarm_percent"] < high
    assert "f (10 persons)" in (tmp_path / "sex.svg").read_text()
    text = document(breakdown_parts(found))
    assert f"({groups['f']['intervals']['miss_percent'][0]:.2f} to" in text
    assert "from 200 draws" in text


def test_numbers_are_cut_into_quarters(scores, people):
    found = run("breakdown", scores, "--people", people, "--by", "duration", "--threshold", 1)
    assert len(found["groups"]) == 4 + 1  # and those whose sides differ
    assert found["threshold"] == 1


def test_numbers_that_a_list_spells_as_text_are_numbers_but_sessions_are_names(scores, people):
    lines = [json.loads(line) for line in people.read_text().splitlines()]
    for number, line in enumerate(lines):
        line |= {"age": str(20 + number % 40), "session": str(number % 9)}
    people.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = run("breakdown", scores, "--people", people, "--by", "age", "--threshold", 1)
    assert {group["name"].count(" to ") for group in found["groups"]} == {0, 1}
    assert len(found["groups"]) == 4 + 1
    found = run("breakdown", scores, "--people", people, "--by", "session", "--threshold", 1)
    assert {group["name"] for group in found["groups"]} == {*"012345678", "different"}


def test_an_unknown_column_names_those_there_are(scores, people):
    with pytest.raises(InputError, match="no line has 'colour'; there are id, person"):
        run("breakdown", scores, "--people", people, "--by", "colour")


def test_a_det_curve_is_points_and_a_picture(scores, tmp_path):
    found = run("det", scores, "--plot", tmp_path / "det.svg")["files"][0]
    miss, false_alarm = np.array(found["miss"]), np.array(found["false_alarm"])
    assert (np.diff(miss) >= 0).all()
    assert (np.diff(false_alarm) <= 0).all()
    assert found["eer_percent"] > 0
    for prior, cost in found["min_dcf"].items():
        point, p = found["min_dcf_points"][prior], float(prior)
        assert point["miss"] + point["false_alarm"] * (1 - p) / p == pytest.approx(cost)
    assert (tmp_path / "det.svg").stat().st_size > 1000


@pytest.mark.parametrize("kind", ["roc", "histogram"])
def test_other_pictures_of_scores(scores, tmp_path, kind):
    run("det", scores, "--kind", kind, "--plot", tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["histogram", "reliability"])
def test_a_picture_of_one_file_is_refused_for_two(scores, kind):
    with pytest.raises(UsageError, match="one score file"):
        run("det", scores, scores, "--kind", kind)


def test_a_band_holds_its_curve_and_ends_where_errors_are_few(scores, tmp_path):
    args = ("--resamples", 200, "--plot", tmp_path / "x.png")
    found = run("det", scores, *args)["files"][0]
    band = {key: np.array(value) for key, value in found["band"].items()}
    assert band["false_alarm"][0] == pytest.approx(10 / found["nontargets"], rel=1e-4)
    miss, false_alarm = np.array(found["miss"]), np.array(found["false_alarm"])
    inside = [
        low <= miss[false_alarm <= fmr].min() <= high
        for fmr, low, high in zip(*band.values(), strict=True)
    ]
    assert np.mean(inside) > 0.9
    assert (band["high"] - band["low"]).min() > 0
    without = run("det", scores, "--plot", tmp_path / "y.png")["files"][0]
    assert "band" not in without
    assert (tmp_path / "x.png").read_bytes() != (tmp_path / "y.png").read_bytes()


def test_only_det_curves_have_bands(scores):
    with pytest.raises(UsageError, match="roc has none"):
        run("det", scores, "--kind", "roc", "--resamples", 100)


def test_ratios_that_say_too_much_lie_off_the_diagonal(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "llr.scores"
    for factor, off in ((1, False), (4, True)):  # N(1, 1) against N(-1, 1): the ratio is 2 x
        lines = [
            f"a/{i} {other}/{i} {2 * factor * (rng.normal() + mean)} {kind}\n"
            for i in range(2000)
            for other, mean, kind in (("a", 1, "target"), ("b", -1, "nontarget"))
        ]
        path.write_text("".join(lines))
        plot = tmp_path / "reliability.png"
        found = run("det", path, "--kind", "reliability", "--prior", 0.5, "--plot", plot)
        one = found["files"][0]["reliability"]
        apart = np.abs(np.array(one["stated"]) - one["target_share"]).max()
        assert (apart > 0.1) == off
        assert plot.read_bytes().startswith(b"\x89PNG")


def test_cosines_in_a_reliability_diagram_are_warned_of(tmp_path, capsys):
    path = tmp_path / "cosine.scores"
    path.write_text("a b 0.5 target\na c 0.1 nontarget\n")
    det([str(path)], kind="reliability")
    assert "log-likelihood" in capsys.readouterr().err


def test_who_gains_and_who_loses(tmp_path):
    a, b = tmp_path / "a.scores", tmp_path / "b.scores"
    # x is corrected twice, y broken once; x against z is corrected and counts for both.
    trials = [
        ("x/1", "x/2", 0, 1, 1),
        ("y/1", "y/2", 1, 0, 1),
        ("x/1", "z/1", 1, 0, 0),
        ("y/1", "z/1", 0, 0, 0),
    ]
    for path, column in ((a, 2), (b, 3)):
        lines = [f"{t[0]} {t[1]} {t[column]} {'target' if t[4] else 'nontarget'}\n" for t in trials]
        path.write_text("".join(lines))
    out = tmp_path / "persons.tsv"
    args = ("--threshold-a", 0.5, "--threshold-b", 0.5, "--persons-out", out)
    persons = run("venn", "--a", a, "--b", b, *args)["persons"]
    assert (persons["total"], persons["gaining"], persons["losing"]) == (3, 2, 1)
    assert persons["most_gaining"][0] == {"person": "x", "gain": 2}
    assert persons["most_losing"] == [{"person": "y", "gain": -1}]
    header, *rows = [line.split("\t") for line in out.read_text().splitlines()]
    by_person = {row[0]: dict(zip(header[1:], map(int, row[1:]), strict=True)) for row in rows}
    assert [row[0] for row in rows] == ["x", "z", "y"]
    assert by_person["x"] == {
        "trials": 2,
        "both_right": 0,
        "newly_wrong": 0,
        "newly_right": 2,
        "both_wrong": 0,
        "gain": 2,
    }
    assert by_person["y"]["gain"] == -1
    assert by_person["z"]["trials"] == 2


@pytest.fixture
def trained(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    lines = [
        {
            "step": 10,
            "losses": {"loss": 5.0, "kl": 1.0},
            "lr": 0.1,
            "margin": 0.0,
            "utterances_per_s": 64.0,
        },
        {"step": 10, "validation": {"eer": 0.4}},
        {
            "step": 20,
            "losses": {"loss": 4.0, "kl": 0.5},
            "lr": 0.05,
            "margin": 0.2,
            "utterances_per_s": 32.0,
        },
        {"step": 20, "nonfinite": True},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "log.jsonl").write_text(text + '{"step": 30, "los')
    return folder


def test_a_log_becomes_series_by_step(trained, tmp_path):
    (found,) = run("curves", trained, "--plot", tmp_path / "t.svg")["runs"]
    assert found["series"]["loss: kl"] == {"step": [10, 20], "value": [1.0, 0.5]}
    assert found["series"]["loss"]["value"] == [5.0, 4.0]  # of all losses, so without a prefix
    assert found["series"]["validation: eer"] == {"step": [10], "value": [0.4]}
    assert found["series"]["margin"]["value"] == [0.0, 0.2]
    assert (tmp_path / "t.svg").stat().st_size > 1000


def test_the_time_of_a_training_is_that_of_its_speeds(trained):
    # 10 steps of 32 at 64 a second, 10 at 32 a second.
    assert progress(trained, 32) == (20, 5 + 10)
    assert progress(trained / "none", 32) == (None, None)


def test_a_folder_without_a_log_and_a_log_of_nothing_are_refused(tmp_path):
    with pytest.raises(MissingInputError, match="no such log"):
        run("curves", tmp_path)
    (tmp_path / "log.jsonl").write_text("hello\n")
    with pytest.raises(InputError, match="no line"):
        run("curves", tmp_path)
