"""A click group whose commands are loaded when they are asked for."""

import importlib
import keyword
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """Commands from a table: name to module and what it does.

    The text stands in the table so that the group's help loads no command; a command is the
    function of its name (- as _, a word of Python with _ behind) in `avkd_cli.commands.<module>`.

    Args:
        table: name: (module, text).
        heading: of the list in the help.
    """

    def __init__(
        self, *args, table: Mapping[str, tuple[str, str]], heading: str = "Commands", **kwargs
    ) -> None:
        super().__init__(*args, **kwargs)
        self.table, self.heading = table, heading

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return a command, its module loaded now."""
        if name not in self.table:
            return None
        module = importlib.import_module(f"avkd_cli.commands.{self.table[name][0]}")
        return getattr(module, name.replace("-", "_") + "_" * keyword.iskeyword(name))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take `help X` for `X --help`."""
        if args[:1] == ["help"] and "help" not in self.table:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the names that begin so, from the table: no command is loaded; and options."""
        names = [
            CompletionItem(name, help=text)
            for name, (_, text) in self.table.items()
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(self, ctx: click.Context, args: list[str]):
        """Refuse an unknown name with the nearest one."""
        if args and args[0] not in self.table and not args[0].startswith("-"):
            from avkd_cli import hints

            meant = hints.of_command(args[0], list(self.table), top=ctx.parent is None)
            hint = f" Did you mean '{meant}'?" if meant else ""
            ctx.fail(f"there is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table."""
        with formatter.section(self.heading):
            formatter.write_dl([(name, text) for name, (_, text) in self.table.items()])
