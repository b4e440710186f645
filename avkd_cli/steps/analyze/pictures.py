"""Pictures of analyses, written at the size that was asked for."""

from typing import TYPE_CHECKING

from avkd_cli.errors import UsageError
from avkd_cli.shown import Picture
from avkd_cli.storage import durable

if TYPE_CHECKING:  # it loads half a second of matplotlib, also where nothing is drawn
    from matplotlib.figure import Figure

    from avkd_cli.analysis.figures import Look


def draw(picture: Picture, figure: "Figure") -> None:
    """Write a figure where and as large as its picture says.

    Raises:
        UsageError: it is wanted narrower than its words are.
    """
    from avkd_cli.analysis.figures import save

    path = picture.path
    try:
        made = save(figure, path.suffix, picture.width, picture.dpi)
    except ValueError as error:
        raise UsageError(f"--width: {error}") from None
    durable.write_bytes(path, made)


def look_of(picture: Picture) -> "Look":
    """Return width and ends of axes as figures take them."""
    from avkd_cli.analysis.figures import Look

    return Look(picture.width, picture.xlim, picture.ylim)
