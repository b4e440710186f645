"""What disturbs recordings, beside the stand-in corpus: noises by kind, and rooms.

Nobody who babbles here is of the corpus. Each file is a function of the seed, its kind and its
number, so neither the people nor the order change it.
"""

import json
from collections.abc import Callable

import numpy as np

from avkd_cli.standin.media import wav
from avkd_cli.standin.people import generator, make_person, make_voice_session
from avkd_cli.standin.plan import StandinPlan
from avkd_cli.standin.voice import RATE, synthesise

NOISES = {"speech": 12, "music": 8, "noise": 8}  # MUSAN's kinds; how many of each
ROOMS = 8
LISTS = ("noises.jsonl", "rooms.jsonl")
_SECONDS = 5.0
_FIRST_STRANGER = 1_000_000  # number of the first person who is not of the corpus
_LEVEL = 0.1  # RMS, -20 dBFS
_REVERBERATION_S = (0.2, 0.9)
_ROOM_SECONDS = 0.75
_REFLECTIONS = 8


def files(plan: StandinPlan) -> dict[str, bytes]:
    """Return the sounds and, last, their lists, by their names in the corpus."""
    made: dict[str, bytes] = {}
    lines: dict[str, list[dict]] = {name: [] for name in LISTS}
    for kind, count in NOISES.items():
        for number in range(count):
            path = f"noises/{kind}/{number + 1:05d}.wav"
            made[path] = wav(_levelled(_MAKERS[kind](plan, number)), RATE)
            lines["noises.jsonl"].append(_line(path, kind, number))
    for number in range(ROOMS):
        path = f"rooms/{number + 1:05d}.wav"
        made[path] = wav(room(generator(plan.seed, "room", number)), RATE)
        lines["rooms.jsonl"].append({"id": path.removesuffix(".wav"), "audio": path})
    texts = {
        name: "".join(json.dumps(one) + "\n" for one in found) for name, found in lines.items()
    }
    return made | {name: text.encode() for name, text in texts.items()}


def _line(path: str, kind: str, number: int) -> dict:
    line = {"id": path.removesuffix(".wav"), "session": kind, "audio": path}
    return line | ({"person": f"stranger{number + 1:02d}"} if kind == "speech" else {})


def _voice(plan: StandinPlan, number: int) -> np.ndarray:
    """Return somebody who talks, with little noise of her own."""
    stranger = make_person(plan.seed, _FIRST_STRANGER + number, plan.own)
    session = make_voice_session(generator(plan.seed, "stranger", number))
    return synthesise(stranger.voice, session, _SECONDS, generator(plan.seed, "talk", number))[0]


def _music(plan: StandinPlan, number: int) -> np.ndarray:
    """Return chords of three notes with overtones, a new one each beat; a tempo of its own."""
    rng = generator(plan.seed, "music", number)
    beat = round(rng.uniform(0.3, 0.8) * RATE)
    time = np.arange(beat) / RATE
    overtones = np.arange(1, int(rng.integers(4, 9)))
    envelope = np.minimum(1, time / 0.02) * np.exp(-rng.uniform(0.5, 4) * time)
    chords = []
    for _ in range(-(-round(_SECONDS * RATE) // beat)):
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        notes = root * 2 ** (np.array([0, rng.choice([3, 4]), 7]) / 12)  # minor or major
        partials = np.outer(notes, overtones).ravel()
        phases = rng.uniform(0, 2 * np.pi, len(partials))
        waves = np.sin(2 * np.pi * partials[:, None] * time + phases[:, None])
        chords.append(envelope * (np.tile(1 / overtones, 3) @ waves))
    return np.concatenate(chords)[: round(_SECONDS * RATE)]


def _noise(plan: StandinPlan, number: int) -> np.ndarray:
    """Return noise that falls with frequency, swells, and hums; each to an extent of its own."""
    rng = generator(plan.seed, "noise", number)
    count = round(_SECONDS * RATE)
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    coloured = np.fft.irfft(spectrum * np.maximum(frequency, 40) ** rng.uniform(-1, 0), count)
    time = np.arange(count) / RATE
    swell = 1 + rng.uniform(0, 0.8) * np.sin(2 * np.pi * rng.uniform(0.3, 4) * time)
    hum = np.sin(2 * np.pi * rng.uniform(50, 200) * np.outer(np.arange(1, 6), time)).sum(axis=0)
    return swell * coloured / coloured.std() + rng.uniform(0, 0.5) * hum


def room(rng: np.random.Generator) -> np.ndarray:
    """Return an impulse response, (n,): direct sound, a few reflections, a tail that decays.

    The tail falls by 60 dB in 0.2 to 0.9 s.
    """
    time = np.arange(round(_ROOM_SECONDS * RATE)) / RATE
    response = rng.standard_normal(len(time)) * 10 ** (-3 * time / rng.uniform(*_REVERBERATION_S))
    response[time < 0.02] = 0  # the tail begins when reflections are too many to tell apart
    response *= 0.3 / np.abs(response).max()
    places = rng.integers(round(0.003 * RATE), round(0.05 * RATE), _REFLECTIONS)
    response[places] += rng.uniform(-0.5, 0.5, _REFLECTIONS)
    response[0] = 1.0
    return 0.9 * response / np.abs(response).max()


def _levelled(samples: np.ndarray) -> np.ndarray:
    samples = samples * (_LEVEL / np.sqrt(np.mean(samples**2)))
    return samples * min(1.0, 0.95 / np.abs(samples).max())


_MAKERS: dict[str, Callable[[StandinPlan, int], np.ndarray]] = {
    "speech": _voice,
    "music": _music,
    "noise": _noise,
}
