"""Options of the analyses that say how systems are called and how pictures look."""

import functools
import math
import re
from collections.abc import Callable
from pathlib import Path

import click

from avkd_cli.options import Decorator, number, path, text, together
from avkd_cli.shown import Named, Picture

PICTURES = (".svg", ".png", ".pdf")
INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}


def named(command: Callable) -> Callable:
    """Add --name; what the command takes as paths then carries the names of systems."""

    @functools.wraps(command)
    def renamed(names: tuple[tuple[str, str], ...], **kwargs):
        return command(**(with_names(kwargs, names) if names else kwargs))

    return text(
        "--name names",
        "NAME=FILE",
        "What a system is called in tables and pictures; FILE as it is given to the command. "
        "Once for each system.  [default: the file's name]",
        type=name_of_file,
        multiple=True,
    )(renamed)


def name_of_file(value: str) -> tuple[str, str]:
    """Return the two sides of NAME=FILE; a name may hold blanks, a file `=`."""
    name, equals, file = value.partition("=")
    name = " ".join(name.split())
    if not (equals and name and file) or not name.isprintable():
        raise click.BadParameter(f"{value!r} is no NAME=FILE, such as 'ECAPA=ecapa.scores'")
    return name, file


def with_names(given: dict, names: tuple[tuple[str, str], ...]) -> dict:
    """Return a command's arguments, each path that has a name with it.

    Raises:
        click.UsageError: a file is none of the paths, or two systems get one name.
    """
    by_file = {str(Path(file)): name for name, file in names}
    if len(set(by_file.values())) < len(names):
        raise click.UsageError("--name: give each system a name of its own, and each only one")
    each = (value if isinstance(value, tuple) else (value,) for value in given.values())
    there = {str(Path(path)) for several in each for path in several if isinstance(path, str)}
    for file, name in by_file.items():
        if file not in there:
            raise click.UsageError(f"--name {name}={file}: {file} is none of the files given")
    return {key: _named(value, by_file) for key, value in given.items()}


def _named(value: object, names: dict[str, str]) -> object:
    if isinstance(value, tuple):
        return tuple(_named(one, names) for one in value)
    if not isinstance(value, str) or str(Path(value)) not in names:
        return value
    return Named(value, names[str(Path(value))])


def length(value: str) -> float:
    """Return in inches a length that has its unit."""
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)(in|cm|mm|pt)", value.replace(" ", ""))
    inches = float(found[1]) * INCHES[found[2]] if found else math.nan
    if not 1 <= inches <= 40:
        raise click.BadParameter(f"{value!r} is no width from 1in to 40in; 3.3in, 84mm are")
    return inches


def ends(value: str) -> tuple[float, float]:
    """Return LOW,HIGH, the ends of an axis."""
    try:
        low, high = (float(one) for one in value.split(","))
    except ValueError:
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise click.BadParameter(f"{value!r} is no LOW,HIGH such as 0.1,40")
    return low, high


def checked_suffix(_ctx: click.Context, _param: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a picture's file name that names no known format."""
    if path is not None and path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{str(path)!r} ends in none of {', '.join(PICTURES)}")
    return path


def picture(names: str, help: str) -> Decorator:
    """Return an option of a picture to draw."""
    return path(names, "FILE.svg|png|pdf", help, callback=checked_suffix)


SIZE = (
    picture("--plot", "Draw a picture."),
    text(
        "--width",
        "LENGTH",
        "Of the whole picture, in in, cm, mm or pt: 3.3in is a column of a paper.  "
        "[default: by what is in it]",
        type=length,
    ),
    number("--dpi", "Of a PNG.  [default: 200]", least=50, most=2400),
)
ENDS = (
    text(
        "--xlim",
        "LOW,HIGH",
        "Ends of the x axis, in its unit (DET, ROC: %).  [default: of the data]",
        type=ends,
    ),
    text("--ylim", "LOW,HIGH", "Ends of the y axis.", type=ends),
)


def plot_file(command: Callable, options: tuple[Decorator, ...] = SIZE) -> Callable:
    """Add --plot and the size of the picture; the command gets one argument, `plot`.

    Another picture of it, --matching-plot, has the same size.
    """

    @functools.wraps(command)
    def gathered(**kwargs):
        asked = {one: kwargs.pop(one, None) for one in ("width", "dpi", "xlim", "ylim")}
        look = {one: value for one, value in asked.items() if value is not None}
        paths = {one: kwargs[one] for one in ("plot", "matching_plot") if one in kwargs}
        if look and not any(paths.values()):
            raise click.UsageError(f"--{next(iter(look))} is of a picture; give --plot as well")
        return command(
            **kwargs | {one: path and Picture(path, **look) for one, path in paths.items()}
        )

    return together(*options)(gathered)


def plot_with_ends(command: Callable) -> Callable:
    """Add --plot, the size of the picture and the ends of its axes."""
    return plot_file(command, (*SIZE, *ENDS))
