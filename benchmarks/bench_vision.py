"""Videos to aligned crops, the detector left out, against a bare loop of PyAV and OpenCV.

Both decode the same 224-pixel film and warp by the same landmarks, one thread, taking turns in
one run. At 25 frames a second all frames are wanted; at 1 a second ours decodes only what the
wanted frames need, the bare loop all. Prints one JSON line a case.
"""

import json
import statistics
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from avkd_cli.vision.align import CROP_MODES, TEMPLATE, crop, similarity
from avkd_cli.vision.decode import read_frames, read_image

SECONDS, RATE, SIDE = 8, 25, 224
CODEC = {"crf": "23", "x264-params": "log-level=none"}
MODE = CROP_MODES["aligned-112x96"]
LANDMARKS = 1.3 * TEMPLATE + [40, 30]
BOX = np.array([60.0, 50, 170, 200])


def make_film(path: Path) -> None:
    """Noise that moves: hard enough to keep a decoder busy as a face does."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    texture = cv2.resize(noise, (SIDE * 2, SIDE * 2), interpolation=cv2.INTER_CUBIC)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=CODEC)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for number in range(SECONDS * RATE):
            at = int(60 + 50 * np.sin(number / 9))
            picture = np.ascontiguousarray(texture[at : at + SIDE, number : number + SIDE])
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def bare(path: Path, every: int) -> int:
    matrix = similarity(LANDMARKS, MODE.template)
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        crops = [
            cv2.warpAffine(frame.to_ndarray(format="rgb24"), matrix, (MODE.width, MODE.height))
            for number, frame in enumerate(container.decode(video=0))
            if number % every == 0
        ]
    return len(crops)


def ours(path: Path, fps: float) -> int:
    return len([crop(f.pixels, BOX, LANDMARKS, MODE) for f in read_frames(path, fps=fps)])


def bare_image(path: Path) -> int:
    return cv2.imread(str(path)).shape[0]


def ours_image(path: Path) -> int:
    return read_image(path).shape[0]


def seconds(call, *arguments) -> float:
    start = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - start


def compare(name: str, ours_call: tuple, bare_call: tuple, repeats: int) -> None:
    """Print the rates and their ratio, medians of runs that take turns."""
    assert ours_call[0](*ours_call[1:]) == bare_call[0](*bare_call[1:])
    pairs = [(seconds(*ours_call), seconds(*bare_call)) for _ in range(repeats)]
    mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    times = {"ours_ms": round(1e3 * mine, 2), "bare_ms": round(1e3 * theirs, 2)}
    print(json.dumps({"case": name, **times, "ratio": round(theirs / mine, 2)}))


def main() -> None:
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        film, photo = Path(folder) / "film.mp4", Path(folder) / "photo.jpg"
        make_film(film)
        compare("8 s film, every frame", (ours, film, RATE), (bare, film, 1), 9)
        compare("8 s film, 1 frame a second", (ours, film, 1), (bare, film, RATE), 9)
        picture = next(read_frames(film, count=1)).pixels
        cv2.imwrite(str(photo), cv2.resize(picture, (640, 480)))
        compare("640 x 480 JPEG, strictly", (ours_image, photo), (bare_image, photo), 51)


if __name__ == "__main__":
    main()
