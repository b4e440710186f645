"""Run what is not done yet, several commands at a time, and keep account of what was done.

A finished command is a line of WORK/done.jsonl: its target, its words, its seconds. The same
target by other words is refused, so that no folder holds runs of two plans.
"""

import json
import os
import shlex
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path

import click

from avkd_cli.errors import AvkdError, InputError, OutputError, TemporaryError
from avkd_cli.storage import durable, places
from study.recordings import OF_THIS, Line

DONE = "done.jsonl"


class Account:
    """What was done in a folder: words and seconds by target."""

    def __init__(self, work: Path) -> None:
        self.work, self.path = work, work / DONE
        self.done: dict[Path, dict] = {}
        for number, text in enumerate(self._lines(), 1):
            try:
                one = json.loads(text)
                self.done[work / one["target"]] = one
            except (ValueError, TypeError, KeyError):
                raise InputError(
                    f"{self.path}:{number}: no line of a finished command; take it out, and the "
                    "command is run again"
                ) from None

    def _lines(self) -> list[str]:
        return self.path.read_text("utf-8").splitlines() if self.path.exists() else []

    def finished(self, line: Line) -> bool:
        """Return whether a line was done and its target is there.

        Raises:
            OutputError: the target was made by other words.
        """
        one = self.done.get(line.target)
        if one is None:
            return False
        if one["words"] != list(line.words):
            was, now = _apart(one["words"], line.words)
            raise OutputError(
                f"{line.target}: was made with {was}, now it is {now}; give another --work, or "
                f"remove it, what was made of it, and their lines in {self.path}"
            )
        return line.target.exists()

    def keep(self, line: Line, seconds: float) -> None:
        """Write down that a line was done."""
        said = {
            "target": str(line.target.relative_to(self.work)),
            "words": list(line.words),
            "seconds": round(seconds, 2),
        }
        durable.append_line(self.path, json.dumps(said))
        self.done[line.target] = said


def _apart(was: Iterable[str], now: Iterable[str]) -> tuple[str, str]:
    """Return in what two command lines differ, for a message."""
    old, new = list(was), list(now)
    gone = [word for word in old if word not in new] or old
    come = [word for word in new if word not in old] or new
    return " ".join(gone[:6]), " ".join(come[:6])


def missing(lines: Mapping[Path, Line], wanted: Iterable[Path], account: Account) -> list[Line]:
    """Return the lines to do for some targets, each after those it needs.

    What a finished target was made of need not be there any more, but its words are compared.

    Raises:
        OutputError: anything on the way was made by other words.
    """
    found: dict[Path, Line] = {}
    seen: dict[Path, bool] = {}  # whether it is needed

    def visit(target: Path, needed: bool) -> None:
        if seen.get(target, False) or (target in seen and not needed):
            return
        seen[target] = needed
        line = lines[target]
        todo = not account.finished(line) and needed
        for need in line.needs:
            visit(need, todo)
        if todo:
            found[target] = line

    for target in wanted:
        visit(target, needed=True)
    return list(found.values())


def run(
    lines: Mapping[Path, Line],
    wanted: Iterable[Path],
    work: Path,
    *,
    at_once: int,
    show: bool = False,
) -> None:
    """Do all that some targets need and that is not done yet.

    Args:
        lines: by target.
        wanted: targets.
        work: folder of all of them, of done.jsonl and of logs.
        at_once: commands at a time.
        show: print the lines and do nothing.

    Raises:
        AvkdError: as the command that failed; what was running is finished and kept.
    """
    durable.make_directory(work)
    with places.lock(work / DONE):
        account = Account(work)
        todo = missing(lines, wanted, account)
        if show:
            for folder in dict.fromkeys(line.target.parent for line in todo):
                click.echo(shlex.join(("mkdir", "-p", str(folder))))
            for line in todo:
                click.echo(line.shown())
        elif todo:
            _run_all(todo, account, at_once)


def _run_all(todo: list[Line], account: Account, at_once: int) -> None:
    waiting, left = list(todo), len(todo)
    targets = {line.target for line in todo}
    running: dict[Future, Line] = {}
    failed: AvkdError | None = None
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // at_once)))
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as pool:
        while running or (waiting and failed is None):
            for line in _ready(waiting, targets) if failed is None else ():
                if len(running) == at_once:
                    break
                waiting.remove(line)
                click.echo(f"[{left}] {line.shown()}", err=True)
                durable.make_directory(line.target.parent)
                left -= 1
                running[pool.submit(perform, line.words, str(_log(account.work, line)))] = line
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                line = running.pop(future)
                failed = _settled(future, line, account, failed)
                targets.discard(line.target)
    if failed is not None:
        raise failed


def _ready(waiting: list[Line], undone: set[Path]) -> list[Line]:
    return [line for line in waiting if not undone.intersection(line.needs)]


def _settled(
    future: Future, line: Line, account: Account, failed: AvkdError | None
) -> AvkdError | None:
    """Keep what was done; return the first error."""
    try:
        seconds, error, code = future.result()
    except Exception as broken:
        return failed or TemporaryError(f"{line.shown()}: its process was killed ({broken})")
    if not error:
        account.keep(line, seconds)
        return failed
    log = _log(account.work, line)
    found = AvkdError(f"{error}; the command was: {line.shown()} (log: {log})")
    found.exit_code = code
    return failed or found


def _log(work: Path, line: Line) -> Path:
    name = str(line.target.relative_to(work)).replace("/", "-")
    return work / "logs" / f"{name}.log"


def perform(words: tuple[str, ...], log: str) -> tuple[float, str, int]:
    """Run a command in this process, its output in a log; return seconds, error and exit code."""
    from avkd_cli.cli import cli
    from study.__main__ import main

    began = time.monotonic()
    durable.make_directory(Path(log).parent)
    with Path(log).open("a", encoding="utf-8") as file, _into(file.fileno()):
        try:
            if words[0] == OF_THIS:
                main.main(list(words[1:]), standalone_mode=False)
            else:
                cli.main(list(words), standalone_mode=False)
        except AvkdError as error:
            return 0.0, str(error), error.exit_code
        except click.ClickException as error:
            return 0.0, error.format_message(), error.exit_code
    return time.monotonic() - began, "", 0


class _into:  # noqa: N801, a verb
    """Send what this process and its libraries print to a file."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def __enter__(self) -> None:
        self.kept = [os.dup(1), os.dup(2)]
        self._flush()
        for place in (1, 2):
            os.dup2(self.descriptor, place)

    def __exit__(self, *_: object) -> None:
        self._flush()
        for place, kept in zip((1, 2), self.kept, strict=True):
            os.dup2(kept, place)
            os.close(kept)

    def _flush(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
