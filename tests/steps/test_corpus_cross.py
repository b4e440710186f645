"""`avkd corpus trials --cross`, as a person runs it."""

import json

import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import STRATA
from avkd_cli.errors import InputError
from avkd_cli.verification.strata import NEEDED


def test_the_command_line_offers_the_strata_that_there_are():
    assert tuple(NEEDED) == STRATA


@pytest.fixture
def people(tmp_path):
    """Six trained people with one clip kept back, six others; women and men, two nations."""
    rows = [
        {
            "id": f"p{n:02d}/s{take}/0",
            "person": f"p{n:02d}",
            "session": f"s{take}",
            "video": f"{n}-{take}.mp4",
            "sex": "fm"[n % 2],
            "nationality": ["UK", "India"][n // 2 % 2],
            "age": 20 + n,
            "split": "test" if n >= 6 else "train",
            "heard": "" if n >= 6 else ("test" if take == 2 else "train"),
        }
        for n in range(12)
        for take in range(3)
    ]
    return write(tmp_path / "people.jsonl", rows)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(*args):
    """Return the trials as (label, voice, face); errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["corpus", "trials", *map(str, args), "--cross"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return [tuple(line.split()) for line in result.stdout.splitlines()], result.stderr


def test_unseen_people_are_not_of_the_training_set(people):
    trials, said = run(people, "--protocol", "unseen-unheard")
    assert {side[:3] for _, *sides in trials for side in sides} == {
        f"p{n:02d}" for n in range(6, 12)
    }
    assert sum(label == "1" for label, *_ in trials) == 6 * 9  # every voice with every face
    assert "54 of 54 possible targets, 54 of 270 nontargets" in said


def test_people_who_chose_the_epoch_are_not_tested(people, tmp_path):
    rows = [json.loads(line) for line in open_lines(people)]
    for row in rows:
        if row["person"] == "p07":
            row["split"] = "validation"
    listed = write(tmp_path / "some.jsonl", rows)
    trials, _ = run(listed, "--protocol", "unseen-unheard")
    assert "p07" not in {side[:3] for _, *sides in trials for side in sides}
    trials, _ = run(listed, "--split", "validation", "--nontargets", "0")
    assert {side[:3] for _, *sides in trials for side in sides} == {"p07"}


def test_seen_people_are_trained_on_in_other_clips(people):
    trials, _ = run(people, "--protocol", "seen-heard", "--split-column", "heard")
    assert {side for _, *sides in trials for side in sides} == {f"p{n:02d}/s2/0" for n in range(6)}
    with pytest.raises(InputError, match="seen-heard wants clips of trained people"):
        run(people, "--protocol", "seen-heard")  # column split: all their clips are trained on


def test_strata_restrict_nontargets_only(people):
    traits = {json.loads(line)["person"]: json.loads(line) for line in open_lines(people)}
    for stratum, same in (
        ("G", ("sex",)),
        ("N", ("nationality",)),
        ("GNA", ("sex", "nationality")),
    ):
        trials, _ = run(people, "--stratum", stratum, "--nontargets", "10")
        assert sum(label == "1" for label, *_ in trials) == 12 * 9
        for label, voice, face in trials:
            a, b = traits[voice[:3]], traits[face[:3]]
            if label == "0":
                assert all(a[key] == b[key] for key in same)
                assert stratum != "GNA" or abs(a["age"] - b["age"]) <= 5


def open_lines(path):
    return path.read_text().splitlines()


def test_a_stratum_without_nontargets_is_said(people, tmp_path):
    rows = [json.loads(line) | {"age": 20 + 10 * int(line[9:11])} for line in open_lines(people)]
    with pytest.raises(InputError, match=r"stratum A has no nontargets: .* 12 people"):
        run(write(tmp_path / "far.jsonl", rows), "--stratum", "A")


def test_targets_across_sessions_only(people):
    trials, _ = run(people, "--cross-session", "--nontargets", "0")
    assert len(trials) == 12 * 6
    assert all(voice.split("/")[1] != face.split("/")[1] for _, voice, face in trials)


def test_people_of_one_sense_are_said(people, tmp_path):
    rows = [json.loads(line) for line in open_lines(people)]
    for row in rows[:3]:
        row["audio"] = row.pop("video")
    trials, said = run(write(tmp_path / "some.jsonl", rows))
    assert "1 people have one sense only, such as 'p00'" in said
    assert not any(face.startswith("p00") for _, _, face in trials)


@pytest.mark.parametrize(
    ("change", "args", "complaint"),
    [
        ({"age": "old"}, ["--stratum", "A"], "has age 'old', wanted a number of years"),
        ({"sex": ""}, ["--stratum", "G"], "has no sex, which stratum G compares"),
        (
            {"heard": "test"},
            ["--protocol", "seen-heard", "--split-column", "heard"],
            "no utterance has heard 'train'",
        ),
        ({}, ["--limit", "5"], "at most 5 are drawn"),
    ],
)
def test_lists_that_do_not_do_are_refused(people, tmp_path, change, args, complaint):
    rows = [json.loads(line) | change for line in open_lines(people)]
    with pytest.raises(InputError, match=complaint):
        run(write(tmp_path / "bad.jsonl", rows), *args)


def test_options_of_the_other_kind_are_usage_errors(people):
    for args in (["--stratum", "G"], ["--protocol", "seen-heard"], ["--cross", "--same-sex"]):
        assert CliRunner().invoke(cli, ["corpus", "trials", str(people), *args]).exit_code == 2
