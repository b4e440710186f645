"""`avkd corpus import`: lists of other toolkits."""

from pathlib import Path

import click

from avkd_cli.commands.corpus_lists import list_output, list_split


@click.command("import")
@click.argument("source", metavar="LIST", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "toolkit",
    type=click.Choice(["auto", "nemo", "lhotse", "speechbrain", "wespeaker"]),
    default="auto",
    show_default=True,
    help="Whose list it is; auto: told by its keys, and said.",
)
@click.option(
    "--supervisions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="With lhotse's recordings: who speaks when.",
)
@click.option(
    "--sample-rate",
    type=click.IntRange(1),
    default=16_000,
    show_default=True,
    help="Of SpeechBrain's start and stop, which count samples.",
)
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Paths are relative to this folder and stay inside.  [default: LIST's folder]",
)
@list_split
@list_output
def import_(
    source: Path,
    toolkit: str,
    supervisions: Path | None,
    sample_rate: int,
    root: Path | None,
    split: str,
    **output,
) -> None:
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
    from avkd_cli.steps.corpus import write_listing

    listing = list_toolkit(
        source,
        None if toolkit == "auto" else toolkit,
        root=root,
        split=split,
        supervisions=supervisions,
        sample_rate=sample_rate,
    )
    write_listing(listing, root or source.parent, **output)
