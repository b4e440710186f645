"""Promise 5 of docs/reliability.md: each reader is fed a thing it does not know, and names it.

What is named may be an error, a warning, a reject or a line of a report: never nothing.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile
from PIL import Image

from avkd_cli.cli import cli
from avkd_cli.errors import AvkdError

Plant = Callable[[Path], list[object]]


def sound(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(0, 0.1, 12_000)
    soundfile.write(path, noise.astype(np.float32), 16_000)
    return path


def face(path: Path, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def lines(path: Path, *rows: dict) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def text(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def of_list(folder: Path, **keys: object) -> list[object]:
    sound(folder / "a.wav")
    listed = lines(folder / "l.jsonl", {"id": "a", "person": "p", "audio": "a.wav"} | keys)
    return ["prep-audio", listed, "-o", folder / "a.zarr", "--workers", 0]


def of_media(folder: Path, name: str, data: bytes, key: str = "audio") -> list[object]:
    (folder / name).write_bytes(data)
    listed = lines(folder / "l.jsonl", {"id": "a", key: name})
    if key == "audio":
        return ["prep-audio", listed, "-o", folder / "a.zarr", "--workers", 0]
    return ["crop-faces", listed, "-o", folder / "f.zarr", "--detector", "none", "--workers", 0]


def store(folder: Path, **arrays: object) -> list[object]:
    vectors = np.eye(3, dtype=np.float32)
    np.savez(folder / "e.npz", id=np.array(["a", "b", "c"]), embedding=vectors, **arrays)
    return ["extract-embeddings", "--from", folder / "e.npz", "-o", folder / "e.zarr"]


def scores(folder: Path, content: str) -> Path:
    return text(folder / "s.scores", content)


CASES: dict[str, tuple[Plant, str]] = {
    # Lists of utterances.
    "a key that is nearly ours": (lambda f: of_list(f, sesion="x"), "sesion"),
    "a key of another toolkit": (lambda f: of_list(f, offset=0.1), "offset"),
    "a path with a scheme": (lambda f: of_list(f, audio="s3://bucket/a.wav"), "s3"),
    "an object of entries": (
        lambda f: ["prep-audio", text(f / "l.json", '{"a": {"wav": "a.wav"}}'), "-o", f / "a.zarr"],
        "one JSON object",
    ),
    # Media, by content.
    "sound of another kind": (lambda f: of_media(f, "a.wav", b".snd" + bytes(99)), "'au'"),
    "a playlist": (lambda f: of_media(f, "a.wav", b"#EXTM3U\na.wav\n"), "'hls playlist'"),
    "a picture of another kind": (
        lambda f: of_media(f, "a.jpg", b"8BPS" + bytes(99), "images"),
        "psd",
    ),
    "a film of another kind": (
        lambda f: of_media(f, "a.mp4", b"0&\xb2u\x8ef\xcf\x11" + bytes(999), "video"),
        "asf",
    ),
    # Trees and tables.
    "a file of another suffix": (lambda f: ["corpus", "folder", _people(f, "p/b.wma")], ".wma"),
    "a person without anything that is read": (
        lambda f: ["corpus", "folder", _people(f, "quentin/b.wma")],
        "quentin",
    ),
    "a workbook": (
        lambda f: ["corpus", "csv", _bytes(f / "t.csv", b"PK\3\4" + bytes(50))],
        ".xlsx",
    ),
    "letters of another encoding": (
        lambda f: ["corpus", "csv", _bytes(f / "t.csv", "id;person\n1;Jürgen".encode("cp1252"))],
        "cp1252",
    ),
    "a command in wav.scp": (lambda f: ["corpus", "kaldi", _kaldi(f, "u1 sox x |")], "a command"),
    "a file of a Kaldi directory": (
        lambda f: ["corpus", "kaldi", _kaldi(f, "u1 a.wav", "reco2file_and_channel")],
        "reco2file_and_channel",
    ),
    "a mix of recordings": (
        lambda f: [
            "corpus",
            "import",
            lines(f / "c.jsonl", {"id": "m", "type": "MixedCut", "tracks": []}),
        ],
        "MixedCut",
    ),
    "a list of nobody we know": (
        lambda f: ["corpus", "import", lines(f / "c.jsonl", {"file": "a", "speaker": "b"})],
        "file, speaker",
    ),
    # Trials and scores.
    "a label": (lambda f: ["analyze", "metrics", scores(f, "a b 0.5 maybe\n")], "maybe"),
    "a column": (lambda f: ["analyze", "compare", _csv(f), _csv(f)], "speaker_one"),
    "a score that is no number": (
        lambda f: ["analyze", "metrics", scores(f, "a b 1e400 target\n")],
        "1e400",
    ),
    "an id of a trial": (
        lambda f: [*_stored(f), text(f / "t.txt", "1 a nobody\n0 a b\n"), f / "e.zarr"],
        "nobody",
    ),
    "a model of an enrolment map": (
        lambda f: [
            *_stored(f),
            text(f / "t.txt", "1 m b\n0 m c\n"),
            f / "e.zarr",
            "--enrol-map",
            text(f / "m.txt", "m a stranger\n"),
        ],
        "stranger",
    ),
    # Embeddings.
    "an array": (lambda f: store(f, moods=np.zeros(3)), "moods"),
    "pickled objects": (
        lambda f: store(f, person=np.array([{}, {}, {}], dtype=object)),
        "not an .npz of plain",
    ),
    "a command in an .scp": (
        lambda f: [
            "extract-embeddings",
            "--from",
            text(f / "x.scp", "a cat x.ark |\n"),
            "-o",
            f / "e.zarr",
        ],
        "a command",
    ),
    "a compressed matrix": (
        lambda f: [
            "extract-embeddings",
            "--from",
            _bytes(f / "x.ark", b"a \0BCM " + bytes(20)),
            "-o",
            f / "e.zarr",
        ],
        "'CM'",
    ),
    # Settings.
    "a setting": (
        lambda f: [
            *f"prep-audio l.jsonl -o {f}/a.zarr --config".split(),
            text(f / "s.toml", "[prep-audio]\nn-mel = 40\n"),
        ],
        "n-mel",
    ),
    "a table of settings": (
        lambda f: [
            *f"prep-audio l.jsonl -o {f}/a.zarr --config".split(),
            text(f / "s.toml", "[prepaudio]\n"),
        ],
        "prepaudio",
    ),
    "a folder that is no store": (
        lambda f: ["check", _manifest(f, {"format": "avkd.embeddings", "version": 99})],
        "x.zarr",
    ),
    "a store of another kind": (
        lambda f: ["score", text(f / "t.txt", "1 a b\n0 a c\n"), _sounds(f)],
        "avkd.audio",
    ),
}


def _people(folder: Path, other: str) -> Path:
    sound(folder / "people/p/a.wav")
    (folder / "people" / other).parent.mkdir(exist_ok=True)
    (folder / "people" / other).write_bytes(b"x")
    return folder / "people"


def _bytes(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _kaldi(folder: Path, scp: str, *others: str) -> Path:
    sound(folder / "k/a.wav")
    text(folder / "k/wav.scp", scp + "\nu2 a.wav\n")
    text(folder / "k/utt2spk", "u1 p\nu2 p\n")
    for name in others:
        text(folder / "k" / name, "x\n")
    return folder / "k"


def _csv(folder: Path) -> Path:
    return text(folder / "s.csv", "speaker_one,speaker_two,score,label\na,b,0.1,1\na,c,0.2,0\n")


def _stored(folder: Path) -> list[object]:
    words = store(folder)
    cli.main([*map(str, words), "-q"], prog_name="avkd", standalone_mode=False)
    return ["score"]


def _sounds(folder: Path) -> Path:
    words = [*of_list(folder), "-q"]
    cli.main([*map(str, words)], prog_name="avkd", standalone_mode=False)
    return folder / "a.zarr"


def _manifest(folder: Path, manifest: dict) -> Path:
    (folder / "x.zarr").mkdir()
    (folder / "x.zarr" / "avkd.json").write_text(json.dumps(manifest))
    return folder / "x.zarr"


@pytest.mark.parametrize("what", CASES)
def test_what_a_reader_does_not_know_is_named(what, tmp_path, capsys):
    plant, name = CASES[what]
    words = [str(word) for word in plant(tmp_path)]
    said = ""
    try:
        cli.main(words, prog_name="avkd", standalone_mode=False)
    except (AvkdError, click.ClickException) as error:
        said = error.format_message() if isinstance(error, click.ClickException) else str(error)
    out, err = capsys.readouterr()
    assert name in said + err or (words[0] == "check" and name in out)
    said += err
    assert all(len(line) < 1000 for line in said.splitlines())


def test_a_message_never_lists_ten_thousand_names(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["avkd"])  # a manifest tells the command line, here pytest's
    many = [f"name-{number:05}" for number in range(10_000)]
    sound(tmp_path / "a.wav")
    listed = lines(tmp_path / "l.jsonl", *({"id": n, "person": n, "split": n} for n in many))
    table = text(tmp_path / "t.csv", ",".join(many) + "\n" + ",".join(many) + "\n")
    trials = text(tmp_path / "t.txt", "".join(f"{n % 2} a {name}\n" for n, name in enumerate(many)))
    stored = _stored(tmp_path)
    capsys.readouterr()  # a manifest, which names every library that is loaded by now
    for words in (
        ["corpus", "trials", listed, "--split", "x"],
        ["corpus", "split", listed, "--only", "x"],
        ["corpus", "folds", listed],
        ["corpus", "csv", table],
        ["corpus", "check", listed],
        ["prep-audio", listed, "-o", tmp_path / "a.zarr", "--workers", 0],
        [*stored, trials, tmp_path / "e.zarr"],
    ):
        try:
            cli.main([*map(str, words)], prog_name="avkd", standalone_mode=False)
        except AvkdError as error:
            assert len(str(error)) < 1000, words
        out, err = capsys.readouterr()
        assert all(len(line) < 1000 for line in (out + err).splitlines()), words


def test_bytes_that_are_no_header_are_not_read_as_numbers(tmp_path, capsys):
    head = struct.pack("<4sI4s", b"RIFF", 99, b"WAVE") + b"LIST" + struct.pack("<I", 4) + b"abcd"
    words = of_media(tmp_path, "a.wav", head)
    with pytest.raises(AvkdError, match="truncated"):
        cli.main([str(word) for word in words], prog_name="avkd", standalone_mode=False)
