"""`avkd export`."""

import json
from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.options import flag, path, source, text


@click.command("export")
@click.argument("run", type=options.run_folder)
@path("-o --output", "FILE.onnx", "Graph to make.", required=True)
@source(
    "--check",
    "PATH",
    "Hold it against the run on these: recordings, lists of utterances, or a store of faces; "
    "again for more.  [default: drawn ones]",
    multiple=True,
)
@text(
    "--licence", "TEXT", "Of the weights, for the file's metadata, such as CC-BY-4.0.", default=""
)
@flag("--overwrite", "Replace an export of another run.")
@flag("-q --quiet", "Only warnings and errors.")
def export(run: Path, output: Path, **asked) -> None:
    """Write the network of RUN, of one sense, as an ONNX file.

    It takes 16 kHz samples of any length, or aligned face crops, and gives embeddings: the front
    end is in the graph, so onnxruntime runs it without torch and without avkd. Before anything is
    written its embeddings are held against the run's (cosine at least 0.99999), on recordings that
    --check names. The file says what it takes, what it was trained on (the run's card), the
    licence of its weights, and what came of the check; no name of a person is in it. Needs
    onnxscript: pip install 'avkd[export]'.

    \b
    Example:
        avkd export runs/student -o student.onnx --check people.jsonl --licence CC-BY-4.0
        avkd export runs/face -o face.onnx --check faces.zarr
    """
    from avkd_cli.steps.export import export as step

    click.echo(json.dumps(step(run, output, **asked)))
