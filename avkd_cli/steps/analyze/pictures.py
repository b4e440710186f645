"""Pictures of analyses, written at the size that was asked for."""

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING

from avkd_cli.errors import UsageError, blame
from avkd_cli.shown import Picture
from avkd_cli.storage import durable

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(picture: Picture | None, figure: Callable[[ModuleType], "Figure"]) -> None:
    """Write a figure where and as large as its picture says; nothing where none is wanted.

    Args:
        figure: makes it with `analysis.figures`, which load half a second of matplotlib only now.

    Raises:
        UsageError: it is wanted narrower than its words are.
    """
    if picture is None or picture.path is None:
        return
    from avkd_cli.analysis import figures

    with blame("--width", kind=UsageError):
        made = figures.save(figure(figures), picture.path.suffix, picture.width, picture.dpi)
    durable.write_bytes(picture.path, made)
