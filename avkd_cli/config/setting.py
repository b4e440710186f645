"""How one setting is declared."""

import dataclasses
from typing import Any


def setting(
    default: Any,
    help: str,
    *,
    unit: str = "",
    choices: tuple[str, ...] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    term: str = "",
    parameter: str = "",
    several: bool = False,
) -> Any:
    """Return a dataclass field with what a person needs to know about it.

    Args:
        term: name of the term (`losses.TERMS`) whose weight this is; with `parameter`, the term
            of which it is that keyword.
        several: text by commas, whose flag may also be given several times.
    """
    metadata = {
        "help": help,
        "unit": unit,
        "choices": choices,
        "min": minimum,
        "max": maximum,
        "term": term,
        "parameter": parameter,
        "several": several,
    }
    return dataclasses.field(default=default, metadata=metadata)


def again(config: type, name: str, default: Any = None) -> Any:
    """Return a setting that another dataclass has too, here perhaps with another default."""
    told = config.__dataclass_fields__[name]
    return dataclasses.field(
        default=told.default if default is None else default, metadata=told.metadata
    )
