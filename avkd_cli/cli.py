"""The `avkd` command: a table of commands, each loaded when it is asked for."""

import difflib
import importlib

import click

# name: (module, what it does). The text stands here so that `avkd --help` loads no command.
COMMANDS = {
    "corpus": ("corpus", "List the people of a corpus; make a stand-in corpus or trials."),
    "prep-audio": ("prep_audio", "Decode recordings to features in a store."),
    "crop-faces": ("crop_faces", "Find, align and crop faces into a store."),
    "train-teacher": ("train_teacher", "Train an audio, visual or audio-visual teacher."),
    "extract-embeddings": ("extract_embeddings", "Make one embedding an utterance."),
    "distill": ("distill", "Train a student of one sense from a teacher's embeddings."),
    "score": ("score", "Score trials by the cosine of embeddings."),
    "analyze": ("analyze", "Compare and explain scores and embeddings."),
    "check": ("check", "Verify stores: every digest, index and count."),
}


class LazyGroup(click.Group):
    """Loads a command's module only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: D102
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"avkd_cli.commands.{COMMANDS[name][0]}")
        return getattr(module, COMMANDS[name][0])

    def resolve_command(self, ctx: click.Context, args: list[str]):  # noqa: D102
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else " See 'avkd --help'."
            ctx.fail(f"there is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        with formatter.section("Commands, in the order of the data"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print `avkd, version X` and end."""
    if wanted:
        from importlib.metadata import version

        click.echo(f"avkd, version {version('avkd')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_version,
    help="Print the version.",
)
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Teach one sense what two senses know.

    Audio-visual person verification, distilled into a student that only hears or only sees.

    \b
    Example, a shell pipe:
        avkd prep-audio people.jsonl -o audio.zarr \\
          | avkd extract-embeddings runs/audio - -o emb.zarr \\
          | avkd score trials.txt - > base.scores

    Results go to stdout, everything else to stderr. Exit codes: 0 done, 2 wrong option,
    3 gate not met, 65 wrong data, 66 missing input, 70 bug, 73 output in the way,
    74 disk trouble, 75 try again, 79 training diverged.
    """
    ctx.obj = {"debug": debug}
