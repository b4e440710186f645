from avkd_cli.verification.signature import signature


def test_nothing_that_a_figure_depends_on_is_missing_from_its_signature():
    found = signature(
        list_name="vox1-o",
        digest="sha256:303b2b657042a27b",
        n_target=18860,
        n_nontarget=18860,
        p_targets=(0.01, 0.05),
        norm="as(300)",
    )
    assert found.rpartition("|avkd:")[0] == (
        "list:vox1-o#303b2b657042|trials:18860+18860|eer:interp|ties:one-threshold"
        "|dcf:normalised|p_target:0.01,0.05|costs:1,1|norm:as(300)"
    )
    assert found.rpartition("|avkd:")[2]


def test_the_nist_mode_says_that_it_does_not_group_ties():
    found = signature(
        list_name="x", digest="sha256:0", n_target=1, n_nontarget=1, p_targets=(), mode="nist"
    )
    assert "|eer:nist|ties:by-order|" in found
