"""Options of the analyses that say how systems are called and how pictures look."""

import functools
import math
import re
from collections.abc import Callable
from pathlib import Path

import click

from avkd_cli.options import apply
from avkd_cli.shown import Named, Picture

PICTURES = (".svg", ".png", ".pdf")
INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}


def named(command: Callable) -> Callable:
    """Add --name; what the command takes as paths then carries the names of systems."""

    @functools.wraps(command)
    def renamed(names: tuple[tuple[str, str], ...], **kwargs):
        return command(**(with_names(kwargs, names) if names else kwargs))

    return click.option(
        "--name",
        "names",
        multiple=True,
        metavar="NAME=FILE",
        type=NameOfFile(),
        help="What a system is called in tables and pictures; FILE as it is given to the command. "
        "Once for each system.  [default: the file's name]",
    )(renamed)


class NameOfFile(click.ParamType):
    """`NAME=FILE`; a name may hold blanks, a file `=`."""

    name = "name"

    def convert(self, value, param, ctx):  # noqa: D102
        if isinstance(value, tuple):
            return value
        name, equals, file = value.partition("=")
        name = " ".join(name.split())
        if not (equals and name and file) or not name.isprintable():
            self.fail(f"{value!r} is no NAME=FILE, such as 'ECAPA=ecapa.scores'", param, ctx)
        return name, file


def with_names(given: dict, names: tuple[tuple[str, str], ...]) -> dict:
    """Return a command's arguments, each path that has a name with it.

    Raises:
        click.UsageError: a file is none of the paths, or two systems get one name.
    """
    by_file = {str(Path(file)): name for name, file in names}
    if len(set(by_file.values())) < len(names):
        raise click.UsageError("--name: give each system a name of its own, and each only one")
    found = {key: _named(value, by_file) for key, value in given.items()}
    used = {str(one) for value in found.values() for one in _each(value) if isinstance(one, Named)}
    for file, name in by_file.items():
        if file not in {str(Path(one)) for one in used}:
            raise click.UsageError(f"--name {name}={file}: {file} is none of the files given")
    return found


def _each(value: object) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def _named(value: object, names: dict[str, str]) -> object:
    if isinstance(value, tuple):
        return tuple(_named(one, names) for one in value)
    if not isinstance(value, str) or str(Path(value)) not in names:
        return value
    return Named(value, names[str(Path(value))])


class Length(click.ParamType):
    """A length in inches, given with its unit."""

    name = "length"

    def convert(self, value, param, ctx):  # noqa: D102
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+\.?\d*|\.\d+)(in|cm|mm|pt)", value.replace(" ", ""))
        inches = float(found[1]) * INCHES[found[2]] if found else math.nan
        if not 1 <= inches <= 40:
            self.fail(f"{value!r} is no width from 1in to 40in; 3.3in, 84mm are", param, ctx)
        return inches


class Ends(click.ParamType):
    """`LOW,HIGH`, the ends of an axis."""

    name = "low,high"

    def convert(self, value, param, ctx):  # noqa: D102
        if isinstance(value, tuple):
            return value
        try:
            low, high = (float(one) for one in value.split(","))
        except ValueError:
            low = high = math.nan
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            self.fail(f"{value!r} is no LOW,HIGH such as 0.1,40", param, ctx)
        return low, high


SIZE = (
    click.option(
        "--plot",
        type=click.Path(path_type=Path),
        metavar="FILE.svg|png|pdf",
        callback=lambda _ctx, _param, path: checked_suffix(path),
        help="Draw a picture.",
    ),
    click.option(
        "--width",
        type=Length(),
        metavar="LENGTH",
        help="Of the whole picture, in in, cm, mm or pt: 3.3in is a column of a paper.  "
        "[default: by what is in it]",
    ),
    click.option("--dpi", type=click.IntRange(50, 2400), help="Of a PNG.  [default: 200]"),
)
ENDS = (
    click.option(
        "--xlim",
        type=Ends(),
        metavar="LOW,HIGH",
        help="Ends of the x axis, in its unit (DET, ROC: %).  [default: of the data]",
    ),
    click.option("--ylim", type=Ends(), metavar="LOW,HIGH", help="Ends of the y axis."),
)


def plot_file(command: Callable, options: tuple[Callable, ...] = SIZE) -> Callable:
    """Add --plot and the size of the picture; the command gets one argument, `plot`."""

    @functools.wraps(command)
    def gathered(plot: Path | None, **kwargs):
        names = ("width", "dpi", "xlim", "ylim")
        look = {one: kwargs.pop(one) for one in names if kwargs.get(one) is not None}
        kwargs = {key: value for key, value in kwargs.items() if key not in names}
        others = kwargs.get("matching_plot")
        if look and plot is None and others is None:
            raise click.UsageError(f"--{next(iter(look))} is of a picture; give --plot as well")
        if others is not None:
            kwargs["matching_plot"] = Picture(others, **look)
        return command(plot=plot and Picture(plot, **look), **kwargs)

    return apply(options, gathered)


def plot_with_ends(command: Callable) -> Callable:
    """Add --plot, the size of the picture and the ends of its axes."""
    return plot_file(command, (*SIZE, *ENDS))


def checked_suffix(path: Path | None) -> Path | None:
    """Refuse a picture's file name that names no known format."""
    if path is not None and path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{str(path)!r} ends in none of {', '.join(PICTURES)}")
    return path
