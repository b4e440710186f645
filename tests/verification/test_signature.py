import numpy as np

from avkd_cli.verification.scores import Scores
from avkd_cli.verification.signature import signature


def scored(targets: int, nontargets: int, name: str, digest: str) -> Scores:
    """Scores without ids, whose content is then their text's."""
    label, nothing = np.repeat([1, 0], [targets, nontargets]), np.empty(0, np.int32)
    return Scores([], nothing, nothing, np.zeros(len(label)), label, "avkd", name, digest)


def test_nothing_that_a_figure_depends_on_is_missing_from_its_signature():
    vox1_o = scored(18860, 18860, "vox1-o", "sha256:303b2b657042a27b")
    found = signature(vox1_o, (0.01, 0.05), norm="as(300)")
    assert found.rpartition("|avkd:")[0] == (
        "list:vox1-o#303b2b657042|trials:18860+18860|eer:interp|ties:one-threshold"
        "|dcf:normalised|p_target:0.01,0.05|costs:1,1|norm:as(300)"
    )
    assert found.rpartition("|avkd:")[2]


def test_the_nist_mode_says_that_it_does_not_group_ties():
    found = signature(scored(1, 1, "x", "sha256:0"), (), mode="nist")
    assert "|eer:nist|ties:by-order|" in found
