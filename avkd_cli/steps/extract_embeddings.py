"""One embedding an utterance, from a trained network."""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avkd_cli.config import Execution, ExtractConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.choosing import chosen_fingerprint
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import EMBEDDING_ROWS, Embeddings
from avkd_cli.storage.heads import PERSON, StoredHead
from avkd_cli.storage.utterances import read_ids

if TYPE_CHECKING:
    from avkd_cli.inputs import Input
    from avkd_cli.inputs.networks import Description, Trained
    from avkd_cli.losses import Head
    from avkd_cli.storage.store import Store

Manifest = dict[str, Any]


def extract(
    run: Path,
    stores: list[str],
    output: Path,
    settings: ExtractConfig,
    execution: Execution,
    *,
    list_file: Path | None = None,
    side: str | None = None,
) -> Manifest | None:
    """Embed the utterances of stores with a finished run; return the new store's manifest.

    Utterances without a face have no row. Processes of a launcher share the partitions; only
    the first returns the manifest.

    Args:
        side: of a pair, embed one sense alone, to be compared with the other's; it has no head.

    Raises:
        UsageError: a side of what is no pair.
        MissingInputError, InputError: the run or a store is not there, damaged, or of the
            wrong kind or shape.
    """
    from avkd_cli.inputs import networks, open_input  # torch
    from avkd_cli.training import processes

    trained = networks.load(run)
    modality, level = side or trained.description.modality, side or "embedding"
    read = side_of(run, trained, stores, side) if side else open_input(modality, stores)
    check_features(run, encoder_of(trained.description, side), read)
    ids = choose_ids(read.stores, list_file)
    network, head, first = trained.network.to(device()), trained.head, read.stores[0]

    persons = trained.record.get("persons")  # who was trained on, unknown of runs of avkd 0.1
    content = Embeddings(
        Rows.of(first, ids),
        head.size,
        lambda start, stop: read.embed(network, ids[start:stop], settings, level),
        None if side else stored(head),
        trained.label,
        None if trained.label == PERSON else persons,
    )
    origin = Origin(
        "extract-embeddings",
        dataclasses.asdict(settings),
        {"run": trained.fingerprint}
        | {f"store{i}": store.fingerprint for i, store in enumerate(read.stores)}
        | chosen_fingerprint(ids, list_file),
        {"modality": modality, "run": run.name, "role": trained.record.get("role")},
    )

    def build(execution: Execution) -> Manifest | None:
        return build_store(output, content, origin, execution)

    if processes.world() == 1 or execution.dry_run or execution.finalise:
        return build(execution) if processes.rank() == 0 else None
    return build_together(build, execution, len(ids))


def build_together(
    build: Callable[[Execution], Manifest | None], execution: Execution, n_rows: int
) -> Manifest | None:
    """Share the partitions of a store among the processes of a launcher.

    The first one prepares and publishes, so that the others never meet another plan.
    """
    from avkd_cli.training.processes import Meeting

    meeting = Meeting()
    rows = min(execution.partition_size or EMBEDDING_ROWS, n_rows)
    first, stop = execution.partitions or (0, -(-n_rows // rows))
    part = dataclasses.replace(execution, quiet=True)
    if meeting.rank == 0:
        build(dataclasses.replace(part, partitions=(first, first)))
        meeting.say("prepared")
    meeting.hear("prepared", [0])
    bounds = [first + (stop - first) * i // meeting.world for i in range(meeting.world + 1)]
    mine = bounds[meeting.rank], bounds[meeting.rank + 1]
    build(dataclasses.replace(part, partitions=mine, overwrite=False))
    meeting.say("done")
    if meeting.rank != 0:
        return None
    meeting.hear("done", range(meeting.world))
    if execution.partitions is not None:
        return None
    return build(dataclasses.replace(execution, finalise=True, overwrite=execution.overwrite))


def device() -> Any:
    """Return the device that embeds: this process's GPU where there is one."""
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def side_of(run: Path, trained: "Trained", stores: list[str], side: str) -> "Input":
    """Return what one side of a pair reads.

    Raises:
        UsageError: the run is of no pair, or there is more than one store.
    """
    from avkd_cli.inputs.pair import open_side

    if trained.description.modality != "pair":
        raise UsageError(
            f"{run}: is of --modality {trained.description.modality}; --side is for a pair"
        )
    return open_side(side, stores, bool(trained.description.front_end))


def encoder_of(description: "Description", side: str | None) -> "Description":
    """Return what says which features a network takes: of a pair's side, its encoder does."""
    if side and description.front_end:
        return type(description)(**description.front_end[side])
    return description


def check_features(run: Path, description: "Description", read: "Input") -> None:
    """Raise InputError when the network was trained on something else than the stores hold."""
    held = read.held()
    wanted = description.front_end | description.model
    differ = [
        f"{name} {wanted[name]}, now it is {held[name]}"
        for name in held
        if wanted.get(name) is not None and wanted[name] != held[name]
    ]
    if differ:
        where = ", ".join(str(store.path) for store in read.stores)
        raise InputError(
            f"{where}: {run} was trained with {'; '.join(differ)}; prepare the data alike"
        )


def choose_ids(opened: "list[Store]", list_file: Path | None) -> list[str]:
    """Return the utterances to embed, in the first store's order."""
    first = opened[0]
    ids = [one for one, filled in zip(first.ids, first.filled, strict=True) if filled]
    for other in opened[1:]:
        both = [one for one in ids if one in other.row_of]
        lost = len(set(ids) | set(other.ids)) - len(both)
        if lost:
            print(
                f"avkd extract-embeddings: warning: {lost} utterances are in only one of "
                f"{first.path} and {other.path}; they get no embedding",
                file=sys.stderr,
            )
        ids = both
    if list_file is not None:
        wanted = read_ids(list_file)
        unknown = [one for one in wanted if one not in first.row_of]
        if unknown:
            raise InputError(
                f"{list_file}: {len(unknown)} utterances are not in {first.path}, such as "
                f"'{unknown[0]}'; take ids from that store"
            )
        chosen = set(wanted)
        ids = [one for one in ids if one in chosen]
    if not ids:
        raise InputError(f"{first.path}: no utterance to embed (no face, or none of --list)")
    return ids


def stored(head: "Head") -> StoredHead:
    """Return what a store keeps of a head."""
    bias = None if head.bias is None else head.bias.numpy()
    return StoredHead(head.kind, head.classes, head.weight.numpy(), head.scale, bias)
