"""What a command says on stderr, once for processes that work together.

Loaded for `--help`: the standard library only.
"""

import sys


def tell(command: str, text: str) -> None:
    """Say what a person should know."""
    from avkd_cli.training.processes import rank

    if not rank():
        print(f"avkd {command}: {text}", file=sys.stderr)


def warn(command: str, text: str) -> None:
    """Say that something is odd, though it can be done."""
    tell(command, f"warning: {text}")
