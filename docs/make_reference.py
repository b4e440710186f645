"""Write docs/commands.md from the commands themselves.

    python docs/make_reference.py

Only names, help texts, types and defaults of click's parameters are used, not its layout, so the
page is the same under any version of click. `tests/test_docs.py` fails while it is stale.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from avkd_cli.cli import cli

PAGE = Path(__file__).with_name("commands.md")
HEAD = """# Commands

Made from the help of the commands by `python docs/make_reference.py`; do not edit. Where no default
is said, an option is off or absent by default. `-h` is `--help` everywhere.
"""
INDENT = "    "


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield (command path, command) of a group, depth first, in the order of its help."""
    yield path, group
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def page() -> str:
    """Return the whole reference."""
    return "\n".join([HEAD, *(section(*one) for one in commands(cli, "avkd"))])


def section(path: str, command: click.Command) -> str:
    """Return one command's part of the page."""
    parts = [f"## {path}", f"`{usage(path, command)}`", text_of(command.help or "")]
    options = [p for p in command.params if isinstance(p, click.Option)]
    if options:
        rows = (f"| {names(one)} | {cell(meaning(one))} |" for one in options)
        parts.append("\n".join(["| option | what |", "| --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"


def usage(path: str, command: click.Command) -> str:
    """Return the usage line: arguments by name, `[…]` where optional, `…` where repeated."""
    words = [path, "[OPTIONS]"]
    for argument in command.params:
        if isinstance(argument, click.Argument):
            name = argument.metavar or (argument.name or "").upper()
            name += "…" if argument.nargs == -1 and not argument.metavar else ""
            words.append(name if argument.required else f"[{name}]")
    if isinstance(command, click.Group):
        words.append("COMMAND …")
    return " ".join(words)


def text_of(text: str) -> str:
    r"""Return a help text as Markdown: paragraphs flow, what follows \b is a shell block."""
    blocks = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b\n"):
            blocks.append(shell_block(paragraph.removeprefix("\b\n").splitlines()))
        else:
            blocks.append(paragraph)
    return "\n\n".join(blocks)


def shell_block(lines: list[str]) -> str:
    """Return the indented lines of an example as a fenced block under its title."""
    title, code = lines[0], [line.removeprefix(INDENT) for line in lines[1:]]
    return "\n".join([title, "", "```sh", *code, "```"])


def names(option: click.Option) -> str:
    """Return the option's spellings and what it takes, as code."""
    on, off = [*option.opts], [*option.secondary_opts]
    if option.is_flag:
        return f"`{', '.join(on)}`" + (f" or `{', '.join(off)}`" if off else "")
    return f"`{', '.join(on)} {takes(option)}`".replace("|", "\\|")


def takes(option: click.Option) -> str:
    """Return what a value looks like."""
    if option.metavar:
        return option.metavar
    kind = option.type
    if isinstance(kind, click.Choice):
        return "|".join(str(choice) for choice in kind.choices)
    if isinstance(kind, click.Path):
        return "PATH"
    return kind.name.upper().removesuffix(" RANGE")


def meaning(option: click.Option) -> str:
    """Return the help of an option with its range, default and whether it must be given."""
    parts = [" ".join((option.help or "").split())]
    kind = option.type
    if isinstance(kind, click.IntRange | click.FloatRange):
        low, high = kind.min, kind.max
        if low is not None and high is not None:
            parts.append(f"From {low} to {high}.")
        else:
            parts.append(f"At least {low}." if low is not None else f"At most {high}.")
    if option.show_default and option.default is not None:
        parts.append(f"[default: {option.default}]")
    if option.required:
        parts.append("Required.")
    return " ".join(parts)


def cell(text: str) -> str:
    """Return text that may stand in a table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
