"""What is answered to who types another name, or asks for help in another way."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from avkd_cli import hints
from avkd_cli.cli import COMMANDS, cli
from avkd_cli.commands import analyze, corpus
from avkd_cli.errors import UsageError
from avkd_cli.steps.score import score_or_fuse


def avkd(*args, **environment):
    return subprocess.run(
        [sys.executable, "-m", "avkd_cli", *args],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["train"], "'train-teacher'?"),
        (["extract"], "'extract-embeddings'?"),
        (["evaluate"], "'score'?"),
        (["compare"], "'analyze compare'?"),
        (["eer"], "'analyze metrics'?"),
        (["prep_audio"], "'prep-audio'?"),
        (["analyze", "eer"], "'metrics'?"),
        (["analyze", "vennn"], "'venn'?"),
        (["corpus", "fold"], "'folds'?"),
    ],
)
def test_a_wrong_command_is_answered_with_the_one_that_is_meant(typed, meant):
    result = CliRunner().invoke(cli, typed)
    assert result.exit_code == 2
    assert f"Did you mean {meant}" in result.output


def test_a_word_that_is_like_nothing_gets_no_hint():
    assert "Did you mean" not in CliRunner().invoke(cli, ["zzz"]).output


def test_every_hint_is_a_command_that_there_is():
    inner = {"analyze": analyze.SUBCOMMANDS, "corpus": corpus.SUBCOMMANDS}
    for meant in hints.COMMANDS.values():
        name, _, below = meant.partition(" ")
        assert name in COMMANDS
        assert not below or below in inner[name]


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        (("train-teacher", "--learning-rate", "0.1"), "Did you mean --lr?"),
        (("train-teacher", "--batch_size", "8"), "--batch-size"),
        (("distill", "--output-dir", "x"), "Did you mean --output?"),
        (("analyze", "det", "x", "--bootstrap", "9"), "Did you mean --resamples?"),
        (("check", "--learning-rate", "1"), "No such option '--learning-rate'."),
    ],
)
def test_a_wrong_option_is_answered_with_the_one_that_is_meant(args, meant):
    result = avkd(*args)
    assert result.returncode == 2
    assert meant in result.stderr


def test_a_store_before_its_trials_is_told_the_order(tmp_path):
    (tmp_path / "e.zarr").mkdir()
    (tmp_path / "trials.txt").write_text("1 a b\n")
    from avkd_cli.config import ScoreConfig

    swapped = (str(tmp_path / "e.zarr"), str(tmp_path / "trials.txt"))
    with pytest.raises(UsageError, match=r"the trial list comes first; avkd score \S+trials.txt"):
        score_or_fuse(swapped, ScoreConfig())


@pytest.mark.parametrize("words", [("help", "score"), ("help", "analyze", "det"), ("help",)])
def test_help_before_a_command_is_its_help(words):
    asked = CliRunner().invoke(cli, words)
    assert asked.exit_code == 0
    assert asked.output == CliRunner().invoke(cli, [*words[1:], "--help"]).output


def test_a_shell_gets_its_script_and_completions():
    script = avkd(_AVKD_COMPLETE="bash_source")
    assert (script.returncode, "_AVKD_COMPLETE=bash_complete" in script.stdout) == (0, True)
    words = {"_AVKD_COMPLETE": "bash_complete", "COMP_CWORD": "2"}
    found = avkd(COMP_WORDS="avkd analyze com", **words).stdout.split()
    assert found == ["plain,compare"]
    options = avkd(COMP_WORDS="avkd score --tri", **words).stdout.split()
    assert options == ["plain,--trials", "plain,--trials-format"]
    top = avkd(COMP_WORDS="avkd tr", **(words | {"COMP_CWORD": "1"})).stdout.split()
    assert top == ["plain,train-teacher"]
