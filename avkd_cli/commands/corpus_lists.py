"""The commands of `avkd corpus` that list what lies on a disk."""

from pathlib import Path

import click

from avkd_cli import options

_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
list_split = click.option("--split", default="", metavar="NAME", help="Split of all utterances.")
_OUTPUT = (
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE.jsonl",
        help="List to write; its paths are relative to its folder.  "
        "[default: stdout, with absolute paths]",
    ),
    click.option(
        "--report",
        "report_file",
        type=click.Path(path_type=Path),
        metavar="FILE.json",
        help="What was found, missing, unreadable or there twice.",
    ),
    click.option(
        "--strict", is_flag=True, help="Stop if anything is missing, unreadable or there twice."
    ),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing where all is well."),
)


def list_output(command):
    """Add the options of every command that writes a list."""
    return options.apply(_OUTPUT, command)


def _metadata(name: str):
    return click.option(
        "--meta",
        "metadata",
        type=click.Path(path_type=Path),
        metavar=name,
        help=f"Sexes, names and sets.  [default: {name} in DIR or above]",
    )


@click.command()
@_folder
@_metadata("vox1_meta.csv")
@list_split
@list_output
def voxceleb1(folder: Path, metadata: Path | None, split: str, **output) -> None:
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
    from avkd_cli.steps.corpus import write_listing

    write_listing(list_voxceleb(folder, 1, metadata=metadata, split=split), folder, **output)


@click.command()
@_folder
@_metadata("vox2_meta.csv")
@list_split
@list_output
def voxceleb2(folder: Path, metadata: Path | None, split: str, **output) -> None:
    """List VoxCeleb2 in DIR, as far as it is there.

    Takes aac/ (m4a, or wav if converted), mp4/, frames, and the track files txt/ as boxes, at any
    place down to four levels, and joins them. The dev set is split train.

    \b
    Example:
        avkd corpus voxceleb2 /data/voxceleb2 -o vox2.jsonl --report vox2-report.json
    """
    from avkd_cli.corpora.voxceleb import list_voxceleb
    from avkd_cli.steps.corpus import write_listing

    write_listing(list_voxceleb(folder, 2, metadata=metadata, split=split), folder, **output)


@click.command()
@_folder
@list_split
@list_output
def cnceleb(folder: Path, split: str, **output) -> None:
    """List CN-Celeb1 or CN-Celeb2 in DIR (data/, eval/, dev/), with the ids of its lists.

    \b
    Example:
        avkd corpus cnceleb /data/CN-Celeb_flac -o cnceleb.jsonl
    """
    from avkd_cli.corpora.cnceleb import list_cnceleb
    from avkd_cli.steps.corpus import write_listing

    write_listing(list_cnceleb(folder, split=split), folder, **output)


@click.command()
@_folder
@click.option(
    "--calm",
    type=click.Choice(["merge", "keep", "drop"]),
    default="merge",
    show_default=True,
    help="Merge calm into neutral, keep it, or drop it.",
)
@click.option(
    "--channel",
    type=click.Choice(["both", "speech", "song"]),
    default="both",
    show_default=True,
    help="Speech, song or both.",
)
@list_split
@list_output
def ravdess(folder: Path, calm: str, channel: str, split: str, **output) -> None:
    """List RAVDESS in DIR; emotion, actor and the rest are read from the files' names.

    \b
    Example:
        avkd corpus ravdess /data/ravdess --channel speech -o ravdess.jsonl
    """
    from avkd_cli.corpora.ravdess import list_ravdess
    from avkd_cli.steps.corpus import write_listing

    write_listing(list_ravdess(folder, calm=calm, channel=channel, split=split), folder, **output)


@click.command()
@_folder
@click.option("--video", is_flag=True, help="Name the dialogues' films, with start and end.")
@click.option(
    "--left",
    type=click.Choice(("female", "male", "marked", "unmarked")),
    help="With --video: who is on the left half, she, he, who wears the markers (the letter in "
    "the dialogue's name), or the other one.  [default: none; both faces are found]",
)
@click.option(
    "--preview",
    type=click.Path(path_type=Path),
    metavar="FILE.jpg",
    help="With --left: draw some frames with the half that is taken for the speaker's.",
)
@click.option(
    "--four", is_flag=True, help="Only neutral, happy (with excited), sad and angry utterances."
)
@list_split
@list_output
def iemocap(
    folder: Path,
    video: bool,
    left: str | None,
    preview: Path | None,
    four: bool,
    split: str,
    **output,
) -> None:
    """List IEMOCAP in DIR (Session1 to Session5); the fold is the session.

    Both actors are seen on a dialogue's film. Look at --preview before you trust a --left: the
    frame must be around the one who speaks.

    \b
    Example:
        avkd corpus iemocap /data/IEMOCAP_full_release --four -o iemocap.jsonl
    """
    from avkd_cli.corpora.iemocap import list_iemocap
    from avkd_cli.steps.corpus import write_listing
    from avkd_cli.steps.corpus_preview import draw_halves

    if (left or preview) and not video:
        raise click.UsageError("--left and --preview are of the films: pass --video")
    if preview and not left:
        raise click.UsageError("--preview shows the halves that --left names: pass --left")
    if preview:
        draw_halves(list_iemocap(folder, video=True, four=four, left=left)[0], folder, preview)
    listing = list_iemocap(folder, video=video, four=four, left=left or "", split=split)
    write_listing(listing, folder, **output)


@click.command()
@_folder
@list_split
@list_output
def kaldi(folder: Path, split: str, **output) -> None:
    """List a Kaldi data directory DIR: wav.scp, utt2spk, and segments and spk2gender if there.

    A command in wav.scp (anything with a |) is refused and reported, never run; write its output
    to a file first.

    \b
    Example:
        avkd corpus kaldi data/voxceleb1_test --split test -o test.jsonl
    """
    from avkd_cli.corpora.kaldi import list_kaldi
    from avkd_cli.steps.corpus import write_listing

    write_listing(list_kaldi(folder, split=split), folder, **output)


@click.command()
@_folder
@list_split
@list_output
def folder(folder: Path, split: str, **output) -> None:
    """List any folder of people: DIR/person/…/file.

    Sound, film and pictures of one stem are joined, also where they lie in folders called audio,
    wav, mp4, faces and the like. The id is the path without its suffix, the session what is
    between person and file.

    \b
    Example:
        avkd corpus folder recordings/ -o people.jsonl
    """
    from avkd_cli.corpora.folder import list_folder
    from avkd_cli.steps.corpus import write_listing

    write_listing(list_folder(folder, split=split), folder, **output)


_COLUMNS = tuple(
    click.option(f"--{field}", metavar="COLUMN", help=f"Column of {what}.  [default: {field}]")
    for field, what in {
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
    }.items()
)


@click.command("csv")
@click.argument("table", metavar="FILE", type=click.Path(path_type=Path))
@lambda command: options.apply(_COLUMNS, command)
@click.option("--set-split", default="", metavar="NAME", help="Split of all utterances.")
@click.option(
    "--root",
    type=click.Path(path_type=Path),
    help="Paths are relative to this folder and stay inside.  [default: FILE's folder]",
)
@click.option(
    "--encoding",
    type=options.Encoding(),
    metavar="NAME",
    help="Of the text, such as cp1252 of spreadsheets on Windows.  [default: UTF-8, or UTF-16 "
    "where it says so]",
)
@list_output
def csv(table: Path, set_split: str, root: Path | None, encoding: str | None, **columns) -> None:
    """List the rows of a table: comma, TAB or semicolon, column names in the first line.

    Name the columns that are called otherwise than here; all others are kept in the list.
    Decimal commas and backslashes in paths are read, and said.

    \b
    Example:
        avkd corpus csv chimera54_manifest.csv --id sample --person identity \\
            --audio voice --images face --split split --root ../data -o people.jsonl
    """
    from avkd_cli.corpora.columns import list_csv
    from avkd_cli.steps.corpus import write_listing

    output = {name: columns.pop(name) for name in ("output", "report_file", "strict", "quiet")}
    named = {field: name for field, name in columns.items() if name is not None}
    listing = list_csv(table, named, root=root, split=set_split, encoding=encoding)
    write_listing(listing, root or table.parent, **output)
