"""Probit axes of a DET picture: where they end, and what stands at them."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from avkd_cli.analysis.figures.style import FAINT

# Rates that may stand at an axis, those that a reader looks for first.
TICKS = tuple(
    float(rate)
    for rate in """
    0.01 0.1 0.001 0.0001 0.4 0.05 0.02 0.2 0.005 0.002 0.6 0.8 0.9 0.95 0.99 0.3 0.0005
    0.0002 0.5 0.03 0.15 0.7 0.98 0.08 0.06 0.04
    """.split()
)
LEAST = 0.0001  # no list has the trials to say less
ENDS = (0.6, 0.9, 0.99)  # of an axis at most: minDCF at low priors may lie at many misses
BESIDE, ABOVE = 0.34, 0.2  # inches that the number of a tick needs of an x and of a y axis
BEYOND = 0.06  # the last point, in deviations
SHORTEST = 0.6  # an axis, in deviations: of less nothing is to be seen


class AxisEnds(NamedTuple):
    """Ends of both axes, as fractions."""

    x: tuple[float, float]
    y: tuple[float, float]


def ends_of(
    curves: Sequence[tuple[NDArray, NDArray]],
    points: Sequence[tuple[float, float]],
    smallest: tuple[float, float],
) -> AxisEnds:
    """Return the axes' ends: from where the lists tell anything to where the last curve ends.

    Args:
        curves: (false-alarm rates, miss rates) of each, from threshold to threshold.
        points: (false-alarm rate, miss rate) that have to be in the picture.
        smallest: false-alarm and miss rate that a single trial makes.
    """
    found = []
    for axis, other in ((0, 1), (1, 0)):
        low = max(smallest[axis] / 2, LEAST)
        nothing = max(smallest[other] / 2, LEAST)
        # Where the other rate has become nothing, a curve leaves the picture.
        last = max(float(one[axis][one[other] <= nothing].min()) for one in curves)
        farthest = max(point[axis] for point in points)
        most = next((one for one in ENDS if one >= farthest), ENDS[-1])
        end = ndtri(min(max(last, farthest), most)) + BEYOND
        found.append((low, float(ndtr(max(end, ndtri(low) + SHORTEST)))))
    return AxisEnds(*found)


def draw_axes(axes: Axes, ends: AxisEnds) -> None:
    """Give both axes their ends and as many ticks as have room, each with its percentage."""
    x, y = (tuple(ndtri(one)) for one in ends)
    box = axes.get_position()
    inches = axes.get_figure(root=False).bbox.size / axes.get_figure(root=True).dpi
    for (low, high), place, room, length in (
        (ends.x, axes.set_xticks, BESIDE, box.width * inches[0]),
        (ends.y, axes.set_yticks, ABOVE, box.height * inches[1]),
    ):
        shown = ticks(low, high, room / length)
        place(ndtri(shown), [f"{100 * one:g}" for one in shown])
    equal = [max(x[0], y[0]), min(x[1], y[1])]
    axes.plot(equal, equal, color=FAINT, linewidth=0.8, zorder=0, scalex=False, scaley=False)
    axes.set(xlim=x, ylim=y)
    axes.set(xlabel="false alarms, % of nontarget trials", ylabel="misses, % of target trials")
    axes.grid(visible=True)


def ticks(low: float, high: float, apart: float) -> list[float]:
    """Return the rates that stand at an axis, rising, the rounder ones first chosen.

    Args:
        low, high: ends of the axis.
        apart: least distance of two, as a share of it.
    """
    least = apart * (ndtri(high) - ndtri(low))
    found: list[float] = []
    for one in TICKS:
        near = any(abs(ndtri(one) - ndtri(other)) < least for other in found)
        if low <= one <= high and not near:
            found.append(one)
    return sorted(found)
