"""Damage a published store in every way, and mutate lists: all is found, nothing crashes.

python tests/campaigns/damage.py --stores 2000 --lists 10000
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import crash
import figures
import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import AvkdError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import StoredHead
from avkd_cli.storage.readers import RaggedStore
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import read_utterances
from avkd_cli.storage.vectors import EmbeddingStore, SequenceStore
from avkd_cli.storage.verify import faults_of_store

Damage = Callable[[Path, random.Random], object]
STORES = ("frames", "embeddings", "sequences")


def flip(path: Path, chance: random.Random) -> None:
    """Change one bit."""
    data = bytearray(path.read_bytes())
    bit = chance.randrange(8 * len(data))
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)


def cut(path: Path, chance: random.Random) -> None:
    """Lose the end."""
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data))])


def zero(path: Path, chance: random.Random) -> None:
    """Lose a block, as a disk does, but not the size."""
    data = bytearray(path.read_bytes())
    start = chance.randrange(len(data))
    data[start : start + 512] = bytes(len(data[start : start + 512]))
    path.write_bytes(data)


def delete(path: Path, _: random.Random) -> None:
    """Lose the file."""
    path.unlink()


def add(path: Path, _: random.Random) -> None:
    """Grow."""
    with path.open("ab") as file:
        file.write(b"\0")


DAMAGES: list[Damage] = [flip, flip, flip, cut, zero, delete, add]


def values_of(path: Path) -> list[object]:
    """Return everything that a store gives."""
    store = open_store(path)
    found: list[object] = [store.config, store.manifest["counts"], store.manifest["inputs"]]
    for name in store.manifest["arrays"]:
        if not (isinstance(store, RaggedStore) and name == store.long_name):
            column = store.column(name)
            found.append(column.tobytes() if isinstance(column, np.ndarray) else list(column))
    if isinstance(store, RaggedStore):
        found += [part.tobytes() for part in store.read(range(len(store)))]
    if isinstance(store, EmbeddingStore):
        head = store.head
        found += [store.embedding.tobytes(), store.trained_on, head.kind, head.bias.tobytes()]
    if isinstance(store, SequenceStore):
        found += [store.level, *(times.tobytes() for times in store.times(range(len(store))))]
    return found


def make_stores(folder: Path) -> list[Path]:
    """Make a store of frames, one of embeddings and one of sequences."""
    crash.frames(folder / STORES[0], 0)
    vectors = np.random.default_rng(0).standard_normal((20, 8)).astype(np.float32)
    content = Embeddings(
        Rows([f"u{i}" for i in range(20)], ["p"] * 20),
        8,
        lambda start, stop: vectors[start:stop],
        StoredHead("softmax", ["calm"], vectors[:1], bias=vectors[0, :1]),
        label="emotion",
        trained_on=["p", "q"],
    )
    origin = Origin("extract-embeddings", {"x": 1}, {"run": "sha256:0"})
    build_store(folder / STORES[1], content, origin, Execution(quiet=True, partition_size=7))
    crash.sequences(folder / STORES[2], 0)
    return [folder / name for name in STORES]


def damage_stores(count: int, chance: random.Random, folder: Path) -> Counter:
    """Damage one file at a time; count what was found when read, when checked, or not."""
    stores, seen = make_stores(folder), Counter()
    expected = {store: values_of(store) for store in stores}
    for number in range(count):
        store = stores[number % len(stores)]
        copy = folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(store, copy)
        files = sorted(path for path in copy.rglob("*") if path.is_file() and path.stat().st_size)
        path, damage = chance.choice(files), chance.choice(DAMAGES)
        before = path.read_bytes()
        damage(path, chance)
        if path.exists() and path.read_bytes() == before:
            seen["no damage"] += 1
            continue
        what = f"{damage.__name__} {path.relative_to(copy)}"
        try:
            seen["read right" if values_of(copy) == expected[store] else f"WRONG {what}"] += 1
        except AvkdError:
            seen["found by reading"] += 1
        seen["found by check" if list(faults_of_store(copy)) else f"MISSED {what}"] += 1
    return seen


def mutate_lists(count: int, chance: random.Random, folder: Path) -> Counter:
    """Mutate a list of utterances; count how it ended."""
    lines = [{"id": f"é{i}", "person": "p", "audio": f"{i}.wav", "start": i / 3} for i in range(9)]
    seeds = [
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode(),
        json.dumps(lines).encode(),
        b"\xef\xbb\xbf" + "\r\n".join(map(json.dumps, lines)).encode(),
    ]
    words = [b'"', b"{", b"}", b"[", b"\n", b"\r", b"\0", b"\xff", b"NaN", b"1e999", b"\\ud800"]
    seen = Counter()
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(data))
            length = chance.choice([0, 1, 5])
            data[place : place + length] = chance.choice([*words, bytes([chance.randrange(256)])])
        path = folder / "mutated"
        path.write_bytes(data)
        try:
            found = read_utterances(path)
            seen["with rejects" if found.rejects else "read"] += 1
        except AvkdError as error:
            seen[f"exit {error.exit_code}"] += 1
    return seen


def main() -> int:
    """Run both and print their counts as one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=int, default=2000)
    parser.add_argument("--lists", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    figures.add_option(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        chance = random.Random(given.seed)
        stores = damage_stores(given.stores, chance, Path(name))
        lists = mutate_lists(given.lists, chance, Path(name))
    wrong = sum(n for text, n in stores.items() if text.startswith(("WRONG", "MISSED")))
    counts = {"stores": dict(sorted(stores.items())), "lists": dict(sorted(lists.items()))}
    print(json.dumps(counts))
    if given.record:
        figures.record("damage", cases=given.stores, wrong=wrong, counts=counts)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
