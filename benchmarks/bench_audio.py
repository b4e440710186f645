"""Speed of prep-audio against its peers, in one run on one machine.

Rows 1 to 3 of the table of speeds: wav to fbank store against an fbank in memory, two workers
against one, and m4a and mp4 against a bare loop of PyAV and torchaudio. Peers run on one thread,
as each of our workers does. Every figure is the best of `--rounds`, taken in turns, so that a
busy moment hurts nobody alone.

What is measured is the speed of a corpus, not of its first seconds. Ours includes starting the
workers, a second that a million files do not notice: 4000 recordings, nine hours, keep it under a
tenth. A partition is of 256 recordings, as a list of 256,000 has it; those of 16 that a list of
4000 would have cost fifteen times as many fsyncs a recording.

    python benchmarks/bench_audio.py [--utterances 4000] [--rounds 2] [--json]
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
import torch
from torchaudio.compliance import kaldi

from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.steps.prep_audio import prep_audio

RATE, SECONDS, MELS = 16_000, 8, 80
DISTINCT = 16  # recordings; the others are hard links to them
PARTITION = 256  # recordings


def voices() -> list[np.ndarray]:
    """Bursts of noise with pauses, different ones."""
    rng = np.random.default_rng(0)
    n = RATE * SECONDS
    bursts = np.arange(n) % RATE < 0.6 * RATE
    sounds = rng.normal(0, 0.05, (DISTINCT, n)) * bursts + rng.normal(0, 0.001, (DISTINCT, n))
    return list(sounds.astype(np.float32))


def encode(path: Path, samples: np.ndarray) -> None:
    """Write AAC, in an mp4 with 224-pixel video beside it, as VoxCeleb2 has both."""
    with av.open(str(path), "w") as file:
        sound = file.add_stream("aac", rate=RATE, layout="mono")
        if path.suffix == ".mp4":
            film = file.add_stream("mpeg4", rate=25)
            film.width = film.height = 224
            film.pix_fmt = "yuv420p"
            for _ in range(25 * SECONDS):
                grey = np.full((224, 224, 3), 90, np.uint8)
                file.mux(film.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            file.mux(film.encode(None))
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        for piece in [*av.AudioResampler("fltp", "mono", RATE).resample(frame), None]:
            file.mux(sound.encode(piece))


def corpus(folder: Path, suffix: str, count: int) -> Path:
    """A list of `count` recordings of one format, and those."""
    folder.mkdir()
    for k, samples in enumerate(voices()):
        path = folder / f"source{k}{suffix}"
        if suffix == ".wav":
            soundfile.write(path, samples, RATE)
        else:
            encode(path, samples)
    lines = []
    for k in range(count):
        os.link(folder / f"source{k % DISTINCT}{suffix}", folder / f"{k}{suffix}")
        lines.append({"id": str(k), "person": f"p{k % DISTINCT}", "audio": f"{k}{suffix}"})
    listed = folder / "people.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return listed


def torchaudio_in_memory(sounds: list[torch.Tensor], count: int) -> None:
    for sound in itertools.islice(itertools.cycle(sounds), count):
        kaldi.fbank(sound, num_mel_bins=MELS, dither=0.0)


def kaldi_native_in_memory(sounds: list[np.ndarray], count: int) -> None:
    import kaldi_native_fbank as knf

    options = knf.FbankOptions()
    options.frame_opts.dither = 0.0
    options.mel_opts.num_bins = MELS
    for sound in itertools.islice(itertools.cycle(sounds), count):
        computer = knf.OnlineFbank(options)
        computer.accept_waveform(RATE, sound.tolist())
        computer.input_finished()
        np.stack([computer.get_frame(k) for k in range(computer.num_frames_ready)])


def bare_loop(folder: Path, suffix: str, count: int) -> None:
    """PyAV decodes and resamples, torchaudio computes; nothing is checked or kept."""
    for k in range(count):
        with av.open(str(folder / f"{k}{suffix}")) as file:
            resampler = av.AudioResampler("fltp", "mono", RATE)
            frames = (out for frame in file.decode(audio=0) for out in resampler.resample(frame))
            samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
        kaldi.fbank(torch.from_numpy(samples)[None] * 32768, num_mel_bins=MELS, dither=0.0)


def ours(listed: Path, workers: int) -> None:
    """The whole step: list, decode, fbank, quality, pack, digest, sync, publish."""
    with tempfile.TemporaryDirectory(dir=listed.parent) as made:
        execution = Execution(workers=workers, quiet=True, partition_size=PARTITION)
        with contextlib.redirect_stderr(io.StringIO()):
            prep_audio(listed, Path(made) / "a.zarr", PrepAudioConfig(n_mels=MELS), execution)


def contestants(folder: Path, count: int) -> dict[str, Callable[[], None]]:
    """What is timed, by name."""
    lists = {s: corpus(folder / s[1:], s, count) for s in (".wav", ".m4a", ".mp4")}
    scaled = [32768 * sound for sound in voices()]
    tensors = [torch.from_numpy(sound)[None] for sound in scaled]
    found = {"torchaudio": lambda: torchaudio_in_memory(tensors, count)}
    try:
        import kaldi_native_fbank  # noqa: F401

        found["kaldi-native"] = lambda: kaldi_native_in_memory(scaled, count)
    except ImportError:
        print("kaldi-native-fbank is not installed: its row is left out", file=sys.stderr)
    found |= {
        "wav, 1 worker": lambda: ours(lists[".wav"], 1),
        "wav, 2 workers": lambda: ours(lists[".wav"], 2),
    }
    for suffix in (".m4a", ".mp4"):
        parent = lists[suffix].parent
        found[f"bare {suffix}"] = lambda p=parent, s=suffix: bare_loop(p, s, count)
        found[f"{suffix}, 1 worker"] = lambda s=suffix: ours(lists[s], 1)
    return found


# What is compared: ours, the peer, the least ratio of speeds wanted.
ROWS = (
    ("wav, 1 worker", "torchaudio", 0.6),
    ("wav, 1 worker", "kaldi-native", 1.5),
    ("wav, 2 workers", "wav, 1 worker", 1.8),
    (".m4a, 1 worker", "bare .m4a", 0.85),
    (".mp4, 1 worker", "bare .mp4", 0.85),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--utterances", type=int, default=4000, help="of 8 s each")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        timed = contestants(Path(folder), options.utterances)
        for _ in range(options.rounds):
            for name, run in timed.items():
                began = time.perf_counter()
                run()
                best[name] = min(best.get(name, float("inf")), time.perf_counter() - began)
    speed = {name: options.utterances * SECONDS / best[name] for name in best}
    rows = [
        {"ours": a, "peer": b, "ratio": speed[a] / speed[b], "wanted": wanted}
        for a, b, wanted in ROWS
        if b in speed
    ]
    if options.json:
        print(json.dumps({"times_real_time": speed, "rows": rows}))
        return
    for name, value in speed.items():
        print(f"{name:20} {value:8.0f} x real time")
    for row in rows:
        print(f"{row['ours']:16} / {row['peer']:14} {row['ratio']:6.2f}, wanted {row['wanted']}")


if __name__ == "__main__":
    main()
