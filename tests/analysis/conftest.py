"""Made-up results that several tests of tables and pages share."""

import pytest

from avkd_cli.analysis.tables import arrange
from avkd_cli.papers import USUAL


def students(sense):
    """Return the baseline of a sense and its students, in the order of the tables."""
    return [sense, *(one.name for one in USUAL.families()[sense])]


SYSTEMS = ["fusion-gate", *students("visual"), *students("audio"), "mine"]
LISTS = ["vox1-h", "vox1-o", "vox1-o-cleaned"]


def made_up(system, trial_list, eer, targets=300, nontargets=400):
    return {
        "system": system,
        "list": trial_list,
        "trials": targets + nontargets,
        "targets": targets,
        "nontargets": nontargets,
        "eer_percent": eer,
        "min_dcf": {"0.01": 0.9, "0.05": 0.5},
        "signature": f"list:{trial_list}#0123|{system}",
    }


@pytest.fixture
def result():
    return made_up


@pytest.fixture
def results():
    """Every system of S0 and one of our own on three lists; the fusion has 5 %, others more."""
    return [
        made_up(system, name, 5.0 + 0.25 * place + 0.5 * LISTS.index(name))
        for place, system in enumerate(SYSTEMS)
        for name in LISTS
    ]


@pytest.fixture
def table(results):
    return arrange(results, "stand-in")
