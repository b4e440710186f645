"""A picture of some frames of a list, with the half that each person is taken to be on."""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from avkd_cli.errors import InputError, Rejected
from avkd_cli.storage import durable, pictures
from avkd_cli.storage.utterance import Utterance
from avkd_cli.vision.decode import read_frames
from avkd_cli.vision.timeline import spread

SHOWN, ACROSS, WIDTH, QUALITY = 6, 3, 360, 90
FRAME, INK = (0, 200, 80), (255, 255, 255)  # RGB


def draw_halves(utterances: Iterable[Utterance], base: Path, output: Path) -> None:
    """Draw the middle frame of some utterances with films and halves, evenly spaced over the list.

    Raises:
        InputError: no film among them can be read.
    """
    listed = list(utterances)
    chosen = [listed[place] for place in spread(len(listed), SHOWN).tolist()]
    tiles = [tile for one in chosen if (tile := _tile(one, base)) is not None]
    if not tiles:
        raise InputError(f"{base}: no film of the list can be read; --preview shows none")
    height = min(len(tile) for tile in tiles)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % ACROSS)
    rows = [
        np.hstack([tile[:height] for tile in tiles[at : at + ACROSS]])
        for at in range(0, len(tiles), ACROSS)
    ]
    durable.write_bytes(output, pictures.encode(np.vstack(rows), QUALITY).tobytes())


def _tile(utterance: Utterance, base: Path) -> np.ndarray | None:
    """Return a small frame of an utterance, its half framed and its id below; None without."""
    try:
        film = read_frames(
            base / (utterance.video or ""), count=1, start=utterance.start, end=utterance.end
        )
        pixels = next(film).pixels
    except (Rejected, OSError):
        return None
    height = round(len(pixels) * WIDTH / pixels.shape[1])
    small = cv2.resize(pixels, (WIDTH, height), interpolation=cv2.INTER_AREA)
    low = 0 if utterance.half == "left" else WIDTH // 2
    cv2.rectangle(small, (low + 2, 2), (low + WIDTH // 2 - 3, height - 3), FRAME, 2)
    cv2.putText(small, utterance.id, (8, height - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.45, INK)
    return small
