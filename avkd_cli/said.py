"""What a command says on stderr, once for processes that work together.

Loaded for `--help`: the standard library only.
"""


def tell(command: str, text: str) -> None:
    """Say what a person should know."""
    from avkd_cli.storage.progress import say
    from avkd_cli.training.processes import rank

    say(command, text, quiet=bool(rank()))


def warn(command: str, text: str) -> None:
    """Say that something is odd, though it can be done."""
    tell(command, f"warning: {text}")
