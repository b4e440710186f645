"""`avkd corpus import`: lists of other toolkits."""

from pathlib import Path

import click

from avkd_cli.commands.corpus_lists import list_split, writes_list
from avkd_cli.options import choice, number, path, root


@click.command("import")
@click.argument("source", metavar="LIST", type=click.Path(path_type=Path))
@choice(
    "--from toolkit",
    ["auto", "nemo", "lhotse", "speechbrain", "wespeaker"],
    "Whose list it is; auto: told by its keys, and said.",
    default="auto",
)
@path("--supervisions", "FILE", "With lhotse's recordings: who speaks when.")
@number("--sample-rate", "Of SpeechBrain's start and stop, which count samples.", 16_000, least=1)
@root("LIST")
@list_split
@writes_list
def import_(source: Path, toolkit: str, root: Path | None, **asked) -> tuple:
    """List the recordings that LIST, of another toolkit, names.

    NeMo: audio_filepath, label, offset, duration, channel_selector. lhotse: cuts, or recordings
    with --supervisions. SpeechBrain: the CSV or JSON with ID, wav, spk_id, start, stop.
    WeSpeaker: raw.list with key, wav, spk. JSON Lines, a JSON array, or either gzipped. Offset,
    duration and channel become start, end and audio_channel; other keys are kept. A mix of
    recordings, a command, features without sound are reported and left out.

    \b
    Example:
        avkd corpus import manifest.json --root /data -o people.jsonl
        avkd corpus import cuts.jsonl.gz -o people.jsonl
        avkd corpus import recordings.jsonl --supervisions supervisions.jsonl -o people.jsonl
    """
    from avkd_cli.corpora.toolkits import list_toolkit

    listing = list_toolkit(source, None if toolkit == "auto" else toolkit, root=root, **asked)
    return listing, root or source.parent
