"""What the analyses share: how a result is shown, and their common options."""

import sys
from collections.abc import Callable
from pathlib import Path

import click

trial_list = click.option(
    "--trials", type=click.Path(path_type=str, allow_dash=True), metavar="LIST",
    help="Trial list to take labels from, where score files have none.",
)  # fmt: skip
people_list = click.option(
    "--people", type=click.Path(path_type=str), metavar="LIST.jsonl",
    help="List of utterances that says who is who.  [default: the first part of each id]",
)  # fmt: skip
plot_file = click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE.svg|png|pdf",
    callback=lambda _ctx, _param, path: checked_suffix(path), help="Draw a picture.",
)  # fmt: skip
corpus_name = click.option(
    "--corpus", metavar="NAME",
    help="Corpus, said first and last; 'stand-in' says that nobody in it is real.",
)  # fmt: skip

PICTURES = (".svg", ".png", ".pdf")


def checked_suffix(path: Path | None) -> Path | None:
    """Refuse a picture's file name that names no known format."""
    if path is not None and path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{str(path)!r} ends in none of {', '.join(PICTURES)}")
    return path


def show(result: dict, as_text: Callable[[dict], str], as_json: bool) -> None:
    """Print a table on a terminal, one JSON object in a pipe or when asked."""
    import json

    if as_json or not sys.stdout.isatty():
        text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False)
    else:
        text = as_text(result)
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()
