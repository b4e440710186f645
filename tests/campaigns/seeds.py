"""The whole files that campaigns damage: our own, and the shared collection of nasty ones."""

import json
import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import soundfile

WITHOUT_LENGTH = frozenset({".mp3", ".aac"})  # nothing but their frames says how long they are
LARGEST = 600_000  # bytes of a file worth mutating by the thousand
PICTURES = frozenset({".png", ".jpg", ".gif", ".webp", ".tif", ".pbm"})
FILMS = frozenset({".mp4", ".avi", ".webm", ".mov", ".3gp", ""})


def nasty_folder() -> Path | None:
    """Return data/nasty of the shared folder, None if there is none."""
    shared = os.environ.get("AVKD_SHARED", Path(__file__).parents[3] / "shared")
    folder = Path(shared) / "data" / "nasty"
    return folder if folder.is_dir() else None


def kind_of(path: Path) -> str:
    """Return sound, film, picture or trials, by the name; a list is one of trials."""
    suffix = path.suffix.lower()
    if suffix == ".txt":
        return "trials"
    return "picture" if suffix in PICTURES else "film" if suffix in FILMS else "sound"


def all_files(folder: Path) -> dict[str, list[Path]]:
    """Make our own files in `folder`, and return them and the nasty ones by kind."""
    found: dict[str, list[Path]] = {}
    for path in (*sounds(folder), *films(folder), *pictures(folder)):
        found.setdefault(kind_of(path), []).append(path)
    found |= lists(folder)
    nasty = nasty_folder()
    for path in sorted(nasty.rglob("*")) if nasty else []:
        if path.is_file() and 0 < path.stat().st_size <= LARGEST:
            found.setdefault(kind_of(path), []).append(path)
    found["sound"] += [path for path in found["film"] if path.suffix == ".mp4"]
    return found


def voice(seconds: float = 1.5, rate: int = 16_000) -> np.ndarray:
    """Return noise in bursts, (n,) float32."""
    time = np.arange(int(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(0, 0.1, len(time))
    return (noise * (0.05 + (time % 0.4 < 0.25))).astype(np.float32)


def sounds(folder: Path) -> list[Path]:
    """Write a recording in every format that libsndfile writes and we read, and m4a."""
    kinds = [("wav", "PCM_16"), ("wav", "FLOAT"), ("wav", "ULAW"), ("flac", "PCM_16")]
    kinds += [("ogg", "VORBIS"), ("ogg", "OPUS"), ("mp3", "MPEG_LAYER_III")]
    made = []
    for suffix, coding in kinds:
        made.append(folder / f"{coding.lower()}.{suffix}")
        soundfile.write(made[-1], voice(), 16_000, subtype=coding)
    made.append(folder / "aac.m4a")
    with av.open(str(made[-1]), "w") as file:
        add_sound(file)
    return made


def add_sound(file: av.container.OutputContainer) -> None:
    """Put AAC into a container."""
    track = file.add_stream("aac", rate=16_000, layout="mono")
    frame = av.AudioFrame.from_ndarray(voice()[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 16_000, 0, Fraction(1, 16_000)
    for piece in [*av.AudioResampler("fltp", "mono", 16_000, 1024).resample(frame), None]:
        file.mux(track.encode(piece))


def picture(size: int = 96) -> np.ndarray:
    """Return something with edges, (size, size, 3) uint8."""
    rows, columns = np.mgrid[:size, :size]
    return np.stack([rows * 2, columns * 2, (rows * columns) % 255], axis=2).astype(np.uint8)


def films(folder: Path) -> list[Path]:
    """Write a film of a second and a half with sound, in mp4, webm and avi."""
    made = []
    for suffix, codec in ((".mp4", "mpeg4"), (".mp4", "h264"), (".avi", "mjpeg")):
        made.append(folder / f"{codec}{suffix}")
        with av.open(str(made[-1]), "w") as file:
            track = file.add_stream(codec, rate=12)
            track.width = track.height = 96
            track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            for number in range(18):
                pixels = np.roll(picture(), number, axis=1)
                file.mux(track.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            file.mux(track.encode(None))
    return made


def pictures(folder: Path) -> list[Path]:
    """Write a picture in the two formats that are allowed."""
    made = [folder / "picture.jpg", folder / "picture.png"]
    for path in made:
        cv2.imwrite(str(path), picture())
    return made


def lists(folder: Path) -> dict[str, list[Path]]:
    """Write lists of utterances, trials and scores as they come."""
    people = [
        {"id": f"é{i}", "person": "p", "audio": f"{i}.wav", "start": i / 3, "end": i + 1.0}
        for i in range(9)
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in people)
    pairs = [(f"a{i}/x/1.wav", f"b{i % 4}/y/2.wav", i % 2) for i in range(20)]
    contents = {
        "list": [text, json.dumps(people), "\ufeff" + text.replace("\n", "\r\n")],
        "trials": [
            "".join(f"{label} {enrol} {test}\n" for enrol, test, label in pairs),
            "".join(f"{e} {t} {'target' if label else 'nontarget'}\n" for e, t, label in pairs),
        ],
        "scores": [
            "".join(
                f"{e} {t} {i / 7 - 1:.9g} {'target' if label else 'nontarget'}\n"
                for i, (e, t, label) in enumerate(pairs)
            ),
        ],
    }
    found = {}
    for kind, texts in contents.items():
        found[kind] = [folder / f"{kind}{number}.txt" for number in range(len(texts))]
        for path, text in zip(found[kind], texts, strict=True):
            path.write_text(text, encoding="utf-8")
    return found
