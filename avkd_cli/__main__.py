"""Runs `avkd` and turns whatever happens into one line and an exit code."""

import contextlib
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import click
from click.shell_completion import shell_complete

from avkd_cli import hints
from avkd_cli.cli import cli
from avkd_cli.errors import AvkdError

COMPLETE = "_AVKD_COMPLETE"  # what a shell asks completions with, see README
GOES_ON = {
    "avkd corpus standin",
    "avkd prep-audio",
    "avkd crop-faces",
    "avkd train-teacher",
    "avkd extract-embeddings",
    "avkd distill",
}
ENVIRONMENT_FAULTS = {"ENOSPC", "EDQUOT", "EIO", "EROFS", "EMFILE", "ENFILE"}


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: stop as orderly as for ctrl-c, end with that signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def raise_terminated(number: int, _frame: object) -> None:
    """Signal handler: let the work unwind."""
    raise Terminated(number)


def main() -> None:
    """Entry point of the console script and of `python -m avkd_cli`."""
    wait_asleep()
    signal.signal(signal.SIGTERM, raise_terminated)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup is respected
        signal.signal(signal.SIGHUP, raise_terminated)
    try:
        code = run()
    except KeyboardInterrupt as stop:
        say_stopped()
        end_by_signal(stop.number if isinstance(stop, Terminated) else signal.SIGINT)
    except BrokenPipeError:
        end_by_signal(signal.SIGPIPE)
    sys.exit(code)


def wait_asleep() -> None:
    """Let the threads of torch sleep while they wait for each other, unless the environment says.

    Awake, as OpenMP would have it, they take the cores from each other as soon as anybody else
    computes on them: small nets then train several times more slowly (benchmarks/bench_threads).
    OpenMP reads this once, when torch is loaded.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def run() -> int:  # noqa: PLR0911  one return an outcome reads best
    """Run the command line; return the exit code, after one line on stderr for an error."""
    try:
        if asked := os.environ.get(COMPLETE):
            return shell_complete(cli, {}, "avkd", COMPLETE, asked)
        # Not cli.main, which answers a closed pipe with exit code 1.
        with cli.make_context("avkd", sys.argv[1:]) as ctx:
            cli.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return error.exit_code
    except click.UsageError as error:
        return complain(message_of(error), 2, error.ctx)
    except click.ClickException as error:
        return complain(error.format_message(), error.exit_code)
    except click.exceptions.Abort:
        raise KeyboardInterrupt from None
    except AvkdError as error:
        return complain(str(error), error.exit_code)
    except BrokenPipeError:
        raise
    except MemoryError:
        return complain("out of memory; take smaller batches or fewer --workers", 75)
    except OSError as error:
        return environment_fault(error)
    except Exception:
        return crash()
    return 0


def message_of(error: click.UsageError) -> str:
    """Return click's message with the way to the help page."""
    path = error.ctx.command_path if error.ctx else "avkd"
    known = isinstance(error, click.NoSuchOption)
    text = (hints.of_option(error) if known else error.format_message()).rstrip()
    return f"{text}{'' if text.endswith(('.', '?')) else '.'} See '{path} --help'."


def complain(message: str, code: int, ctx: click.Context | None = None) -> int:
    """Print `avkd <command>: error: …` on stderr; return the code."""
    if debugging():
        traceback.print_exc()
    command = ctx.command_path if ctx else command_path()
    text = " ".join(message.split())
    with contextlib.suppress(OSError):
        print(
            f"{command}: error: {text}".encode(errors="backslashreplace").decode(), file=sys.stderr
        )
    return code


def command_path() -> str:
    """Return `avkd`, the command and, in a group of commands, which one."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    return " ".join(["avkd", *words[: 2 if words[:1] in (["analyze"], ["corpus"]) else 1]])


def environment_fault(error: OSError) -> int:
    """Disk and descriptor trouble is exit 74; another unexpected OSError is a crash."""
    import errno

    name = errno.errorcode.get(error.errno or 0, "")
    where = f" ({error.filename})" if error.filename else ""
    if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return complain(f"{error.strerror}{where}; check the path", 66)
    if isinstance(error, PermissionError):
        return complain(f"{error.strerror}{where}; choose a path you may use", 73)
    if name not in ENVIRONMENT_FAULTS:
        return crash()
    return complain(f"{error.strerror}{where}; make room or mend the disk, then run again", 74)


def crash() -> int:
    """Save the traceback of a bug and say where."""
    if debugging():
        traceback.print_exc()
    handle, name = tempfile.mkstemp(prefix="avkd-crash-", suffix=".txt")
    with os.fdopen(handle, "w") as report:
        report.write(" ".join(sys.argv) + "\n" + traceback.format_exc())
    last = traceback.format_exc(limit=0).strip().splitlines()[-1]
    return complain(f"a bug in avkd, please report it with {Path(name)}: {last}", 70)


def debugging() -> bool:
    """Return whether the user asked for tracebacks."""
    return "--debug" in sys.argv


def say_stopped() -> None:
    """Say on stderr what the same command would do now; of several processes the first does."""
    if os.environ.get("RANK", "0") == "0":
        command = command_path()
        next_time = "goes on" if command in GOES_ON else "starts anew"
        with contextlib.suppress(OSError):
            print(f"{command}: stopped; the same line {next_time}", file=sys.stderr)


def end_by_signal(number: int) -> None:
    """End as the signal would have, so that the parent sees the truth."""
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    devnull = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(devnull, sys.stdout.fileno())  # nothing more for a closed pipe at exit
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    main()
