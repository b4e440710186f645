"""How all pictures look, and how they become bytes: the same bytes for the same figure.

Colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), told apart by
colour-blind people; every line also has its own dashes or marker, every area its outline or
hatch, so that nothing is lost in black and white.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

import matplotlib as mpl
from matplotlib.figure import Figure

from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper

INK, FAINT, PAPER = "#1d1d1c", "#c9c9c4", "#fefefe"  # `inline` hands these over to the page
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE, GREY = (
    "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#8c8c88",
)  # fmt: skip

STYLE = {
    "svg.hashsalt": "avkd",  # else ids are random
    "svg.fonttype": "none",  # text stays text: searched, copied, read aloud
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.8,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}

DASHES = (
    "-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 3)), (0, (1, 3)),
)  # fmt: skip
SENSE_COLOURS = {"audio": BLUE, "visual": VERMILION, "fusion": GREEN}
OTHERS = (PURPLE, ORANGE, SKY, GREY, INK)
OTHER_DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))


@contextmanager
def house_style() -> Iterator[None]:
    """Make and render figures with `STYLE`, whatever the user's own matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def looks(names: Sequence[str], paper: Paper = USUAL) -> dict[str, dict]:
    """Return colour and dashes of each system's line: sense by colour, place in it by dashes.

    A system of the paper looks the same in every picture, whoever else is in it.
    """
    spare, spare_dashes = cycle(OTHERS), cycle(OTHER_DASHES)
    found = {}
    for name in names:
        known = SENSE_COLOURS.get(paper.system(name).sense)
        dashes = DASHES[_place(name, paper) % len(DASHES)] if known else next(spare_dashes)
        found[name] = {"color": known or next(spare), "linestyle": dashes}
    return found


def _place(name: str, paper: Paper) -> int:
    """Return a system's place among the paper's of its sense; an unknown one's is the first."""
    sense = paper.system(name).sense
    among = [one.name for one in paper.systems if one.sense == sense]
    return among.index(name) if name in among else 0


def save(figure: Figure, suffix: str) -> bytes:
    """Return the picture as SVG, PNG or PDF; no date, no host, no version in it.

    Raises:
        ValueError: for any other suffix.
    """
    kind = suffix.lower().removeprefix(".")
    nothing = {
        "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    if kind not in nothing:
        raise ValueError(f"a picture is svg, png or pdf, not {kind!r}")
    out = io.BytesIO()
    with house_style():
        figure.savefig(
            out, format=kind, dpi=200, bbox_inches="tight", pad_inches=0.06, metadata=nothing[kind]
        )
    return out.getvalue()


def inline(figure: Figure, name: str, description: str) -> str:
    """Return the picture as an SVG element of an HTML page.

    Ids get `name` as prefix, since several pictures share the page; ink, faint and paper become
    the page's own colours, so that a dark page has a dark picture; nothing refers to the net.

    Args:
        name: unique on the page, letters, digits and hyphens.
        description: read aloud in place of the picture.
    """
    svg = save(figure, "svg").decode()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = svg.replace("url(#", f"url(#{name}-").replace('xlink:href="#', f'href="#{name}-')
    for colour, variable in ((INK, "ink"), (FAINT, "faint"), (PAPER, "paper")):
        svg = svg.replace(colour, f"var(--{variable})")
    svg = re.sub(r'\swidth="([\d.]+)pt"\sheight="[\d.]+pt"', _sized, svg, count=1)
    return svg.replace("<svg", f'<svg role="img" aria-label="{_attribute(description)}"', 1)


def _sized(match: re.Match) -> str:
    """Return the width as the largest one: the picture shrinks with a narrow page."""
    return f' style="width:{float(match[1]) * 4 / 3:.0f}px"'


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
