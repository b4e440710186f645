"""What `avkd corpus cluster` does: write a list whose unknown persons are clusters."""

import json
from collections.abc import Sequence
from pathlib import Path

from avkd_cli.recipes.cluster_rules import Rules
from avkd_cli.recipes.clusters import clustered
from avkd_cli.steps.corpus import prefix, relocate, say
from avkd_cli.storage import durable
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import read_whole, write_utterances


def cluster_list(
    stores: Sequence[str],
    source: str,
    output: Path | None,
    rules: Rules,
    *,
    report: Path | None = None,
    quiet: bool = False,
) -> None:
    """Write a list with clusters for persons.

    Raises:
        InputError: as `recipes.clusters.clustered`, a bad line, or no such stores.
    """
    opened = [open_store(path, "avkd.embeddings") for path in stores]
    listed = read_whole(source)
    found = clustered(opened, listed.utterances, listed.name, rules)
    write_utterances(output or "-", relocate(found.utterances, prefix(listed.base, output)))
    if report is not None:
        durable.write_text(report, json.dumps(found.report, indent=1) + "\n")
    if not quiet:
        for line in found.notes:
            say(line)
