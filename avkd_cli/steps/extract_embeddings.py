"""One embedding an utterance, from a trained network."""

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from avkd_cli.config import Execution, ExtractConfig
from avkd_cli.errors import InputError
from avkd_cli.storage import durable
from avkd_cli.storage.embeddings import EMBEDDING_ROWS, build_embeddings
from avkd_cli.storage.utterances import read_ids

Manifest = dict[str, Any]


def extract(
    run: Path,
    stores: list[str],
    output: Path,
    settings: ExtractConfig,
    execution: Execution,
    *,
    list_file: Path | None = None,
) -> Manifest | None:
    """Embed the utterances of stores with a finished run; return the new store's manifest.

    Utterances without a face have no row. Processes of a launcher share the partitions; only
    the first returns the manifest.

    Raises:
        MissingInputError, InputError: the run or a store is not there, damaged, or of the
            wrong kind or shape.
    """
    from avkd_cli.steps.embedder import embedder  # torch
    from avkd_cli.training import networks, processes

    trained = networks.load(run)
    modality = trained.description.modality
    opened = open_inputs(modality, stores)
    check_features(run, trained, opened)
    ids = choose_ids(opened, list_file)
    embed, network = embedder(modality, opened, settings), trained.network.to(device())
    first = opened[0]

    def build(execution: Execution) -> Manifest | None:
        return build_embeddings(
            output,
            ids=ids,
            persons=[first.persons[first.row_of[one]] for one in ids],
            splits=splits_of(first, ids),
            dimension=trained.classifier.shape[1],
            compute=lambda start, stop: embed(network, ids[start:stop]),
            config=dataclasses.asdict(settings),
            inputs={"run": trained.record["fingerprint"]}
            | {f"store{i}": store.fingerprint for i, store in enumerate(opened)}
            | chosen_fingerprint(ids, list_file),
            extra={"modality": modality, "run": run.name, "role": trained.record.get("role")},
            classes=trained.classes,
            classifier=trained.classifier.numpy(),
            execution=execution,
        )

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


def open_inputs(modality: str, stores: list[str]) -> list[Any]:
    """Return the stores that a network of this modality embeds."""
    from avkd_cli.steps.train_teacher import by_sense, open_stores

    opened = open_stores(modality, stores)
    return list(by_sense(opened)) if modality == "fusion" else opened


def check_features(run: Path, trained: Any, opened: list[Any]) -> None:
    """Raise InputError when the network was trained on something else than the stores hold."""
    from avkd_cli.steps.train_teacher import describe_store

    description = trained.description
    wanted = {k: description.model.get(k) for k in ("n_mels", "in_channels", "height", "width_px")}
    wanted["features"] = description.front_end.get("features")
    wanted |= {
        k: description.model[k] for k in ("visual_size", "audio_size") if k in description.model
    }
    held = describe_store(description.modality, opened)
    differ = [
        f"{name} {wanted[name]}, now it is {held[name]}"
        for name in held
        if wanted.get(name) is not None and wanted[name] != held[name]
    ]
    if differ:
        where = ", ".join(str(store.path) for store in opened)
        raise InputError(
            f"{where}: {run} was trained with {'; '.join(differ)}; prepare the data alike"
        )


def choose_ids(opened: list[Any], list_file: Path | None) -> list[str]:
    """Return the utterances to embed, in the first store's order."""
    first = opened[0]
    ids = list(first.ids)
    if hasattr(first, "lengths"):
        ids = [one for one, n in zip(first.ids, first.lengths, strict=True) if n > 0]
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


def splits_of(store: Any, ids: list[str]) -> list[str]:
    """Return the split of utterances, so that a fusion trains on the right ones."""
    splits = store.column("split")
    return [splits[store.row_of[one]] for one in ids]


def chosen_fingerprint(ids: list[str], list_file: Path | None) -> dict[str, str]:
    """Return the fingerprint of a choice by --list."""
    if list_file is None:
        return {}
    return {"list": "sha256:" + durable.sha256_bytes("\n".join(ids).encode())}
