"""What the pages say is so: links resolve, commands parse, tables hold what the code holds."""

import dataclasses
import importlib.util
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from avkd_cli import errors
from avkd_cli.cli import COMMANDS, cli
from avkd_cli.config import (
    AUDIO_MODELS,
    FUSION_MODELS,
    PRESETS,
    VISUAL_MODELS,
    DistillTerms,
    preset_path,
)

ROOT = Path(__file__).parents[1]
PAGES = sorted(p for folder in ("", "docs", "schemas") for p in (ROOT / folder).glob("*.md"))
SCRIPTS = sorted((ROOT / "examples").glob("*.sh"))
README = (ROOT / "README.md").read_text("utf-8")
RELIABILITY = (ROOT / "docs/reliability.md").read_text("utf-8")
METHODS = (ROOT / "docs/methods.md").read_text("utf-8")
MAKEFILES = [
    ROOT / "Makefile",
    ROOT / "examples/people.mk",
    ROOT / "study/study.mk",
    *(ROOT / "examples").glob("systems/*.mk"),
]
MAKEFILE = "".join(path.read_text("utf-8") for path in MAKEFILES)

SHELL_BLOCK = re.compile(r"^```(?:sh|console)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ANY_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^()\s]+)\)")
REDIRECTION = re.compile(r"\s\d?>>?\s*\S+")
VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}|\$\w+")
SIGNALS = {129, 130, 137, 141, 143}


def shell_lines(path: Path) -> Iterator[str]:
    """Yield the commands of a page's shell blocks and indented lines, or of a script."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        indented = re.findall(r"^    (avkd .*(?:\\\n.*)*)", ANY_BLOCK.sub("", text), re.MULTILINE)
        text = "\n".join([*SHELL_BLOCK.findall(text), *indented])
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield line.strip()


def avkd_words(line: str) -> Iterator[list[str]]:
    """Yield what follows each `avkd`, or `-m avkd_cli`, of a shell line.

    Variables become their defaults, else numbers that rise.
    """
    numbers = iter(range(100))
    line = VARIABLE.sub(lambda m: m[1] or str(next(numbers)), REDIRECTION.sub("", line))
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
    lexer.whitespace_split = True
    part: list[str] = []
    for word in [*lexer, "|"]:
        if not set(word) <= set("|;&"):
            part.append(word)
            continue
        if "avkd_cli" in part and part[part.index("avkd_cli") - 1] == "-m":
            yield part[part.index("avkd_cli") + 1 :]
        elif part[:1] == ["avkd"]:
            yield part[1:]
        part = []


def documented() -> list:
    """Return every command line of every page and example, as test parameters."""
    return [
        pytest.param(words, id=f"{path.relative_to(ROOT)}: {' '.join(words)[:60]}")
        for path in [*PAGES, *SCRIPTS]
        for line in shell_lines(path)
        for words in avkd_words(line)
    ]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the words name and what is left of them."""
    command, rest = cli, list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"there is no command {rest[0]!r}"
        command, rest = found, rest[1:]
    return command, rest


def every_command() -> list[str]:
    return [path for path, _ in reference().commands(cli, "avkd")]


def reference():
    """Return docs/make_reference.py as a module."""
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs/make_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def codes_of_tables(text: str) -> set[int]:
    """Return the numbers in the first cells of the table whose head is 'exit code' or 'code'."""
    table = re.search(r"^\| (?:exit )?code \| means.*?\n\n", text, re.DOTALL | re.MULTILINE)
    cells = [row.split("|")[1] for row in table[0].strip().splitlines()[2:]]
    return {int(number) for cell in cells for number in re.findall(r"\d+", cell)}


def headings(text: str) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", ANY_BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_there_are_pages_and_commands_to_look_at():
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tutorial.md"} <= {
        p.name for p in PAGES
    }
    assert len(documented()) > 100


@pytest.mark.parametrize("words", documented())
def test_a_command_on_a_page_is_one_that_avkd_takes(words):
    command, rest = command_of(words)
    try:
        command.make_context("avkd", list(rest), parent=click.Context(cli))
    except click.exceptions.Exit as asked_for_help:
        assert asked_for_help.exit_code == 0
        return
    if "print_config" in {parameter.name for parameter in command.params}:
        shown = CliRunner().invoke(cli, [*words, "--print-config"])
        assert shown.exception is None, shown.exception
        assert shown.exit_code == 0


def test_options_that_are_not_there_would_be_seen():
    command, rest = command_of(["score", "a", "b", "--normalise", "as"])
    with pytest.raises(click.NoSuchOption):
        command.make_context("avkd", rest)
    assert list(avkd_words("FOO=1 grep x | avkd score - b.zarr > c && avkd check $d")) == [
        ["score", "-", "b.zarr"],
        ["check", "0"],
    ]
    assert list(avkd_words("accelerate launch --cpu -m avkd_cli distill x")) == [["distill", "x"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_command_in_running_text_exists(page):
    for code in re.findall(r"`avkd ([a-z][\w -]*)", ANY_BLOCK.sub("", page.read_text("utf-8"))):
        words = code.split()
        command_of(
            words[:2] if words[0] in ("corpus", "analyze") and "X" not in words else words[:1]
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in LINK.findall(ANY_BLOCK.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), f"{link} leaves the project"
        if anchor:
            assert anchor in headings(target.read_text("utf-8")), link


def test_the_readme_begins_with_the_two_commands():
    first = SHELL_BLOCK.search(README)[1]
    assert [" ".join(line.split()[:2]) for line in first.splitlines()] == [
        "make vox1_kd",
        "make test",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_has_the_targets_and_variables_that_pages_name(page):
    targets = set(re.findall(r"^([a-z0-9_-]+):", MAKEFILE, re.MULTILINE))
    for line in shell_lines(page):
        words = shlex.split(line, comments=True)
        for word in words[1:] if words[0] == "make" else []:
            variable, is_setting, _ = word.partition("=")
            assert f"$({variable})" in MAKEFILE if is_setting else word in targets, line


def test_variables_of_the_readme_are_the_makefiles():
    rows = re.findall(r"^\| (`[A-Z].*?) \|", README, re.MULTILINE)
    variables = re.findall(r"`([A-Z0-9_]+)`", " ".join(rows))
    assert {"WORK", "PRESET", "SEED", "PEOPLE", "VOXCELEB1"} <= set(variables)
    assert [name for name in variables if f"$({name})" not in MAKEFILE] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_has_every_command(name):
    assert f"| `avkd {name}` |" in README


def test_the_reference_has_every_command_and_is_fresh():
    module = reference()
    page = module.PAGE.read_text("utf-8")
    assert [path for path in every_command() if f"\n## {path}\n" not in page] == []
    assert page == module.page(), "docs/commands.md is stale: run python docs/make_reference.py"


def test_every_corpus_is_described():
    corpora = (ROOT / "docs/corpora.md").read_text("utf-8")
    names = [path.split()[-1] for path in every_command() if path.startswith("avkd corpus ")]
    assert [name for name in names if name not in corpora] == []


def test_every_network_and_every_distillation_option_is_explained():
    names = {*AUDIO_MODELS, *VISUAL_MODELS, *FUSION_MODELS}
    assert [name for name in sorted(names) if f"`{name}`" not in METHODS] == []
    flags = [f"--{field.name.replace('_', '-')}" for field in dataclasses.fields(DistillTerms)]
    assert [flag for flag in flags if flag not in METHODS] == []


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_that_are_named_exist(preset):
    assert preset_path(preset).is_file()
    assert f"(examples/presets/{preset}.toml)" in README


def test_exit_codes_are_those_of_the_errors():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {0, *(kind.exit_code for kind in kinds if hasattr(kind, "exit_code"))}
    codes |= set(errors.ANSWERS.values())
    assert codes_of_tables(README) == codes
    assert codes_of_tables(RELIABILITY) == codes | SIGNALS
    said = cli.help.partition("Exit codes:")[2]
    assert {int(number) for number in re.findall(r"\d+", said)} == codes


def test_reject_codes_are_a_closed_list():
    table = RELIABILITY.partition("## Records that cannot be used")[2].partition("\n## ")[0]
    cells = " ".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))
    named = re.findall(r"`([a-z_]+)`", cells)
    assert sorted(named) == sorted(errors.REJECT_CODES)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_examples_are_scripts_that_bash_can_read(script):
    assert script.stat().st_mode & 0o111, "not executable"
    subprocess.run(["bash", "-n", script], check=True)


def test_the_slurm_example_covers_every_partition_once(tmp_path):
    """Against a stand-in for sbatch that writes down what it is told to run."""
    stubs = {
        ".venv/bin/avkd": """echo '{"partitions": 7}'""",
        "bin/make": "true",
        "bin/sbatch": """printf '%s\\n' "$@" "" >> "$LOG"; echo 42""",
    }
    for name, text in stubs.items():
        stub = tmp_path / name
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(f"#!/bin/bash\n{text}\n")
        stub.chmod(0o755)
    values = {
        "VOXCELEB1": "v1",
        "VOXCELEB2": "v2",
        "WORK": "work",
        "TASKS": "3",
        "DETECTOR_WEIGHTS": "yunet.onnx",
    }
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    subprocess.run(
        ["bash", ROOT / "examples/slurm.sh"],
        cwd=tmp_path,
        check=True,
        env={**os.environ, **values, "PATH": path, "LOG": str(tmp_path / "log")},
    )
    jobs = (tmp_path / "log").read_text().strip().split("\n\n")
    arrays = [job for job in jobs if "--array=" in job]
    assert (len(jobs), len(arrays)) == (5, 2)
    for job in arrays:
        tasks = range(int(re.search(r"--array=0-(\d+)", job)[1]) + 1)
        script = re.search(r"--wrap=(.*)", job)[1].replace("exec ", "echo ")
        ran = [
            subprocess.run(
                ["bash", "-c", script],
                env={"SLURM_ARRAY_TASK_ID": str(task)},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for task in tasks
        ]
        spans = [re.search(r"--partitions (\d+):(\d+)", line).groups() for line in ran]
        assert sorted(n for a, b in spans for n in range(int(a), int(b))) == list(range(7))
    for job in jobs[:-1]:
        words = shlex.split(re.search(r"exec \S*/avkd (.*)", job)[1].replace("$first:$last", "0:1"))
        command, rest = command_of(words)
        command.make_context("avkd", rest)
    assert jobs[-1].splitlines()[-1].startswith("--wrap=cd ") and "exec make vox1_kd" in jobs[-1]
