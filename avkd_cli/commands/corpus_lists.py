"""The commands of `avkd corpus` that list what lies on a disk, or what another list names."""

import functools
from collections.abc import Callable
from pathlib import Path

import click

from avkd_cli import options
from avkd_cli.options import choice, flag, number, path, text, together

list_split = text("--split", "NAME", "Split of all utterances.", default="")
OUTPUT = (
    path(
        "-o --output",
        "FILE.jsonl",
        "List to write; its paths are relative to its folder.  "
        "[default: stdout, with absolute paths]",
    ),
    path(
        "--report report_file", "FILE.json", "What was found, missing, unreadable or there twice."
    ),
    flag("--strict", "Stop if anything is missing, unreadable or there twice."),
    flag("-q --quiet", "Say nothing where all is well."),
)


def writes_list(command: Callable[..., tuple]) -> Callable:
    """Add the options of every command that lists: it returns the listing and its paths' folder."""

    @functools.wraps(command)
    def written(output: Path | None, report_file: Path | None, strict: bool, quiet: bool, **asked):
        from avkd_cli.steps.corpus import write_listing

        listing, base = command(**asked)
        write_listing(listing, base, output, report_file=report_file, strict=strict, quiet=quiet)

    return together(*OUTPUT)(written)


lists_folder = together(
    click.argument("folder", metavar="DIR", type=click.Path(path_type=Path)),
    list_split,
    writes_list,
)


def _metadata(name: str):
    return path(
        "--meta metadata", name, f"Sexes, names and sets.  [default: {name} in DIR or above]"
    )


@click.command()
@_metadata("vox1_meta.csv")
@lists_folder
def voxceleb1(folder: Path, **asked) -> tuple:
    """List VoxCeleb1 in DIR, as far as it is there.

    Takes wav/, dev/wav/ and test/wav/, the still faces unzippedFaces/<Name>/1.6/<video>/*.jpg
    (named by vox1_meta.csv) and mp4/, at any place down to four levels, and joins them. Ids are
    those of the trial lists, id10270/5r0dWxy17C8/00001. The dev set is split train, the 40 test
    people are split test; the lists E and H need all people: --split test.

    \b
    Example:
        avkd corpus voxceleb1 /data/voxceleb1 --split test -o vox1.jsonl
    """
    from avkd_cli.corpora.voxceleb import list_voxceleb

    return list_voxceleb(folder, 1, **asked), folder


@click.command()
@_metadata("vox2_meta.csv")
@lists_folder
def voxceleb2(folder: Path, **asked) -> tuple:
    """List VoxCeleb2 in DIR, as far as it is there.

    Takes aac/ (m4a, or wav if converted), mp4/, frames, and the track files txt/ as boxes, at any
    place down to four levels, and joins them. The dev set is split train.

    \b
    Example:
        avkd corpus voxceleb2 /data/voxceleb2 -o vox2.jsonl --report vox2-report.json
    """
    from avkd_cli.corpora.voxceleb import list_voxceleb

    return list_voxceleb(folder, 2, **asked), folder


@click.command()
@lists_folder
def cnceleb(folder: Path, **asked) -> tuple:
    """List CN-Celeb1 or CN-Celeb2 in DIR (data/, eval/, dev/), with the ids of its lists.

    \b
    Example:
        avkd corpus cnceleb /data/CN-Celeb_flac -o cnceleb.jsonl
    """
    from avkd_cli.corpora.cnceleb import list_cnceleb

    return list_cnceleb(folder, **asked), folder


@click.command()
@choice(
    "--calm",
    ["merge", "keep", "drop"],
    "Merge calm into neutral, keep it, or drop it.",
    default="merge",
)
@choice("--channel", ["both", "speech", "song"], "Speech, song or both.", default="both")
@lists_folder
def ravdess(folder: Path, **asked) -> tuple:
    """List RAVDESS in DIR; emotion, actor and the rest are read from the files' names.

    \b
    Example:
        avkd corpus ravdess /data/ravdess --channel speech -o ravdess.jsonl
    """
    from avkd_cli.corpora.ravdess import list_ravdess

    return list_ravdess(folder, **asked), folder


@click.command()
@flag("--video", "Name the dialogues' films, with start and end.")
@choice(
    "--left",
    ("female", "male", "marked", "unmarked"),
    "With --video: who is on the left half, she, he, who wears the markers (the letter in "
    "the dialogue's name), or the other one.  [default: none; both faces are found]",
)
@path(
    "--preview",
    "FILE.jpg",
    "With --left: draw some frames with the half that is taken for the speaker's.",
)
@flag("--four", "Only neutral, happy (with excited), sad and angry utterances.")
@lists_folder
def iemocap(
    folder: Path, video: bool, left: str | None, preview: Path | None, four: bool, split: str
) -> tuple:
    """List IEMOCAP in DIR (Session1 to Session5); the fold is the session.

    Both actors are seen on a dialogue's film. Look at --preview before you trust a --left: the
    frame must be around the one who speaks.

    \b
    Example:
        avkd corpus iemocap /data/IEMOCAP_full_release --four -o iemocap.jsonl
    """
    from avkd_cli.corpora.iemocap import list_iemocap
    from avkd_cli.steps.corpus_preview import draw_halves

    if (left or preview) and not video:
        raise click.UsageError("--left and --preview are of the films: pass --video")
    if preview and not left:
        raise click.UsageError("--preview shows the halves that --left names: pass --left")
    if preview:
        draw_halves(list_iemocap(folder, video=True, four=four, left=left)[0], folder, preview)
    return list_iemocap(folder, video=video, four=four, left=left or "", split=split), folder


@click.command()
@lists_folder
def kaldi(folder: Path, **asked) -> tuple:
    """List a Kaldi data directory DIR: wav.scp, utt2spk, and segments and spk2gender if there.

    A command in wav.scp (anything with a |) is refused and reported, never run; write its output
    to a file first.

    \b
    Example:
        avkd corpus kaldi data/voxceleb1_test --split test -o test.jsonl
    """
    from avkd_cli.corpora.kaldi import list_kaldi

    return list_kaldi(folder, **asked), folder


@click.command()
@lists_folder
def folder(folder: Path, **asked) -> tuple:
    """List any folder of people: DIR/person/…/file.

    Sound, film and pictures of one stem are joined, also where they lie in folders called audio,
    wav, mp4, faces and the like. The id is the path without its suffix, the session what is
    between person and file.

    \b
    Example:
        avkd corpus folder recordings/ -o people.jsonl
    """
    from avkd_cli.corpora.folder import list_folder

    return list_folder(folder, **asked), folder


COLUMNS = {
    "id": "the utterance's id",
    "person": "who it is",
    "session": "what was recorded together",
    "audio": "the sound file",
    "video": "the film",
    "images": "a picture or a folder of pictures",
    "boxes": "the track file",
    "start": "the first second",
    "end": "the last second",
    "split": "the split",
    "sex": "the sex",
}


def encoding(value: str) -> str:
    """Return the name of an encoding of text, as Python knows it."""
    try:
        "a".encode(value)  # base64 and the like are codecs, too, but of no text
    except LookupError:
        raise click.BadParameter(
            f"{value!r} is no encoding of text; cp1252 or utf-16 are"
        ) from None
    return value


@click.command("csv")
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@together(
    *(text(f"--{f}", "COLUMN", f"Column of {what}.  [default: {f}]") for f, what in COLUMNS.items())
)
@text("--set-split", "NAME", "Split of all utterances.", default="")
@options.root("FILE")
@text(
    "--encoding",
    "NAME",
    "Of the text, such as cp1252 of spreadsheets on Windows.  [default: UTF-8, or UTF-16 "
    "where it says so]",
    type=encoding,
)
@writes_list
def csv(table: Path, set_split: str, root: Path | None, encoding: str | None, **columns) -> tuple:
    """List the rows of a table: comma, TAB or semicolon, column names in the first line.

    Name the columns that are called otherwise than here; all others are kept in the list.
    Decimal commas and backslashes in paths are read, and said.

    \b
    Example:
        avkd corpus csv chimera54_manifest.csv --id sample --person identity \\
            --audio voice --images face --split split --root ../data -o people.jsonl
    """
    from avkd_cli.corpora.columns import list_csv

    named = {field: name for field, name in columns.items() if name is not None}
    listing = list_csv(table, named, root=root, split=set_split, encoding=encoding)
    return listing, root or table.parent


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
@options.root("LIST")
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
