"""The help of trainings: groups, the chosen modality alone, everything on request."""

import dataclasses

import pytest
from click.testing import CliRunner

from avkd_cli import help_page
from avkd_cli.cli import cli
from avkd_cli.commands.distill import distill
from avkd_cli.commands.train_teacher import train_teacher
from avkd_cli.config import AUDIO_MODELS, AudioConfig, DistillVisualConfig, JointConfig


def ask(*words: str) -> str:
    result = CliRunner().invoke(cli, words, prog_name="avkd")
    assert result.exit_code == 0, result.output
    return result.output


def spellings(text: str) -> set[str]:
    """Return the long options that begin a line of a help page."""
    words = [word for line in text.splitlines() if line.startswith("  -") for word in line.split()]
    return {word.rstrip(",") for word in words if word.startswith("--")}


@pytest.mark.parametrize("command", [train_teacher, distill])
def test_every_option_of_a_training_has_a_group(command):
    without = [
        one.name
        for one in command.params
        if one.param_type_name == "option"
        and help_page.group_of(help_page.plain(one)) == help_page.REST
    ]
    assert without == [], "name them in help_page.GROUPS"


def test_what_people_change_first_is_in_a_group_and_no_name_stands_in_two():
    named = [name for names in help_page.GROUPS.values() for name in names.split()]
    assert len(named) == len(set(named))
    assert set(help_page.FIRST.split()) <= set(named)


def test_groups_come_in_order_and_what_people_change_first_before_the_rest():
    text = ask("train-teacher", "--modality", "audio", "--help")
    heads = [
        text.index(f"\n{group}:") for group in ("Network", "Data", "Loss", "Schedule", "Running")
    ]
    assert heads == sorted(heads)
    assert "\nTeacher:" not in text
    assert text.index("--epochs") < text.index("--lr-final") < text.index("--momentum")


@pytest.mark.parametrize(
    ("command", "modality", "config"),
    [
        ("train-teacher", "audio", AudioConfig),
        ("train-teacher", "joint", JointConfig),
        ("distill", "visual", DistillVisualConfig),
    ],
)
def test_of_a_chosen_modality_its_own_settings_are_shown_and_no_others(command, modality, config):
    shown = spellings(ask(command, f"--modality={modality}", "--help"))
    own = {"--" + field.name.replace("_", "-") for field in dataclasses.fields(config)}
    whole = spellings(ask(command, "--help-all"))
    settings = {f"--{name}" for name in ("hidden", "pairing", "weasp", "crop-min", "flip")}
    assert own <= shown | {one.replace("--", "--no-") for one in shown}
    assert not (settings - own) & shown
    assert shown <= whole


def test_a_chosen_modality_has_its_own_networks_and_defaults():
    text = " ".join(ask("train-teacher", "--modality", "audio", "--help").split())
    assert f"--model [{'|'.join(AUDIO_MODELS)}]" in text
    assert "AAM-softmax margin. [default: 0.2 rad]" in text
    fused = " ".join(ask("train-teacher", "--modality", "fusion", "--help").split())
    assert "AAM-softmax margin. [default: 0.7 rad]" in fused


def test_without_a_modality_the_rest_is_counted_and_the_way_to_it_said():
    short, whole = ask("distill", "--help"), ask("distill", "--help-all")
    left = [p for p in distill.params if spellings(whole) - spellings(short) >= {*p.opts[-1:]}]
    assert f"\n{len(left)} more: 'avkd distill --modality X --help'" in short
    assert "more:" not in whole


def test_a_command_without_modalities_shows_all_it_has():
    text = ask("prep-audio", "--help")
    assert "--max-reject-fraction" in text and "more:" not in text and "--help-all" not in text
