"""The `avkd` command: a table of commands, each loaded when it is asked for."""

import click

from avkd_cli.lazy import LazyGroup

# name: (module, what it does). The text stands here so that `avkd --help` loads no command.
COMMANDS = {
    "corpus": ("corpus", "List the people of a corpus; make a stand-in corpus or trials."),
    "prep-audio": ("prep_audio", "Decode recordings to features in a store."),
    "crop-faces": ("crop_faces", "Find, align and crop faces into a store."),
    "train-teacher": ("train_teacher", "Train an audio, visual or audio-visual teacher."),
    "extract-embeddings": ("extract_embeddings", "Make one embedding an utterance."),
    "distill": ("distill", "Train a student of one sense from a teacher's embeddings."),
    "score": ("score", "Score trials by the cosine of embeddings."),
    "calibrate": ("calibrate", "Make scores log-likelihood ratios."),
    "verify": ("verify", "Say whether recordings are of one person."),
    "share": ("share", "Put all that verify needs into one folder or tar."),
    "card": ("card", "Say what a model is good for, and where it fails: its MODEL.md."),
    "export": ("export", "Write a network of one sense as ONNX, its front end inside."),
    "analyze": ("analyze", "Compare and explain scores and embeddings."),
    "doctor": ("doctor", "Is this machine fit for avkd, and what to do where it is not?"),
    "check": ("check", "Verify stores, runs and shared systems: every digest."),
}


def print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print `avkd, version X` and end."""
    if wanted:
        from importlib.metadata import version

        click.echo(f"avkd, version {version('avkd')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    heading="Commands, in the order of the data",
    context_settings={"help_option_names": ["-h", "--help"]},
)
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

    'avkd help X' or 'avkd X --help' explains a command.

    Results go to stdout, everything else to stderr. Exit codes: 0 done, 2 wrong option,
    3 gate not met, 4 different or 5 cannot tell (of verify --exit-code), 65 wrong data,
    66 missing input, 70 bug, 73 output in the way, 74 disk trouble, 75 try again,
    79 training diverged.
    """
    ctx.obj = {"debug": debug}
