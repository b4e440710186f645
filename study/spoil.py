"""Teachers made worse: embeddings with noise, and small pictures of whom nobody named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from msgspec.structs import replace

from avkd_cli import keyed
from avkd_cli.errors import InputError
from avkd_cli.recipes.cluster_rules import Rules
from avkd_cli.recipes.clusters import clustered
from avkd_cli.steps.corpus import prefix, relocate
from avkd_cli.storage import durable
from avkd_cli.storage.store import EmbeddingStore, open_store
from avkd_cli.storage.utterances import Utterance, images_of, read_whole, write_utterances
from avkd_cli.verification.affinity import unit_rows
from avkd_cli.vision.decode import read_image
from avkd_cli.vision.disturb import shrunk
from study.lists import TRUTH

TRIES = 12
NEAR, FAR = 0.01, 0.1  # it is sought no further; it is refused
MOST = 4.0  # lengths of noise, of vectors of length 1: nothing is left of them


@dataclass(frozen=True)
class Noisy:
    """Embeddings of a store with noise; what clusters need of a store."""

    path: Path
    row_of: Mapping[str, int]
    embedding: np.ndarray

    @classmethod
    def of(cls, store: EmbeddingStore, length: float, seed: int) -> "Noisy":
        """Return the store's vectors at length 1 plus noise of about a length, (rows, size)."""
        unit = unit_rows(np.asarray(store.embedding[:]))
        drawn = keyed.generator("spoil", seed, str(store.path.name)).standard_normal(unit.shape)
        noise = length / np.sqrt(unit.shape[1]) * drawn
        return cls(store.path, store.row_of, (unit + noise).astype(np.float32))

    def holds(self, id: str) -> bool:
        """Return whether there is a vector of an utterance."""
        return id in self.row_of


def spoil(
    stores: Sequence[Path], people: Path, output: Path, *, f: float, film: str, seed: int
) -> None:
    """Write each store's embeddings with so much noise that clusters have a pairwise F.

    Args:
        stores: of an audio and a visual encoder.
        people: labelled people and those without a name, whose `x-who` says who they are.
        output: folder of audio.npz, visual.npz and report.json (length of noise, F).
        f: pairwise F of the clusters of whom nobody named.
        film: column of what has one person alone; "": nothing has.
        seed: of the noise.

    Raises:
        InputError: without noise F is less, or no noise makes it what is wanted.
    """
    opened = [open_store(str(path), "avkd.embeddings") for path in stores]
    utterances = read_whole(str(people)).utterances
    rules = Rules(film=film, separation=0, truth=TRUTH)

    def found(length: float) -> tuple[float, list[Noisy]]:
        noisy = [Noisy.of(store, length, seed) for store in opened]
        return _f_of(noisy, utterances, people, rules), noisy

    length, reached, noisy = _sought(found, f, str(people))
    durable.make_directory(output)
    for name, one in zip(("audio", "visual"), noisy, strict=True):
        ids = np.array(sorted(one.row_of, key=one.row_of.__getitem__))
        with durable.binary_output(output / f"{name}.npz") as file:
            np.savez(file, id=ids, embedding=one.embedding)
    said = {"noise": length, "wanted_f": f, "pairwise_f": reached}
    durable.write_json(output / "report.json", said)


def _sought(found, f: float, where: str) -> tuple[float, float, list[Noisy]]:
    """Return a length of noise by halving, the F there, and the embeddings: the nearest found."""
    low, high = 0.0, MOST
    best = (low, *found(low))
    if best[1] < f - FAR:
        raise InputError(f"{where}: clusters have an F of {best[1]:.3f} without noise, below {f}")
    for _ in range(TRIES):
        middle = (low + high) / 2
        now = (middle, *found(middle))
        best = min(best, now, key=lambda one: abs(one[1] - f))
        if abs(best[1] - f) <= NEAR:
            break
        low, high = (middle, high) if now[1] > f else (low, middle)
    if abs(best[1] - f) > FAR:
        raise InputError(
            f"{where}: no noise gives clusters an F near {f}; the nearest is {best[1]:.3f}. With "
            "few people F goes in steps: leave the stage noise out"
        )
    return best


def _f_of(noisy: Sequence[Noisy], utterances, where: Path, rules: Rules) -> float:
    """Return the pairwise F of clusters; 0 where no cluster can be made."""
    try:
        report = clustered(noisy, utterances, str(where), rules).report
    except InputError:
        return 0.0
    return float(report["truth"]["f"])


def shrink(people: Path, output: Path, width: int, *, everybody: bool = False) -> None:
    """Write a list in which pictures of people without a name are as those of a far face.

    Pictures are made as small as said and large again, as `crop-faces --disturb small` does it.

    Args:
        people: the list.
        output: folder of people.jsonl and pictures/.
        width: in pixels.
        everybody: pictures of those with a name, too.

    Raises:
        InputError: somebody has no picture. Rejected: one cannot be read.
    """
    found = read_whole(str(people))
    durable.make_directory(output / "pictures")
    moved = list(relocate(found.utterances, prefix(found.base, output / "people.jsonl")))
    for place, (one, was) in enumerate(zip(moved, found.utterances, strict=True)):
        if everybody or not one.person:
            names = _small(was, found.base, output / "pictures", width)
            moved[place] = replace(one, images=names)
    write_utterances(output / "people.jsonl", moved)


def _small(one: Utterance, base: Path, folder: Path, width: int) -> tuple[str, ...]:
    names = []
    for number, path in enumerate(images_of(one)):
        picture = shrunk(read_image(base / path), width, np.random.default_rng(0))  # draws nothing
        name = f"{one.id.replace('/', '_')}-{number}.png"
        durable.write_bytes(folder / name, cv2.imencode(".png", picture[..., ::-1])[1].tobytes())
        names.append(f"{folder.name}/{name}")
    if not names:
        raise InputError(f"{one.id}: has no picture to make small")
    return tuple(names)
