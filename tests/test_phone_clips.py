"""A folder as telephones fill it: what is listed is read, whatever its form; the rest is told."""

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from avkd_cli.cli import cli
from avkd_cli.config import CropFacesConfig, Execution, PrepAudioConfig
from avkd_cli.steps.crop_faces import crop_faces
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.storage.store import open_store

HERE = Execution(workers=0, quiet=True)
SOUND = {  # suffix: codec, rate, container where the suffix does not say it
    "m4a": ("aac", 44_100, None),
    "mp3": ("mp3", 44_100, None),
    "oga": ("flac", 16_000, "ogg"),
    "opus": ("libopus", 48_000, "ogg"),
    "amr": ("libopencore_amrnb", 8_000, None),
    "caf": ("alac", 44_100, None),
    "aiff": ("pcm_s16be", 44_100, None),
    "wav": ("pcm_s16le", 44_100, None),
}
FILMS = {"mp4": None, "m4v": "mp4", "mov": None, "3gp": "mp4", "mkv": None, "mts": "mpegts"}
PICTURES = ("jpg", "png", "webp", "bmp", "tiff", "pgm")


def write(path: Path, codec: str, rate: int, form: str | None, film: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(len(path.name)).normal(0, 0.1, rate).astype(np.float32)
    with av.open(str(path), "w", format=form) as file:
        sound = file.add_stream(codec, rate=rate, layout="mono")
        if film:
            frames = file.add_stream("mpeg4" if form != "mpegts" else "mpeg2video", rate=25)
            frames.width = frames.height = 64
            frames.pix_fmt = "yuv420p"
            for _ in range(25):
                grey = np.full((64, 64, 3), 90, np.uint8)
                file.mux(frames.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            file.mux(frames.encode(None))
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        kind = sound.codec_context.codec.audio_formats[0].name
        resampler = av.AudioResampler(kind, "mono", rate)
        for packed in [*resampler.resample(frame), *resampler.resample(None)]:
            file.mux(sound.encode(packed))
        file.mux(sound.encode(None))


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Each form once, of people with umlauts and blanks in their names."""
    folder = tmp_path_factory.mktemp("clips") / "Handy Aufnahmen"
    for suffix, (codec, rate, form) in SOUND.items():
        write(folder / f"Jürgen Groß/memo {suffix}.{suffix}", codec, rate, form)
    for suffix, form in FILMS.items():
        write(folder / f"Ann Lee/VID {suffix}.{suffix}", "aac", 48_000, form, film=True)
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for suffix in PICTURES:
        path = folder / f"李雷/IMG {suffix}.{suffix}"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).convert("L" if suffix == "pgm" else "RGB").save(path)
    for name in ("Ann Lee/._VID mp4.mp4", "Ann Lee/.DS_Store", "Ann Lee/Thumbs.db"):
        (folder / name).write_bytes(b"left behind")
    (folder / "Ann Lee/Urlaub.wmv").write_bytes(b"x")
    return folder


def test_whatever_is_listed_is_read_and_the_rest_is_told(clips, tmp_path, capsys):
    people = tmp_path / "people.jsonl"
    words = ["corpus", "folder", str(clips), "-o", str(people)]
    cli.main(words, prog_name="avkd", standalone_mode=False)
    told = capsys.readouterr().err
    assert f"found {len(SOUND) + len(FILMS) + len(PICTURES)} utterances of 3 people" in told
    assert "passed over: 1, .wmv files" in told
    assert "VID_mp4.mp4" not in told and "Thumbs" not in told

    prep_audio(people, tmp_path / "a.zarr", PrepAudioConfig(), HERE)
    ids = set(open_store(tmp_path / "a.zarr").ids)
    assert ids == {f"Jürgen_Groß/memo_{s}" for s in SOUND} | {f"Ann_Lee/VID_{s}" for s in FILMS}

    crop_faces(str(people), tmp_path / "f.zarr", CropFacesConfig(detector="none"), HERE)
    ids = set(open_store(tmp_path / "f.zarr").ids)
    assert ids == {f"李雷/IMG_{s}" for s in PICTURES} | {f"Ann_Lee/VID_{s}" for s in FILMS}
    for store in ("a.zarr", "f.zarr"):
        assert (tmp_path / store / "rejects.jsonl").read_bytes() == b""


def test_the_check_knows_every_form_by_its_content(clips, capsys):
    cli.main(["corpus", "check", str(clips), "--json"], prog_name="avkd", standalone_mode=False)
    found = json.loads(capsys.readouterr().out)
    assert sum(found["formats"]["audio"].values()) == len(SOUND)
    assert sum(found["formats"]["video"].values()) == len(FILMS)
    assert sum(found["formats"]["images"].values()) == len(PICTURES)
    assert found["unusable"]["count"] == 0
