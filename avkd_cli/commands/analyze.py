"""`avkd analyze`: a table of subcommands, each loaded when it is asked for."""

import difflib
import importlib

import click

# name: (module, what it does). The text stands here so that `avkd analyze --help` loads nothing.
SUBCOMMANDS = {
    "venn": ("analyze_venn", "What one system corrected and broke against another."),
    "metrics": ("analyze_metrics", "EER, minDCF, counts and signature of score files."),
    "table": ("analyze_table", "The tables of the paper from a folder of score files."),
    "compare": ("analyze_compare", "Whether a system is better, and how sure that is."),
    "det": ("analyze_det", "DET and ROC curves, and histograms of scores."),
    "breakdown": ("analyze_breakdown", "Errors by sex, nationality, duration or any column."),
    "pcc": ("analyze_pcc", "How alike embedding stores are."),
    "curves": ("analyze_curves", "How trainings went, from their logs."),
    "report": ("analyze_report", "One HTML page of everything in a working folder."),
}


class Subcommands(click.Group):
    """Loads a subcommand's module only to run it or to show its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: D102
        if name not in SUBCOMMANDS:
            return None
        module = importlib.import_module(f"avkd_cli.commands.{SUBCOMMANDS[name][0]}")
        return module.command

    def resolve_command(self, ctx: click.Context, args: list[str]):  # noqa: D102
        if args and args[0] not in SUBCOMMANDS and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], SUBCOMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"there is no analysis '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        with formatter.section("Analyses"):
            formatter.write_dl([(name, text) for name, (_, text) in SUBCOMMANDS.items()])


@click.group(cls=Subcommands, context_settings={"help_option_names": ["-h", "--help"]})
def analyze() -> None:
    """Compare and explain scores and embeddings.

    Scores of any toolkit: lines 'enrol test score target|nontarget', or any format that
    'avkd score' reads, with --trials where the file has no labels. A readable table on a
    terminal, JSON with --json or in a pipe.

    \b
    Example:
        avkd analyze venn --a base.scores --b kd.scores --plot venn.svg
    """
