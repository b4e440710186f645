"""How large clusters are, against how sure they are."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from avkd_cli.analysis.figures.style import BLUE, INK, house_style, lay_grid, plain_powers


@house_style()
def sizes_figure(sizes: Sequence[int], confidence: Sequence[float]) -> Figure:
    """Return a dot for each cluster, its utterances on an axis of powers.

    Args:
        sizes: utterances of each. confidence: of each.
    """
    figure = Figure(figsize=(5.2, 3.6))
    axes = figure.subplots()
    # Thousands of dots stay legible where they lie on each other.
    axes.scatter(sizes, confidence, s=12, color=BLUE, alpha=0.5, edgecolor="none")
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set(xscale="log", xlabel="Utterances of a cluster", ylabel="Confidence")
    plain_powers(axes.xaxis)
    lay_grid(axes)
    return figure
