"""Options that several commands share, and how settings become flags.

Everything here is loaded for `--help`: click and the standard library only.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
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
utterance_list = click.Path(path_type=str, allow_dash=True)
store = click.Path(path_type=str, allow_dash=True)
text_file = click.Path(path_type=str, allow_dash=True)
run_folder = click.Path(path_type=Path)

output_store = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="STORE",
    help="Store to make, such as audio.zarr.",
)
list_file = click.option(
    "--list",
    "list_file",
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help="Take only the utterances of this list, with its splits.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")


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
        own = next((f for f in dataclasses.fields(chosen) if f.name == self.field.name), None)
        return own and (record[0], meaning(own, {None: chosen}))

    def make_metavar(self, ctx: click.Context) -> str:
        """Return what the option takes; of the networks those of the chosen modality."""
        chosen = self.configs.get(ctx.meta.get(help_page.MODALITY))
        if self.field.name != "model" or chosen is None:
            return super().make_metavar(ctx)
        return f"[{'|'.join(choices('model', chosen))}]"


class Encoding(click.ParamType):
    """The name of an encoding of text, as Python knows it."""

    name = "encoding"

    def convert(self, value, param, ctx):  # noqa: D102
        try:
            "a".encode(value)  # base64 and the like are codecs, too, but of no text
        except LookupError:
            self.fail(f"{value!r} is no encoding of text; cp1252 or utf-16 are", param, ctx)
        return value


class PartitionRange(click.ParamType):
    """`0:500`, a half-open range of partitions."""

    name = "first:last"

    def convert(self, value, param, ctx):  # noqa: D102
        first, colon, last = value.partition(":")
        if not colon or not first.isdigit() or not last.isdigit() or int(first) >= int(last):
            self.fail(f"{value!r} is not a range such as 0:500", param, ctx)
        return int(first), int(last)


EXECUTION = (
    click.option("--overwrite", is_flag=True, help="Replace a finished output of another plan."),
    click.option(
        "--workers",
        type=click.IntRange(0, 1024),
        help="Processes.  [default: all cores; 0: this one]",
    ),
    click.option(
        "--partition-size",
        type=click.IntRange(1),
        help="Utterances a partition.  [default: by the list's length]",
    ),
    click.option(
        "--max-reject-fraction",
        type=click.FloatRange(0, 1),
        help="Most records that may be rejected.  [default: 0.01 for sound, 0.05 for faces]",
    ),
    click.option(
        "--max-rejects", type=click.IntRange(0), help="The same as a number; the stricter wins."
    ),
    click.option("--strict", is_flag=True, help="Stop at the first reject or warning."),
    click.option(
        "--root",
        type=click.Path(path_type=Path),
        help="Paths are relative to this folder and stay inside.  [default: the list's folder]",
    ),
    click.option(
        "--dask",
        metavar="ADDRESS",
        help="Run partitions on a Dask scheduler, or on 'local' processes (avkd[dask]).",
    ),
    click.option(
        "--partitions",
        type=PartitionRange(),
        help="Only these partitions, for job arrays; then --finalise.",
    ),
    click.option("--finalise", is_flag=True, help="Publish the partitions that others have made."),
    click.option("--dry-run", is_flag=True, help="Say what would be done, touch nothing."),
    click.option("-q", "--quiet", is_flag=True, help="Nothing but errors and the result."),
    pipes.manifest,
)


def execution(command: Callable, options: tuple[Decorator, ...] = EXECUTION) -> Callable:
    """Add the options of `Execution`; the command gets one argument `execution`."""
    names = [field.name for field in dataclasses.fields(Execution)]

    @functools.wraps(command)
    def gathered(**kwargs: Any) -> Any:
        given = {name: kwargs.pop(name) for name in names if name in kwargs}
        return command(execution=Execution(**given), **kwargs)

    return apply(options, gathered)


def execution_here(command: Callable) -> Callable:
    """Add those of `Execution` that make sense where the work is done in this process."""
    wanted = ("overwrite", "partition_size", "partitions", "finalise", "dry_run", "quiet")
    wanted += ("manifest",)
    return execution(command, tuple(one for one in EXECUTION if parameter_name(one) in wanted))


def parameter_name(option: Decorator) -> str:
    """Return the argument that a click option fills."""

    def probe() -> None:
        """Carry the option."""

    return option(probe).__click_params__[0].name


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

        flags = [flag(field, configs) for field in fields.values()]
        return apply((*CONFIG, *flags), resolved)

    return decorate


def prepared_by(config: str | None, error: OtherFeaturesError) -> OtherFeaturesError:
    """Return an error that tells to prepare by the preset that is trained by, where that helps."""
    if config not in settings_of.PRESETS:
        return error
    made = settings_of.load(settings_of.PrepAudioConfig, ("prep-audio",), config, {})
    preset = config if made.features == error.features else ""
    return OtherFeaturesError(error.text, error.features, preset)


CONFIG = (
    click.option(
        "--config",
        metavar="FILE.toml",
        help=f"Settings file, or a preset: {', '.join(settings_of.PRESETS)}. Flags win over it.",
    ),
    click.option(
        "--print-config", is_flag=True, help="Print the settings that would be used, and stop."
    ),
)


def resolve(section: str, choice: str | None, file: str | None, flags: dict) -> Any:
    """Return the settings of the chosen dataclass; flags that only another one has are refused."""
    chosen = settings_of.STEPS[section][choice]
    if choice is None:
        return settings_of.load(chosen, (section,), file, flags)
    own = {field.name for field in dataclasses.fields(chosen)}
    for name, value in flags.items():
        if value is not None and name not in own:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is no setting of {section} --modality {choice}"
            )
    sections = (section, f"{section}.{choice}")
    if section == "distill":  # a student is its baseline plus terms
        sections = ("train-teacher", f"train-teacher.{choice}", *sections)
    flags = {name: value for name, value in flags.items() if name in own}
    return settings_of.load(chosen, sections, file, flags)


def flag(field: dataclasses.Field, configs: Named) -> Decorator:
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
        kind = click.Choice(sorted({c for cfg in configs.values() for c in choices("model", cfg)}))
    return made(f"--{name}", "set_" + field.name, type=kind)


def meaning(field: dataclasses.Field, configs: Named) -> str:
    """Return the help of one setting, with its default and unit, in each of `configs`."""
    default = " | ".join(dict.fromkeys(defaults(field.name, configs)))
    unit = f" {field.metadata['unit']}" if field.metadata["unit"] else ""
    said = " | ".join(dict.fromkeys(helps(field.name, configs)))
    return f"{said[0].upper()}{said[1:]}.  [default: {default}{unit}]"


def helps(name: str, configs: Named) -> list[str]:
    """Return what each dataclass that has the setting says of it."""
    return [
        f.metadata["help"]
        for c in configs.values()
        for f in dataclasses.fields(c)
        if f.name == name
    ]


def defaults(name: str, configs: Named) -> list[str]:
    """Return how each dataclass that has the setting would print its default."""
    found = [f.default for c in configs.values() for f in dataclasses.fields(c) if f.name == name]
    return [
        {True: "on", False: "off"}[d] if isinstance(d, bool) else str(d) or "none" for d in found
    ]


def choices(name: str, config: type) -> tuple[str, ...]:
    """Return what a setting may be in this dataclass."""
    return next(f.metadata["choices"] for f in dataclasses.fields(config) if f.name == name)


def apply(decorators: tuple[Decorator, ...], command: Callable) -> Callable:
    """Return `command` with all options, in the order of the help page."""
    return functools.reduce(lambda wrapped, one: one(wrapped), reversed(decorators), command)
