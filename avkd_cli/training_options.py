"""Options of commands that train, and how they start more processes.

Loaded for `--help`: click and the standard library only.
"""

import dataclasses
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from avkd_cli.options import apply, list_file, store


@dataclasses.dataclass(frozen=True)
class Training:
    """What every training command takes, beside its settings."""

    output: Path
    list_file: Path | None
    noise: str | None
    rir: str | None
    init_from: tuple[Path, ...]
    num_processes: int
    validation: str | None
    overwrite: bool
    quiet: bool
    dry_run: bool

    def for_step(self) -> dict[str, Any]:
        """Return what the step takes under the same names."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del given["num_processes"]
        return given


TRAINING = (
    click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        required=True,
        metavar="RUN",
        help="Run folder to make or go on with.",
    ),
    list_file,
    click.option(
        "--noise",
        type=store,
        metavar="STORE",
        help="Waveforms of music, speech and noise (MUSAN) for --augment.",
    ),
    click.option(
        "--rir", type=store, metavar="STORE", help="Waveforms of room responses for --augment."
    ),
    click.option(
        "--init-from",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="RUN",
        help="Start from the weights of a finished run of the same network and persons; given "
        "twice, a joint network starts from one run of each sense.",
    ),
    click.option(
        "--num-processes",
        type=click.IntRange(1, 256),
        default=1,
        show_default=True,
        help="Processes on this machine that train together.",
    ),
    click.option(
        "--validation",
        metavar="TRIALS",
        help="Trial list whose EER is measured each epoch; the best epoch is kept.",
    ),
    click.option("--overwrite", is_flag=True, help="Replace a run of another plan."),
    click.option("-q", "--quiet", is_flag=True, help="No progress, only warnings and errors."),
    click.option(
        "--dry-run", is_flag=True, help="Try a few steps and say what the training would be."
    ),
)


def training(command: Callable) -> Callable:
    """Add the options of `Training`; the command gets one argument `training`."""
    names = [field.name for field in dataclasses.fields(Training)]

    @functools.wraps(command)
    def gathered(**kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names}
        return command(training=Training(**given), **kwargs)

    return apply(TRAINING, gathered)


def launched_here(training: Training) -> bool:
    """Start the processes of --num-processes, unless this is one of them; say whether it did."""
    if training.num_processes == 1 or training.dry_run:
        return False
    from avkd_cli.training import processes

    if processes.launched():
        return False
    code = processes.launch(training.num_processes)
    if code:
        sys.exit(code if code > 0 else 128 - code)
    return True
