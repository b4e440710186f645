"""One embedding an utterance, from a trained network."""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from avkd_cli.config import Execution, ExtractConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.said import warn
from avkd_cli.storage import names
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.choosing import chosen_fingerprint, refuse_other_persons
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.storage.heads import PERSON
from avkd_cli.storage.sequences import Pieces, Sequences
from avkd_cli.storage.utterances import read_ids, read_whole, value_of

ONE_EACH = ("embedding", "posteriors")
"""Levels with one vector an utterance."""

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from avkd_cli.inputs import Input
    from avkd_cli.inputs.networks import Description, Trained
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
        side: of a pair, embed one sense alone, to be compared with the other's, or of a joint
            network, where the other is missing; it has no head.

    Raises:
        UsageError: a side of what has none, or a level that sides do not have.
        MissingInputError, InputError: the run or a store is not there, damaged, or of the
            wrong kind or shape.
    """
    from avkd_cli.inputs import networks  # torch
    from avkd_cli.storage.store import RaggedStore
    from avkd_cli.training import processes
    from avkd_cli.training.device import here

    trained = networks.load(run)
    read = opened(trained.description, stores, settings.level, side)
    for sense, one in ({side: read} if side else read.senses()).items():
        check_features(run, encoder_of(trained.description, sense), one)
    for store in read.stores:
        if isinstance(store, RaggedStore):
            store.read_once()
    ids = choose_ids(read.stores, list_file)
    read.head, network = trained.head, trained.network.to(here())
    trained = named(trained, names_in(read.stores, trained.label, list_file))
    content = content_of(trained, read, network, Rows.of(read.stores[0], ids), settings, side)
    chosen = chosen_fingerprint(ids, list_file)
    origin = origin_of(run, trained, read, settings, side, chosen)
    build = partial(build_store, output, content, origin)
    if processes.world() == 1 or execution.dry_run or execution.finalise:
        return build(execution) if processes.rank() == 0 else None
    each = content.partition_rows(execution.partition_size)
    return build_together(build, execution, len(ids), each)


def origin_of(
    run: Path,
    trained: "Trained",
    read: "Input",
    settings: ExtractConfig,
    side: str | None,
    chosen: dict[str, str],
) -> Origin:
    """Return what embeddings are made from, and how."""
    level = {} if settings.level == "embedding" else {"level": settings.level}
    stores = {f"store{i}": store.fingerprint for i, store in enumerate(read.stores)}
    said = {
        "modality": side or read.sense or trained.description.modality,
        "run": run.name,
        "role": trained.record.get("role"),
    }
    config = settings_said(settings) | ({"side": side} if side else {})
    inputs = {"run": trained.fingerprint, **stores, **chosen}
    return Origin("extract-embeddings", config, inputs, said | level)


def opened(description: "Description", stores: list[str], level: str, side: str | None) -> "Input":
    """Return what a network, or a side of it, reads: over the stores at these paths."""
    from avkd_cli.inputs import INPUTS  # torch

    kind = INPUTS[description.modality]
    if side is None:
        return kind.opened(stores)
    read = kind.opened_side(side, stores, bool(description.front_end))
    if level not in kind.side_levels:
        known = " and ".join(kind.side_levels)
        raise UsageError(f"--side {side} has {known} alone; leave --level {level} out")
    return read


def content_of(
    trained: "Trained",
    read: "Input",
    network: "nn.Module",
    rows: Rows,
    settings: ExtractConfig,
    side: str | None,
) -> Embeddings | Sequences:
    """Return what the level asked for is stored as: one vector an utterance, or several."""
    head, ids = trained.head, rows.ids
    if settings.level not in ONE_EACH:
        return sequences_of(trained, read, network, rows, settings)

    from avkd_cli.inputs.passing import Passage, posteriors  # torch

    passage = Passage(network, settings, side or "embedding")

    def embed(start: int, stop: int) -> "np.ndarray":
        return read.embed(passage, ids[start:stop])

    persons = trained.record.get("persons")  # who was trained on, unknown of runs of avkd 0.1
    kept = trained.stored_head() if settings.level == "embedding" and not side else None
    said = kept is not None and trained.label == PERSON and {*(persons or ())} <= {*head.classes}
    trained_on = None if said else persons  # the classes say it
    if settings.level == "embedding":
        return Embeddings(rows, head.size, embed, kept, trained.label, trained_on)
    return Embeddings(
        rows,
        len(head.classes),
        lambda start, stop: posteriors(head, embed(start, stop)),
        label=trained.label,
        trained_on=trained_on,
        names=head.classes,
    )


def named(trained: "Trained", here: set[str]) -> "Trained":
    """Return a finished run with the names that are said here in place of their digests.

    Stores of embeddings are data, and name people as the stores do that they are made of.
    """
    record, heads = dict(trained.record), dict(trained.heads)
    if "persons" in record:
        record["persons"] = names.together((), names.resolved(record["persons"], here))
    for head in heads.values():
        head.classes = names.resolved(head.classes, here)
    return dataclasses.replace(trained, record=record, heads=heads)


def names_in(stores: "list[Store]", label: str, list_file: Path | None) -> set[str]:
    """Return the persons of stores, and the values of a label in them and in a list."""
    found = {one for store in stores for one in store.persons}
    if label != PERSON:
        held = [store.column(label) for store in stores if store.has(label)]
        found |= {str(one) for column in held for one in column}
        listed = read_whole(list_file).utterances if list_file else []
        found |= {value_of(one, label) for one in listed}
    return found - {""}


def sequences_of(
    trained: "Trained", read: "Input", network: "nn.Module", rows: Rows, settings: ExtractConfig
) -> Sequences:
    """Return the segments or frames of utterances, computed row by row."""
    from avkd_cli.inputs.passing import Passage  # torch

    passage = Passage(network, settings, settings.level)
    size, step = read.piece(passage)

    def compute(start: int, stop: int) -> "Iterator[Pieces]":
        for row in range(start, stop):
            for values, time_s in read.pieces(passage, [rows.ids[row]]):
                yield Pieces(row, values, time_s)

    fps = None if step is None else 1 / step
    piece = step if settings.level == "segments" else None
    return Sequences(
        rows, settings.level, size, compute, fps=fps, piece_s=piece, label=trained.label
    )


def settings_said(settings: ExtractConfig) -> dict[str, Any]:
    """Return the settings; those that an older avkd did not have only where they are on."""
    said, usual = dataclasses.asdict(settings), ExtractConfig()
    for name in ("level", "face_pool"):
        if said[name] == getattr(usual, name):
            del said[name]
    return said


def build_together(
    build: Callable[[Execution], Manifest | None], execution: Execution, n_rows: int, each: int
) -> Manifest | None:
    """Share the partitions of a store among the processes of a launcher.

    The first one prepares and publishes, so that the others never meet another plan.

    Args:
        n_rows: of the store. each: of a partition.
    """
    from avkd_cli.training.processes import Meeting

    meeting = Meeting()
    rows = min(each, n_rows)
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
    return build(dataclasses.replace(execution, finalise=True))


def encoder_of(description: "Description", side: str | None) -> "Description":
    """Return what says which features a network takes: of a pair's side, its encoder does."""
    if side and description.front_end:
        return type(description)(**description.front_end[side])
    return description


def check_features(run: Path, description: "Description", read: "Input") -> None:
    """Raise InputError when the network was trained on something else than the stores hold."""
    held = read.held()
    takes = description.other_than(held)
    differ = [f"{name} {known}, now it is {held[name]}" for name, known in takes.items()]
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
            warn(
                "extract-embeddings",
                f"{lost} utterances are in only one of {first.path} and {other.path}; they get no "
                "embedding",
            )
        refuse_other_persons(both, first, other)
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
