"""What a command prints of what it made: a line for the next command, or words for a person.

Loaded for `--help`: click and the standard library only.
"""

import sys

import click

MANIFEST = "avkd.manifest"  # where click's context keeps --manifest: of no step


def keep_manifest(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    """Remember that the manifest is to be printed."""
    ctx.meta[MANIFEST] = asked


manifest = click.option(
    "--manifest",
    is_flag=True,
    expose_value=False,
    callback=keep_manifest,
    help="Print the store's manifest, one JSON line, on a terminal as well; in a pipe it always "
    "is.",
)


def print_line(value: dict | None) -> None:
    """Print one JSON line on stdout: a store's manifest or a run. None prints nothing."""
    import json

    if value is not None:
        sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n")
        sys.stdout.flush()


NEXT = {
    "avkd.audio": "avkd train-teacher --modality audio {path} -o runs/audio",
    "avkd.faces": "avkd train-teacher --modality visual {path} -o runs/visual",
    "avkd.embeddings": "avkd score TRIALS {path} -o base.scores",
    "avkd.standin": "avkd prep-audio {path}/people.jsonl -o audio.zarr",
}


def print_store(value: dict | None) -> None:
    """Print a store's manifest into a pipe or where it is asked for, else what it holds in words.

    None, of a run that publishes nothing, prints nothing.
    """
    asked = click.get_current_context().meta.get(MANIFEST)
    if value is None or "counts" not in value or asked or not sys.stdout.isatty():
        print_line(value)
    else:
        click.echo(described(value))


def described(value: dict) -> str:
    """Return in a sentence what a store holds, and what may be done next."""
    path, counts = value["path"], value["counts"]
    held = [f"{counts[one]:,} {one}" for one in ("utterances", "persons") if counts.get(one)]
    text = f"{path}: {' of '.join(held)}"
    if counts.get("without_face"):
        text += f", {counts['without_face']:,} without a face"
    if counts.get("rejected"):
        text += f"; {counts['rejected']:,} rejected, see {path}/rejects.jsonl"
    then = NEXT.get(value.get("format", ""), "avkd check {path}").format(path=path)
    return f"{text}. Next: {then}"


def print_run(line: dict) -> None:
    """Print the line of a training into a pipe, from the first process only.

    A person at a terminal has been told already how it ended.
    """
    from avkd_cli.training.processes import rank

    if rank() == 0 and ("dry_run" in line or not sys.stdout.isatty()):
        print_line(line)


def resolved(argument: str) -> str:
    """Return a store's path; `-` is the manifest line that a command printed into the pipe."""
    if argument != "-":
        return argument
    from avkd_cli.storage.store import resolve_input

    return str(resolve_input(argument))
