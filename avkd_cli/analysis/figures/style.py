"""How all pictures look, and how they become bytes: the same bytes for the same figure.

Colours are those of M. Okabe and K. Ito, "Color Universal Design" (2008), told apart by
colour-blind people; every line also has its own dashes or marker, every area its outline or
hatch, so that nothing is lost in black and white.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, cycle

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter
from matplotlib.transforms import Bbox

from avkd_cli.papers import USUAL
from avkd_cli.papers.form import Paper

INK, FAINT, PAPER = "#1d1d1c", "#c9c9c4", "#fefefe"  # `inline` hands these over to the page
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE, GREY = tuple(
    "#0072b2 #56b4e9 #009e73 #e69f00 #d55e00 #cc79a7 #8c8c88".split()
)

STYLE = {
    "svg.hashsalt": "avkd",  # else ids are random
    "svg.fonttype": "none",  # text stays text: searched, copied, read aloud
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "text.parse_math": False,  # a system may be called so: $
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

DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), (0, (8, 2)), (0, (3, 3)), (0, (1, 3)))
SENSE_COLOURS = {"audio": BLUE, "visual": VERMILION, "fusion": GREEN}
OTHERS = (PURPLE, ORANGE, SKY, GREY, INK)
OTHER_DASHES = DASHES[:4]
MARKERS = "osD^vP"
CHANCE = {"color": GREY, "linewidth": 0.9, "linestyle": (0, (4, 2))}
"""The line that others are held against."""


@contextmanager
def house_style() -> Iterator[None]:
    """Make and render figures with `STYLE`, whatever the user's own matplotlibrc says.

    Also a decorator of whatever makes a figure.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def plain_powers(axis: Axis) -> None:
    """Write an axis of powers in plain text: usual ticks want mathtext, which is off."""
    axis.set_major_formatter(LogFormatter())
    axis.set_minor_formatter(LogFormatter())


def lay_grid(axes: Axes, axis: str = "both") -> None:
    """Lay a grid behind all that is drawn."""
    axes.grid(visible=True, axis=axis)
    axes.set_axisbelow(True)


def as_rows(panels: Sequence[Axes], names: Sequence[str], first: float = -0.5) -> None:
    """Give each name a row, downwards, in panels that share their rows.

    Args:
        first: where the first row begins, its middle being 0.
    """
    for axes in panels:
        lay_grid(axes, "x")
        axes.tick_params(left=False)
        axes.spines["left"].set_color(FAINT)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 1 - first, first)


def draw_dot(axes: Axes, y: int, value: float, limits: Sequence[float], face: str) -> None:
    """Draw a figure and its interval in a row."""
    axes.plot(limits, [y, y], color=INK, linewidth=1.2)
    axes.plot([value], [y], marker="o", markersize=6, markerfacecolor=face, markeredgecolor=INK)


def draw_whisker(axes: Axes, x: float, rate: Mapping, color: str) -> None:
    """Draw the interval of a rate upright, where it has one."""
    if rate["low"] is not None:
        limits = [rate["low"], rate["high"]]
        axes.plot([x, x], limits, color=color, linewidth=1, marker="_", markersize=6)


def legend_above(figure: Figure, ncols: int) -> None:
    """Write above all panels what their lines are, each once, and lay the panels out."""
    found = [axes.get_legend_handles_labels() for axes in figure.axes]
    lines = {label: line for one in found for line, label in zip(*one, strict=True)}
    figure.legend(lines.values(), lines, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=ncols)
    figure.tight_layout()


def looks(names: Sequence[str], paper: Paper = USUAL) -> dict[str, dict]:
    """Return colour and dashes of each system's line: sense by colour, place in it by dashes.

    A system of the paper looks the same in every picture, whoever else is in it.
    """
    spare, spare_dashes = cycle(OTHERS), cycle(OTHER_DASHES)
    places, found = _places(names, paper), {}
    for name in names:
        known = SENSE_COLOURS.get(paper.system(name).sense)
        dashes = DASHES[places[name] % len(DASHES)] if known else next(spare_dashes)
        found[name] = {"color": known or next(spare), "linestyle": dashes}
    return found


def _places(names: Sequence[str], paper: Paper) -> dict[str, int]:
    """Return each system's place among the paper's of its sense; unknown ones take what is free."""
    listed: dict[str, list[str]] = {}
    for one in paper.systems:
        listed.setdefault(one.sense, []).append(one.name)
    senses = {name: paper.system(name).sense for name in names}
    among = {name: listed.get(sense, []) for name, sense in senses.items()}
    places = {name: among[name].index(name) for name in names if name in among[name]}
    for name in dict.fromkeys(names):
        if name not in places:
            taken = {place for other, place in places.items() if senses[other] == senses[name]}
            places[name] = next(place for place in count() if place not in taken)
    return places


PAD = 0.06  # inches around all that is drawn
LEAST = 0.35  # of the width that a picture has by itself: narrower, words lie over words
TRIES = 6  # of a width: what stands beside the axes keeps its size, so that it is found by steps


def save(figure: Figure, suffix: str, width: float | None = None, dpi: int = 200) -> bytes:
    """Return the picture as SVG, PNG or PDF; no date, no host, no version in it.

    Args:
        figure: what is drawn; of another width it is as much higher, its letters stay.
        width: in inches, of all that is drawn; None: as it comes.
        dpi: dots an inch, of PNG.

    Raises:
        ValueError: for any other suffix; the words of the figure do not fit the width.
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
        box = "tight" if width is None else fitted(figure, width)
        figure.savefig(
            out, format=kind, dpi=dpi, bbox_inches=box, pad_inches=PAD, metadata=nothing[kind]
        )
    return out.getvalue()


def fitted(figure: Figure, width: float) -> Bbox:
    """Size a figure so that all that is drawn is `width` inches wide; return its box in inches."""
    FigureCanvasAgg(figure)  # measures words
    first = size = figure.get_figwidth()
    shape, slope, before = figure.get_figheight() / first, 1.0, None
    for _ in range(TRIES):
        figure.canvas.draw()
        drawn = figure.get_tightbbox()
        over = drawn.width + 2 * PAD - width
        if before is not None:  # how much of a change is seen: a legend's width does not change
            slope = np.clip((before[1] - over) / (before[0] - size), 0.2, 1)
        before, size = (size, over), size - over / slope
        if abs(over) < 0.01 or size < LEAST * first:
            break
        figure.set_size_inches(size, size * shape)
    if over > 0.02:
        raise ValueError(
            f"{width:g}in is too narrow for what stands in the picture, which needs about "
            f"{drawn.width + 2 * PAD:.1f}in; take shorter names or a wider picture"
        )
    middle = (drawn.x0 + drawn.x1) / 2
    low, high = middle - width / 2, middle + width / 2
    return Bbox([[low, drawn.y0 - PAD], [high, drawn.y1 + PAD]])


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
