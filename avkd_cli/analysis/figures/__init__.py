"""Every picture: figures made of arrays and results, rendered to bytes. No file is written here."""

from avkd_cli.analysis.bands import Band
from avkd_cli.analysis.figures.confusion import confusion_figure
from avkd_cli.analysis.figures.curves import det_figure, roc_figure
from avkd_cli.analysis.figures.distributions import histogram_figure, reliability_panels
from avkd_cli.analysis.figures.identification import cmc_figure, matching_figure
from avkd_cli.analysis.figures.lines import (
    cosines_figure,
    robustness_figure,
    sweep_figure,
    timelines_figure,
    training_figure,
)
from avkd_cli.analysis.figures.points import plane_figure, sizes_figure
from avkd_cli.analysis.figures.rows import (
    bars_figure,
    comparison_figure,
    groups_figure,
    interval_panels,
)
from avkd_cli.analysis.figures.style import inline, save
from avkd_cli.analysis.figures.venn import venn_figure, venn_panels
