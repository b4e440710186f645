"""Options that several commands share, and how settings become flags.

Everything here is loaded for `--help`: click and the standard library only.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from avkd_cli import config as settings_of
from avkd_cli import help_page, pipes
from avkd_cli.config import Execution
from avkd_cli.errors import OtherFeaturesError

Decorator = Callable[[Callable], Callable]
Named = Mapping[str | None, type]  # modality → dataclass of its settings

# Inputs are plain strings: the step opens them and answers with exit code 66, not click with 2.
utterance_list = store = text_file = click.Path(path_type=str, allow_dash=True)
run_folder = click.Path(path_type=Path)


def together(*options: Decorator) -> Decorator:
    """Return what adds all options, in the order of the help page."""
    return lambda command: functools.reduce(lambda to, one: one(to), reversed(options), command)


def option(names: str, help: str, default: Any = None, **attributes: Any) -> Decorator:
    """Return click's option; a default, where there is one, is shown.

    Args:
        names: such as "-o --output"; behind them the parameter, where it is called otherwise.
        attributes: further ones of click's option.
    """
    if default is not None:
        attributes |= {"default": default, "show_default": default != ""}
    return click.option(*names.split(), help=help, **attributes)


def flag(names: str, help: str, **attributes: Any) -> Decorator:
    """Return an option that takes nothing."""
    return option(names, help, is_flag=True, **attributes)


def text(names: str, metavar: str, help: str, **attributes: Any) -> Decorator:
    """Return an option of a word."""
    return option(names, help, metavar=metavar, **attributes)


def path(names: str, metavar: str, help: str, **attributes: Any) -> Decorator:
    """Return an option of a file or folder."""
    kind = click.Path(path_type=Path, allow_dash=True)
    return option(names, help, metavar=metavar, type=kind, **attributes)


def source(names: str, metavar: str, help: str, **attributes: Any) -> Decorator:
    """Return an option of a store, list or score file, which may be `-`."""
    return option(names, help, metavar=metavar, type=store, **attributes)


def choice(names: str, choices: Iterable[str], help: str, **attributes: Any) -> Decorator:
    """Return an option of one of some words."""
    return option(names, help, type=click.Choice(choices), **attributes)


def number(
    names: str,
    help: str,
    default: int | None = None,
    least: int | None = None,
    most: int | None = None,
    **attributes: Any,
) -> Decorator:
    """Return an option of a whole number."""
    return option(names, help, type=click.IntRange(least, most), default=default, **attributes)


def real(
    names: str,
    help: str,
    default: float | None = None,
    least: float | None = None,
    most: float | None = None,
) -> Decorator:
    """Return an option of a number, its ends among what it may be."""
    bounded = least is not None or most is not None
    kind = click.FloatRange(least, most) if bounded else click.FLOAT
    return option(names, help, type=kind, default=default)


def root(whose: str) -> Decorator:
    """Return --root of a list's paths; without it they are relative to whose folder is said."""
    said = f"Paths are relative to this folder and stay inside.  [default: {whose}'s folder]"
    return path("--root", "PATH", said)


output_store = path("-o --output", "STORE", "Store to make, such as audio.zarr.", required=True)
list_file = path(
    "--list list_file", "FILE.jsonl", "Take only the utterances of this list, with its splits."
)
rewritten_list = path(
    "-o --output",
    "FILE.jsonl",
    "List to write, which may be the same; its paths are relative to its folder.  "
    "[default: stdout, with absolute paths]",
)
as_json = flag("--json as_json", "Print JSON in place of the table.")


class StepCommand(click.Command):
    """A command whose inputs and outputs need not be named to see its settings.

    Its options are shown by group, of the chosen modality alone where one is named.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Require nothing but the modality where --print-config is asked."""
        if (modality := help_page.chosen_modality(args)) is not None:
            ctx.meta[help_page.MODALITY] = modality
        required = {p for p in self.params if p.required and p.name != "modality"}
        asked = "--print-config" in args
        for parameter in required:
            parameter.required = not asked
        try:
            return super().parse_args(ctx, args)
        finally:
            for parameter in required:
                parameter.required = True

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the parameters, with --help-all where the help leaves some out."""
        found = super().get_params(ctx)
        return [*found, help_page.HELP_ALL] if "modality" in {p.name for p in found} else found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options by group."""
        help_page.write_options(self, ctx, formatter)


class SettingOption(click.Option):
    """The flag of a setting: help tells it of the chosen modality alone, if one is named.

    Args:
        field: the setting. configs: modality → dataclass, some of which have it.
    """

    def __init__(self, *args, field: dataclasses.Field, configs: Named, **kwargs) -> None:
        self.field, self.configs = field, configs
        super().__init__(*args, help=meaning(field, configs), **kwargs)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option and what it is, or None where the modality has no such setting."""
        chosen = self.configs.get(ctx.meta.get(help_page.MODALITY))
        record = super().get_help_record(ctx)
        if chosen is None or record is None:
            return record
        own = chosen.__dataclass_fields__.get(self.field.name)
        return own and (record[0], meaning(own, {None: chosen}))

    def make_metavar(self, ctx: click.Context) -> str:
        """Return what the option takes; of the networks those of the chosen modality."""
        chosen = self.configs.get(ctx.meta.get(help_page.MODALITY))
        if self.field.name != "model" or chosen is None:
            return super().make_metavar(ctx)
        return f"[{'|'.join(chosen.__dataclass_fields__['model'].metadata['choices'])}]"


def partition_range(value: str) -> tuple[int, int]:
    """Return both ends of `0:500`, a half-open range of partitions."""
    first, colon, last = value.partition(":")
    if not colon or not first.isdigit() or not last.isdigit() or int(first) >= int(last):
        raise click.BadParameter(f"{value!r} is not a range such as 0:500")
    return int(first), int(last)


EXECUTION = {
    "overwrite": flag("--overwrite", "Replace a finished output of another plan."),
    "workers": number(
        "--workers", "Processes.  [default: all cores; 0: this one]", least=0, most=1024
    ),
    "partition_size": number(
        "--partition-size", "Utterances a partition.  [default: by the list's length]", least=1
    ),
    "max_reject_fraction": real(
        "--max-reject-fraction",
        "Most records that may be rejected.  [default: 0.01 for sound, 0.05 for faces]",
        least=0,
        most=1,
    ),
    "max_rejects": number("--max-rejects", "The same as a number; the stricter wins.", least=0),
    "strict": flag("--strict", "Stop at the first reject or warning."),
    "root": root("the list"),
    "dask": text(
        "--dask",
        "ADDRESS",
        "Run partitions on a Dask scheduler, or on 'local' processes (avkd[dask]).",
    ),
    "partitions": text(
        "--partitions",
        "FIRST:LAST",
        "Only these partitions, for job arrays; then --finalise.",
        type=partition_range,
    ),
    "finalise": flag("--finalise", "Publish the partitions that others have made."),
    "dry_run": flag("--dry-run", "Say what would be done, touch nothing."),
    "quiet": flag("-q --quiet", "Nothing but errors and the result."),
}
HERE = ("overwrite", "partition_size", "partitions", "finalise", "dry_run", "quiet")


def execution(command: Callable, names: Iterable[str] = EXECUTION) -> Callable:
    """Add the options of `Execution`; the command gets one argument `execution`."""

    @functools.wraps(command)
    def gathered(**kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names}
        return command(execution=Execution(**given), **kwargs)

    return together(*(EXECUTION[name] for name in names), pipes.manifest)(gathered)


def execution_here(command: Callable) -> Callable:
    """Add those of `Execution` that make sense where the work is done in this process."""
    return execution(command, [name for name in EXECUTION if name in HERE])


def settings(section: str) -> Decorator:
    """Add a flag for every setting of a step; the command gets one argument `settings`.

    Args:
        section: the step's table in a settings file. The parameter `modality` chooses among its
            `config.STEPS[section]`; its values name the sub-tables.
    """

    def decorate(command: Callable) -> Callable:
        configs = settings_of.STEPS[section]
        fields = {f.name: f for c in configs.values() for f in dataclasses.fields(c)}

        @functools.wraps(command)
        def resolved(config: str | None, print_config: bool, **kwargs: Any) -> Any:
            flags = {name: kwargs.pop("set_" + name) for name in fields}
            choice = kwargs.get("modality") if None not in configs else None
            chosen = resolve(section, choice, config, flags)
            if print_config:
                click.echo(settings_of.to_toml(chosen, ".".join(filter(None, (section, choice)))))
                return None
            try:
                return command(settings=chosen, **kwargs)
            except OtherFeaturesError as error:
                raise prepared_by(config, error) from None

        flags = [of_setting(field, configs) for field in fields.values()]
        return together(*CONFIG, *flags)(resolved)

    return decorate


def prepared_by(config: str | None, error: OtherFeaturesError) -> OtherFeaturesError:
    """Return an error that tells to prepare by the preset that is trained by, where that helps."""
    if config not in settings_of.PRESETS:
        return error
    made = settings_of.load(settings_of.PrepAudioConfig, ("prep-audio",), config, {})
    preset = config if made.features == error.features else ""
    return OtherFeaturesError(error.text, error.features, preset)


CONFIG = (
    text(
        "--config",
        "FILE.toml",
        f"Settings file, or a preset: {', '.join(settings_of.PRESETS)}. Flags win over it.",
    ),
    flag("--print-config", "Print the settings that would be used, and stop."),
)


def resolve(section: str, choice: str | None, file: str | None, flags: dict) -> Any:
    """Return the settings of the chosen dataclass; flags that only another one has are refused."""
    chosen = settings_of.STEPS[section][choice]
    sections = (section,) if choice is None else (section, f"{section}.{choice}")
    if section == "distill":  # a student is its baseline plus terms
        sections = ("train-teacher", f"train-teacher.{choice}", *sections)
    for name, value in flags.items():
        if value is not None and name not in chosen.__dataclass_fields__:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is no setting of {section} --modality {choice}"
            )
    return settings_of.load(chosen, sections, file, flags)


def of_setting(field: dataclasses.Field, configs: Named) -> Decorator:
    """Return the click option of one setting.

    Args:
        configs: modality (None where there is none) → dataclass.
    """
    meta, name = field.metadata, field.name.replace("_", "-")
    made = functools.partial(
        click.option, cls=SettingOption, field=field, configs=configs, default=None
    )
    if isinstance(field.default, bool):
        return made(f"--{name}/--no-{name}", "set_" + field.name)
    if meta["several"]:
        joined = lambda _ctx, _param, given: ",".join(given) or None  # noqa: E731
        return made(f"--{name}", "set_" + field.name, multiple=True, callback=joined)
    kind = click.Choice(meta["choices"]) if meta["choices"] else type(field.default)
    if field.name == "model":
        every = (one.__dataclass_fields__["model"].metadata["choices"] for one in configs.values())
        kind = click.Choice(sorted(set().union(*every)))
    return made(f"--{name}", "set_" + field.name, type=kind)


def meaning(field: dataclasses.Field, configs: Named) -> str:
    """Return the help of one setting, with its default and unit, in each of `configs`."""
    every = (one.__dataclass_fields__.get(field.name) for one in configs.values())
    same = [one for one in every if one is not None]
    said = " | ".join(dict.fromkeys(one.metadata["help"] for one in same))
    default = " | ".join(dict.fromkeys(shown(one.default) for one in same))
    unit = f" {field.metadata['unit']}" if field.metadata["unit"] else ""
    return f"{said[0].upper()}{said[1:]}.  [default: {default}{unit}]"


def shown(default: Any) -> str:
    """Return how a default is printed."""
    return ("off", "on")[default] if isinstance(default, bool) else str(default) or "none"
