"""From defaults, a TOML file and flags to settings, each value checked; and back to TOML."""

import dataclasses
import difflib
import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from avkd_cli.config.choices import PRESETS
from avkd_cli.config.steps import STEPS
from avkd_cli.errors import MissingInputError, UsageError

Config = TypeVar("Config")


def load(
    config: type[Config],
    sections: tuple[str, ...],
    file: str | Path | None,
    flags: Mapping[str, Any],
) -> Config:
    """Return `config` with defaults < file < flags, every value checked.

    Args:
        config: a dataclass made of `setting` fields.
        sections: dotted table names whose keys apply, later ones winning, such as
            ("train-teacher", "train-teacher.audio"). Keys at the top of the file count as well.
        file: a TOML file or the name of a preset; None for none.
        flags: values given on the command line; None means not given.

    Raises:
        UsageError: for an unknown key (with the nearest name), a wrong type or range.
        MissingInputError: if the file does not exist.
    """
    values = read_toml(config, sections, file) if file is not None else {}
    values |= {name: value for name, value in flags.items() if value is not None}
    hints = get_type_hints(config)
    checked = {
        field.name: check_value(field, hints[field.name], values[field.name])
        for field in dataclasses.fields(config)  # type: ignore[arg-type]
        if field.name in values
    }
    return config(**checked)


def read_toml(config: type, sections: tuple[str, ...], file: str | Path) -> dict[str, Any]:
    """Return the keys of `file` that apply to `sections`, all of them known to `config`."""
    path = preset_path(str(file)) if str(file) in PRESETS else Path(file)
    try:
        tables = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise MissingInputError(
            f"{path}: no such file; give a TOML file or one of {', '.join(PRESETS)}"
        ) from None
    except (IsADirectoryError, PermissionError) as error:
        raise MissingInputError(f"{path}: {error.strerror}; give a readable TOML file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    top = {key: value for key, value in tables.items() if not isinstance(value, dict)}
    found = rename(config, top, path, sections[-1])
    refuse_unknown_tables(tables, path)
    for section in sections:
        found |= rename(config, table_of(tables, section), path, section)
    return found


def table_of(tables: dict[str, Any], section: str) -> dict[str, Any]:
    """Return the plain keys of a dotted table, {} where it is absent."""
    for part in section.split("."):
        tables = tables.get(part, {})
        if not isinstance(tables, dict):
            return {}
    return {key: value for key, value in tables.items() if not isinstance(value, dict)}


def refuse_unknown_tables(tables: dict[str, Any], path: Path) -> None:
    """Raise UsageError for a table that no step has."""
    for name, table in tables.items():
        if not isinstance(table, dict):
            continue
        if name not in STEPS:
            raise UsageError(f"{path} has a table [{name}]{nearest(name, STEPS)}")
        for part, value in table.items():
            if isinstance(value, dict) and part not in STEPS[name]:
                raise UsageError(f"{path} has a table [{name}.{part}]{nearest(part, STEPS[name])}")


def rename(config: type, keys: dict[str, Any], path: Path, section: str) -> dict[str, Any]:
    """Return keys with - as _, refusing those that the step does not have."""
    names = {field.name for field in dataclasses.fields(config)}
    found = {}
    for key, value in keys.items():
        name = key.replace("-", "_")
        if name not in names:
            raise UsageError(
                f"Invalid value for '--config': {path} sets '{key}', "
                f"which {section} does not have.{nearest(name, names, ' ')}"
            )
        found[name] = value
    return found


def nearest(name: str, names: Any, lead: str = "; ") -> str:
    """Return a hint at the closest of `names`, or nothing."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f"{lead}Did you mean '{close[0]}'?" if close else ""


def check_value(field: dataclasses.Field, kind: Any, value: Any) -> Any:
    """Return `value` as the field's type, or raise UsageError saying what is wanted."""
    meta, name = field.metadata, field.name.replace("_", "-")
    if type(None) in get_args(kind):
        kind = next(part for part in get_args(kind) if part is not type(None))
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise UsageError(f"--{name} is {value!r}, wanted {kind.__name__}")
    if kind is float and not math.isfinite(value):
        raise UsageError(f"--{name} is {value}, wanted a finite number")
    if meta["choices"] and value not in meta["choices"]:
        raise UsageError(f"--{name} is {value!r}, wanted one of {', '.join(meta['choices'])}")
    if meta["min"] is not None and value < meta["min"]:
        raise UsageError(f"--{name} is {value}, wanted at least {meta['min']}")
    if meta["max"] is not None and value > meta["max"]:
        raise UsageError(f"--{name} is {value}, wanted at most {meta['max']}")
    return value


def preset_path(name: str) -> Path:
    """Return the TOML file of a preset: beside the package in a wheel, in examples/ in a tree."""
    package = Path(__file__).parents[1]
    shipped = package / "presets" / f"{name}.toml"
    return shipped if shipped.exists() else package.parent / "examples" / "presets" / f"{name}.toml"


def to_toml(config: Any, section: str) -> str:
    """Return the settings as a TOML table that `--config` reads back."""
    lines = [f"[{section}]"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        if isinstance(value, str):
            text = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        unit = f"  # {field.metadata['unit']}" if field.metadata["unit"] else ""
        lines.append(f"{field.name.replace('_', '-')} = {text}{unit}")
    return "\n".join(lines) + "\n"
