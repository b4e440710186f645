"""Rounds of a student of people nobody named: it embeds them, and clusters are found again.

Each round is a whole training from the beginning, in RUN/rounds/0, 1 and so on, as `distill` makes
without rounds; what it embeds is RUN/rounds/0.zarr. The run itself is the last student. So whatever
was interrupted goes on: finished rounds and stores are left alone, and kept clusters are read.
"""

import time
from collections.abc import Collection
from pathlib import Path

import numpy as np

from avkd_cli.config import Execution
from avkd_cli.errors import MissingInputError
from avkd_cli.inputs import INPUTS, networks
from avkd_cli.inputs.passing import Passage
from avkd_cli.storage import durable
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import read_ids
from avkd_cli.training.device import here
from avkd_cli.training.processes import rank

LOOK_EVERY = 0.5  # seconds in which another process looks whether the first has embedded


def embedded_by(run: Path, fingerprint: str, store: str, wanted: Collection[str]) -> str:
    """Embed utterances with a finished round, unless that was done; return the store's path.

    Processes but the first wait for it.

    Args:
        run: of the round. fingerprint: of it. store: that its network reads.
        wanted: ids, of which the store may lack some.
    """
    path = run.with_name(f"{run.name}.zarr")
    if rank():  # the first one may be publishing the very run
        while not made_by(path, fingerprint):
            time.sleep(LOOK_EVERY)
        return str(path)
    trained = networks.load(run)
    read = INPUTS[trained.description.modality].opened([store])
    first = read.stores[0]
    ids = [one for one in first.ids if one in wanted and first.holds(one)]
    passage = Passage(trained.network.to(here()))
    read.head = trained.head

    def embed(start: int, stop: int) -> np.ndarray:
        return read.embed(passage, ids[start:stop])

    inputs = {"run": trained.fingerprint, "store0": first.fingerprint}
    inputs["list"] = durable.digest_of(ids)
    said = {"modality": trained.description.modality, "run": run.name, "role": "student"}
    build_store(
        path,
        Embeddings(Rows.of(first, ids), trained.head.size, embed),
        Origin("distill", {}, inputs, said),
        Execution(quiet=True, overwrite=True),
    )
    return str(path)


def made_by(path: Path, fingerprint: str) -> bool:
    """Return whether a store is there that a run made."""
    try:
        return open_store(path).manifest["inputs"].get("run") == fingerprint
    except MissingInputError:
        return False


def everyone(labelled: Collection[str], unlabelled: Path) -> set[str]:
    """Return the ids of whom a round embeds: whom it was trained on, and all of the list."""
    return {*labelled, *read_ids(unlabelled)}
