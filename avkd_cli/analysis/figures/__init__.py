"""Every picture: figures made of arrays and results, rendered to bytes. No file is written here."""

from avkd_cli.analysis.bands import Band
from avkd_cli.analysis.figures.bars import bars_figure
from avkd_cli.analysis.figures.cmc import cmc_figure
from avkd_cli.analysis.figures.confusion import confusion_figure
from avkd_cli.analysis.figures.cosines import cosines_figure
from avkd_cli.analysis.figures.curves import det_figure, roc_figure
from avkd_cli.analysis.figures.distributions import histogram_figure, reliability_panels
from avkd_cli.analysis.figures.groups import groups_figure
from avkd_cli.analysis.figures.intervals import comparison_figure, interval_panels
from avkd_cli.analysis.figures.matching import matching_figure
from avkd_cli.analysis.figures.robustness import robustness_figure
from avkd_cli.analysis.figures.scatter import plane_figure
from avkd_cli.analysis.figures.sizes import sizes_figure
from avkd_cli.analysis.figures.style import Look, inline, save
from avkd_cli.analysis.figures.sweep import sweep_figure
from avkd_cli.analysis.figures.timelines import timelines_figure
from avkd_cli.analysis.figures.training import training_figure
from avkd_cli.analysis.figures.venn import venn_figure, venn_panels
