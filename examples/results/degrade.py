"""Spoil the test: babble, music, white noise and rooms on sound; blur, dark and small on faces.

For each recording of the test people one spoilt copy a condition and level, two lists that name
the clean ones and the copies (`sound.jsonl`, `faces.jsonl`), and for each the trials again a
condition, the enrolment clean and the test spoilt (`sound.txt`, `faces.txt`). The id of a copy is
`CONDITION/ID`. Everything is a function of the recording's id and the condition: the same files
in every run.

    python examples/results/degrade.py people.jsonl trials.txt -o work/noise
    avkd prep-audio work/noise/sound.jsonl -o work/noise/audio.zarr --config small
"""

import io
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import cv2
import numpy as np
import soundfile
from msgspec.structs import replace
from scipy.signal import fftconvolve

from avkd_cli.audio.decode import decode_audio
from avkd_cli.storage import durable
from avkd_cli.storage.utterances import (
    Utterance,
    UtteranceList,
    images_of,
    read_utterances,
    write_utterances,
)
from avkd_cli.verification.trials import read_trials
from avkd_cli.vision.decode import read_image

RATE = 16_000
LEVELS_DB = (20, 15, 10, 5, 0)
BABBLERS = 6
REVERBERATION_S = 0.5  # until the tail is 60 dB down
DIRECT_S = 0.0025  # what comes later is the room
FACES = {
    # Standard deviation in pixels on a face 96 pixels wide; share of the light; pixels of width.
    "blur": (1.0, 2.0, 4.0),
    "dark": (0.5, 0.25, 0.125),
    "small": (32, 16, 8),
}
SENSOR_NOISE = 2.0  # of a dark picture, in steps of 256
LIST = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("people", type=LIST)
@click.argument("trials", type=LIST)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def main(people: Path, trials: Path, output: Path) -> None:
    """Write spoilt copies of the test recordings of PEOPLE, their lists and TRIALS into -o."""
    listed = read_utterances(people)
    test = [one for one in listed.utterances if one.split != "train"]
    others = voices_of([one for one in listed.utterances if one.split == "train"], listed)
    for name in ("sound", "faces"):
        durable.make_directory(output / name)
    with ThreadPoolExecutor(2) as pool:
        sound = list(pool.map(lambda one: spoil_sound(one, listed, others, output), test))
        faces = list(pool.map(lambda one: spoil_face(one, listed, output), test))
    for name, spoilt, conditions in (
        ("sound", sound, sound_conditions()),
        ("faces", faces, face_conditions()),
    ):
        clean = [with_paths(one, listed) for one in test]
        copies = [copy for copies in spoilt for copy in copies]
        write_utterances(output / f"{name}.jsonl", [*clean, *copies])
        with durable.text_output(output / f"{name}.txt") as out:
            out.writelines(spoilt_trials(trials, conditions))


def sound_conditions() -> list[str]:
    """Return the names of all conditions of sound: `babble-20` … `room-0`."""
    return [f"{kind}-{level}" for kind in NOISES for level in LEVELS_DB]


def face_conditions() -> list[str]:
    """Return the names of all conditions of faces: `blur-1` … `small-8`."""
    return [f"{kind}-{level:g}" for kind, levels in FACES.items() for level in levels]


def spoilt_trials(trials: Path, conditions: Sequence[str]) -> Iterator[str]:
    """Yield the trials as they are, then again a condition, the test side spoilt."""
    listed = read_trials(trials)
    sides = zip(listed.label.tolist(), listed.enrol.tolist(), listed.test.tolist(), strict=True)
    named = [(label, listed.ids[enrol], listed.ids[test]) for label, enrol, test in sides]
    for condition in ("", *conditions):
        for label, enrol, test in named:
            yield f"{label} {enrol} {copy_id(condition, test)}\n"


def copy_id(condition: str, id: str) -> str:
    """Return the id of a copy; no condition: the recording itself."""
    return f"{condition}/{id}" if condition else id


def generator(id: str, condition: str) -> np.random.Generator:
    """Return the source of all that is random in one copy."""
    return np.random.default_rng(zlib.crc32(f"{condition}/{id}".encode()))


# ---- sound -----------------------------------------------------------------------------------


def voices_of(people: Sequence[Utterance], listed: UtteranceList) -> list[np.ndarray]:
    """Return one voice of each of `people` for babble, samples at 16 kHz."""
    first = {one.person: one for one in reversed(people)}
    return [samples_of(one, listed) for _, one in sorted(first.items())]


def samples_of(one: Utterance, listed: UtteranceList) -> np.ndarray:
    """Return an utterance's sound as prep-audio decodes it, float64 (n,)."""
    path = listed.resolve(one.audio)
    return decode_audio(path, start=one.start, end=one.end).samples.astype(np.float64)


def spoil_sound(
    one: Utterance, listed: UtteranceList, others: Sequence[np.ndarray], output: Path
) -> list[Utterance]:
    """Write one copy a condition; return their lines of the list."""
    clean = samples_of(one, listed)
    copies = []
    for kind, noise_of in NOISES.items():
        # One noise for all levels, so that they differ by the level alone.
        noise = noise_of(clean, generator(one.id, kind), others)
        for level in LEVELS_DB:
            condition = f"{kind}-{level}"
            path = f"sound/{condition}/{one.id}.flac"
            write_flac(output / path, mix(clean, noise, level))
            copies.append(
                replace(one, id=copy_id(condition, one.id), audio=path, images=None, video=None,
                        start=None, end=None)
            )  # fmt: skip
    return copies


def mix(clean: np.ndarray, noise: np.ndarray, level_db: float) -> np.ndarray:
    """Return clean + noise, their mean powers `level_db` apart; made softer where it would clip.

    Args:
        clean: samples (n,).
        noise: samples (n,), not all 0.
        level_db: 0: as strong as the voice; 20: a hundredth of its power.
    """
    wanted = np.mean(clean**2) / 10 ** (level_db / 10)
    both = clean + noise * np.sqrt(wanted / np.mean(noise**2))
    return both * min(1.0, 0.99 / np.max(np.abs(both)))


def babble(clean: np.ndarray, rng: np.random.Generator, others: Sequence[np.ndarray]) -> np.ndarray:
    """Return `BABBLERS` other voices at once, each as strong as the next, from random places."""
    chosen = rng.choice(len(others), size=min(BABBLERS, len(others)), replace=False)
    voices = [others[index] for index in chosen]
    turned = [np.resize(np.roll(one, -rng.integers(len(one))), len(clean)) for one in voices]
    return np.sum([one / np.sqrt(np.mean(one**2)) for one in turned], axis=0)


def music(clean: np.ndarray, rng: np.random.Generator, _: Sequence[np.ndarray]) -> np.ndarray:
    """Return chords of three notes with six overtones each, a new chord each half second."""
    length = RATE // 2
    time = np.arange(length) / RATE
    envelope = np.minimum(1, time / 0.02) * np.exp(-2 * time)
    chords = []
    for _chord in range(-(-len(clean) // length)):
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        notes = root * 2 ** (np.array([0, rng.choice([3, 4]), 7]) / 12)  # minor or major
        partials = np.outer(notes, np.arange(1, 7)).ravel()
        phases = rng.uniform(0, 2 * np.pi, len(partials))
        strength = np.tile(1 / np.arange(1, 7), 3)
        waves = np.sin(2 * np.pi * partials[:, None] * time + phases[:, None])
        chords.append(envelope * (strength @ waves))
    return np.concatenate(chords)[: len(clean)]


def white(clean: np.ndarray, rng: np.random.Generator, _: Sequence[np.ndarray]) -> np.ndarray:
    """Return Gaussian noise, equally strong at all frequencies."""
    return rng.standard_normal(len(clean))


def room(clean: np.ndarray, rng: np.random.Generator, _: Sequence[np.ndarray]) -> np.ndarray:
    """Return the clean voice as a room gives it back: its level is direct to reverberant power.

    The response is Gaussian noise that decays by 60 dB in `REVERBERATION_S`.
    """
    time = np.arange(int(REVERBERATION_S * RATE)) / RATE
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / REVERBERATION_S)
    tail[time < DIRECT_S] = 0
    return fftconvolve(clean, tail)[: len(clean)]


NOISES = {"babble": babble, "music": music, "white": white, "room": room}


def write_flac(path: Path, samples: np.ndarray) -> None:
    """Write samples (n,) in [-1, 1] as 16-bit FLAC."""
    out = io.BytesIO()
    soundfile.write(out, samples, RATE, format="FLAC", subtype="PCM_16")
    write(path, out.getvalue())


def write(path: Path, data: bytes) -> None:
    """Write a file that can be made again at any time: nothing is synced to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# ---- faces -----------------------------------------------------------------------------------


def spoil_face(one: Utterance, listed: UtteranceList, output: Path) -> list[Utterance]:
    """Write one copy a condition of an utterance's pictures; return their lines of the list."""
    pictures = [read_image(listed.resolve(path)) for path in images_of(one)]
    copies = []
    for kind, levels in FACES.items():
        for level in levels:
            condition = f"{kind}-{level:g}"
            written = []
            for place, picture in enumerate(pictures):
                path = f"faces/{condition}/{one.id}-{place}.png"
                spoilt = SPOILERS[kind](picture, level, generator(one.id, condition))
                write(output / path, cv2.imencode(".png", spoilt[..., ::-1])[1].tobytes())
                written.append(path)
            copies.append(
                replace(one, id=copy_id(condition, one.id), images=tuple(written), audio=None,
                        video=None)
            )  # fmt: skip
    return copies


def blurred(picture: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    """Return the picture out of focus: `level` pixels on a face 96 pixels wide."""
    return cv2.GaussianBlur(picture, (0, 0), level * picture.shape[1] / 96)


def darkened(picture: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Return the picture with the share `level` of its light, and the sensor's own noise."""
    noise = SENSOR_NOISE * rng.standard_normal(picture.shape[:2])[..., None]
    return np.clip(np.rint(picture * level + noise), 0, 255).astype(np.uint8)


def shrunk(picture: np.ndarray, level: float, _: np.random.Generator) -> np.ndarray:
    """Return the picture of a far face, `level` pixels wide, enlarged to its old size."""
    height, width = picture.shape[:2]
    size = (int(level), max(1, round(height * level / width)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


SPOILERS = {"blur": blurred, "dark": darkened, "small": shrunk}


def with_paths(one: Utterance, listed: UtteranceList) -> Utterance:
    """Return an utterance with absolute paths, for a list in another folder."""
    absolute = tuple(str(listed.resolve(path).resolve()) for path in images_of(one))
    return replace(
        one,
        audio=one.audio and str(listed.resolve(one.audio).resolve()),
        images=absolute or None,
    )


if __name__ == "__main__":
    main()
