"""What commands that make a store print: its manifest into a pipe, else a sentence."""

import json

import click
import pytest
from click.testing import CliRunner

from avkd_cli import pipes

MANIFEST = {
    "format": "avkd.faces",
    "path": "faces.zarr",
    "counts": {"utterances": 1200, "persons": 40, "rejected": 2, "without_face": 7},
}


@click.command()
@pipes.manifest
def make() -> None:
    """Make a store."""
    pipes.print_store(MANIFEST)


@pytest.mark.parametrize(
    ("terminal", "args", "line"),
    [(False, [], True), (True, [], False), (True, ["--manifest"], True)],
)
def test_a_pipe_gets_the_manifest_and_a_person_a_sentence(monkeypatch, terminal, args, line):
    class Out(click.testing._NamedTextIOWrapper):
        def isatty(self):
            return terminal

    monkeypatch.setattr(click.testing, "_NamedTextIOWrapper", Out)
    out = CliRunner().invoke(make, args).stdout
    if line:
        assert json.loads(out) == MANIFEST
    else:
        assert out == (
            "faces.zarr: 1,200 utterances of 40 persons, 7 without a face; 2 rejected, see "
            "faces.zarr/rejects.jsonl. Next: avkd train-teacher --modality visual faces.zarr "
            "-o runs/visual\n"
        )


def test_a_store_without_a_usual_next_step_may_be_checked():
    value = {"format": "avkd.sequences", "path": "s.zarr", "counts": {"utterances": 3}}
    assert pipes.described(value) == "s.zarr: 3 utterances. Next: avkd check s.zarr"


def test_the_step_that_is_named_next_is_a_command_line_of_avkd():
    from avkd_cli.cli import COMMANDS

    assert all(text.split()[:1] == ["avkd"] for text in pipes.NEXT.values())
    assert {text.split()[1] for text in pipes.NEXT.values()} <= COMMANDS.keys()
