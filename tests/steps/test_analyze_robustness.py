"""`avkd analyze robustness`: from files by condition to table, picture and words."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.robustness import robustness_parts
from avkd_cli.cli import cli
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.analyze.compare import compare
from avkd_cli.steps.analyze.robustness import robustness

PERSONS, TAKES = 14, 3


def write(path, shift, seed=0):
    """Write scores of all pairs; targets' are `shift` higher."""
    rng = np.random.default_rng(seed)
    ids = [(p, f"id{p}/v/{t}") for p in range(PERSONS) for t in range(TAKES)]
    lines = [
        f"{enrol} {test} {rng.normal() + shift * (p == q):.9g} {'non' * (p != q)}target\n"
        for i, (p, enrol) in enumerate(ids)
        for q, test in ids[:i]
    ]
    path.write_text("".join(lines))
    return str(path)


@pytest.fixture
def folder(tmp_path):
    """A system that noise hurts and one that it hardly does; alike on clean recordings."""
    made = tmp_path / "scores"
    made.mkdir()
    for number, (system, shifts) in enumerate({"base": (4, 2, 0.7), "loose": (4, 4, 3.5)}.items()):
        for level, shift in zip(("clean", "noise-10", "noise-0"), shifts, strict=True):
            write(made / f"{system}.{level}.scores", shift, seed=number)
    return made


def test_every_figure_and_difference_is_that_of_compare(folder):
    found = robustness(folder, resamples=100)
    assert [one["condition"] for one in found["conditions"]] == ["clean", "noise-10", "noise-0"]
    pair = [str(folder / f"{name}.noise-0.scores") for name in ("base", "loose")]
    wanted = compare(pair, resamples=100)
    row = found["conditions"][2]
    for place, name in enumerate(("base", "loose")):
        assert row["eer_percent"][name] == wanted["systems"][place]["eer_percent"]
    difference = dict(row["differences"]["loose"])
    assert difference.pop("p_holm") >= difference["p"]
    assert difference == wanted["differences"][0]["eer_percent"]


def test_words_say_under_which_noise_the_better_one_is_better(folder):
    (said,) = robustness(folder, resamples=200)["words"]
    assert said.startswith("loose is better than base under noise-10 (")
    assert "noise-0 (" in said
    assert "not told from it under clean" in said


def test_the_baseline_can_be_named_and_stands_first(folder):
    found = robustness(folder, baseline="loose", resamples=200)
    assert found["systems"] == ["loose", "base"]
    assert "worse than loose" in found["words"][0]
    with pytest.raises(UsageError, match="--baseline kd: there are base, loose"):
        robustness(folder, baseline="kd")


def test_a_system_without_scores_under_a_condition_is_said(folder):
    (folder / "loose.noise-10.scores").unlink()
    found = robustness(folder, resamples=100)
    assert found["notes"][0] == "no scores of loose under noise-10"
    assert found["comparisons"] == 2
    text = document(robustness_parts(found))
    assert "–" in text
    assert "Note: no scores of loose under noise-10." in text


def test_too_few_draws_for_so_many_comparisons_are_said(folder):
    assert "take --resamples 120 or more" in robustness(folder, resamples=100)["notes"][-1]
    assert not any("--resamples" in one for one in robustness(folder, resamples=120)["notes"])


def test_table_and_picture_by_command_line(folder, tmp_path):
    words = ["analyze", "robustness", str(folder), "--resamples", "100", "--json"]
    result = CliRunner().invoke(cli, [*words, "--plot", str(tmp_path / "r.svg")])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    picture = (tmp_path / "r.svg").read_text()
    for text in ("base", "loose", "noise, dB", "clean", "EER, %"):
        assert text in picture
    assert "noise-0" in document(robustness_parts(found))


def test_a_system_alone_has_a_table_and_no_words(folder):
    for path in folder.glob("loose*"):
        path.unlink()
    found = robustness(folder, resamples=100)
    assert (found["words"], found["comparisons"]) == ([], 0)
    assert document(robustness_parts(found)).count("noise-0") == 1


def test_names_and_folders_that_say_nothing_are_refused(folder, tmp_path):
    with pytest.raises(MissingInputError, match="no such folder"):
        robustness(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInputError, match="no score files; wanted SYSTEM"):
        robustness(tmp_path / "empty")
    write(folder / "base.noise-0.0.scores", 1)
    with pytest.raises(InputError, match="of the same system and condition"):
        robustness(folder)
    (folder / "base.noise-0.0.scores").rename(folder / "noise.scores")
    with pytest.raises(InputError, match=r"noise\.scores: its name says no condition"):
        robustness(folder)


def test_files_of_other_trials_under_one_condition_are_refused(folder):
    lines = (folder / "loose.clean.scores").read_text().splitlines(keepends=True)
    (folder / "loose.clean.scores").write_text("".join(lines[:-5]))
    with pytest.raises(InputError, match=r"loose\.clean"):
        robustness(folder, resamples=100)
