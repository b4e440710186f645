"""Options of commands that train, and how they start more processes.

Loaded for `--help`: click and the standard library only.
"""

import sys
from typing import Any

from avkd_cli.options import flag, list_file, number, path, source, text, together

training = together(
    path("-o --output", "RUN", "Run folder to make or go on with.", required=True),
    list_file,
    source("--noise", "STORE", "Waveforms of music, speech and noise (MUSAN) for --augment."),
    source("--rir", "STORE", "Waveforms of room responses for --augment."),
    path(
        "--init-from",
        "RUN",
        "Start from the weights of a finished run of the same network and persons; given "
        "twice, a joint network starts from one run of each sense.",
        multiple=True,
    ),
    number(
        "--num-processes", "Processes on this machine that train together.", 1, least=1, most=256
    ),
    text(
        "--validation",
        "TRIALS",
        "Trial list whose EER is measured each epoch; the best epoch is kept.",
    ),
    flag("--overwrite", "Replace a run of another plan."),
    flag("-q --quiet", "No progress, only warnings and errors."),
    flag("--dry-run", "Try a few steps and say what the training would be."),
)
"""Adds what every training command takes beside its settings."""


def launched_here(asked: dict[str, Any]) -> bool:
    """Start the processes of --num-processes, unless this is one of them; say whether it did.

    Args:
        asked: options of the command, out of which that number is taken: no step wants it.
    """
    count = asked.pop("num_processes")
    if count == 1 or asked["dry_run"]:
        return False
    from avkd_cli.training import processes

    if processes.launched():
        return False
    if code := processes.launch(count):
        sys.exit(code if code > 0 else 128 - code)
    return True
