"""The study, importable; and people that stand in for real ones: tones and pictures."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

BLOCKS, OF_BLOCK, RECORDINGS = ("one", "two"), 9, 4
TESTED = 3  # people of each block


def people() -> list[tuple[str, str, str]]:
    """Return (person, block, split) of everybody."""
    return [
        (f"{block}{number}", block, "test" if number < TESTED else "train")
        for block in BLOCKS
        for number in range(OF_BLOCK)
    ]


@pytest.fixture(scope="session")
def standins(tmp_path_factory) -> Path:
    """A folder of table.csv, trials.txt, audio.npz, visual.npz and the recordings."""
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(0)
    rows, ids, vectors = ["id,person,block,sex,split,audio,images"], [], {"audio": [], "visual": []}
    for place, (person, block, split) in enumerate(people()):
        centre = rng.standard_normal(64)
        for number in range(RECORDINGS):
            name = f"{person}-{number}"
            write_recording(folder / name, place, rng)
            sex = "fm"[place % 2]
            rows.append(f"{person}/{number},{person},{block},{sex},{split},{name}.wav,{name}.png")
            ids.append(f"{person}/{number}")
            for found in vectors.values():
                found.append(centre + 0.1 * rng.standard_normal(64))
    (folder / "table.csv").write_text("\n".join(rows) + "\n")
    (folder / "trials.txt").write_text("".join(trials()))
    for sense, found in vectors.items():
        np.savez(folder / f"{sense}.npz", id=np.array(ids), embedding=np.array(found, np.float32))
    return folder


def write_recording(path: Path, place: int, rng: np.random.Generator) -> None:
    """Write a second of a tone and a picture of a colour, a person's own, with noise."""
    time = np.arange(24_000) / 16_000
    tone = 0.2 * np.sin(2 * np.pi * (200 + 60 * place) * time)
    sound = tone + 0.05 * rng.standard_normal(time.shape)
    soundfile.write(path.with_suffix(".wav"), sound.astype(np.float32), 16_000)
    colour = np.array([10 * place, 250 - 10 * place, 128])
    picture = colour + rng.normal(0, 10, (64, 64, 3))
    cv2.imwrite(str(path.with_suffix(".png")), picture.clip(0, 255).astype(np.uint8))


def trials() -> list[str]:
    """Return all trials inside a block of those who are tested."""
    tested = [(person, block) for person, block, split in people() if split == "test"]
    sides = [
        (f"{person}/{n}", person, block) for person, block in tested for n in range(RECORDINGS)
    ]
    return [
        f"{int(a[1] == b[1])} {a[0]} {b[0]}\n"
        for place, a in enumerate(sides)
        for b in sides[place + 1 :]
        if a[2] == b[2]
    ]


@pytest.fixture
def given(standins, tmp_path):
    """Return the words of a command on the stand-ins, in a folder of its own."""

    def of(command: str, *more: str, imported: bool = True) -> list[str]:
        columns = "--id id --person person --audio audio --images images --sex sex --split split"
        senses = [
            word
            for sense in ("audio", "visual")
            for word in ("--imported", f"{sense}:{standins}/{sense}.npz")
        ]
        return [
            command,
            "--manifest",
            f"{standins}/table.csv",
            "--trials",
            f"{standins}/trials.txt",
            "--columns",
            columns,
            *(senses if imported else ["--imported", ""]),
            "--work",
            str(tmp_path / "work"),
            "--chosen",
            str(tmp_path / "chosen.json"),
            "--quick",
            "300",
            "--jobs",
            "1",
            *more,
        ]

    return of
