"""How results are arranged."""

import pytest

from avkd_cli.analysis.tables import (
    arrange,
    corpus_statement,
    is_official,
    list_groups,
    only_lists,
    tables_on,
)

STATEMENT = "stand-in corpus: synthetic people; no result here is a result on VoxCeleb"


def test_each_table_has_its_rows(table):
    rows = {one["name"]: [row["label"] for row in one["rows"]] for one in table["tables"]}
    assert rows["table-1"] == ["Audio baseline", "Visual baseline", "Audio-visual, GATE"]
    losses = ["baseline", "COS", "KL", "MMD", "COS+KL", "COS+MMD", "KL+MMD"]
    assert rows["table-2"] == rows["table-3"] == losses
    assert rows["others"] == ["mine"]


def test_results_carry_the_printed_figure_only_where_one_exists(table):
    printed = {(r["system"], r["list"]): r["printed_eer_percent"] for r in table["results"]}
    assert printed["audio", "vox1-o"] == 1.792
    assert printed["audio", "vox1-o-cleaned"] is None
    assert printed["mine", "vox1-o"] is None
    assert not any(one["on_the_printed_list"] for one in table["results"])


def test_lists_are_in_order_with_their_counts(table):
    assert [one["label"] for one in table["lists"]] == ["Vox1-O", "Vox1-H", "Vox1-O cleaned"]
    assert table["lists"][0]["trials"] == 700
    assert table["lists"][0]["official"] is False


def test_cleaned_lists_stand_apart_from_their_originals_only(table, result):
    assert list_groups(table) == {"main": ["vox1-o", "vox1-h"], "cleaned": ["vox1-o-cleaned"]}
    alone = arrange([result("audio", "vox1-o-cleaned", 3)])
    assert list_groups(alone) == {"main": ["vox1-o-cleaned"]}
    some = only_lists(table, ["vox1-h"])
    assert {one["list"] for one in some["results"]} == {"vox1-h"}


def test_a_table_with_nothing_of_ours_but_the_baseline_is_left_out(result):
    found = arrange([result("audio", "vox1-o", 3)])
    assert [one["name"] for one in found["tables"]] == ["table-1"]


def test_a_row_without_a_result_stays_with_its_printed_figure(result):
    (found,) = arrange([result("audio", "vox1-o", 3)])["tables"]
    cells = {row["label"]: row["cells"][0] for row in found["rows"]}
    assert cells["Audio baseline"]["value"] == 3
    assert cells["Visual baseline"] == {"value": None, "printed": "1.299"}


def test_other_peoples_systems_get_none_of_the_papers_tables(result):
    found = arrange([result("wespeaker", "grid", 3), result("other", "vox1-o", 4)])
    assert [one["name"] for one in found["tables"]] == ["others"]


def test_a_fusion_that_the_paper_does_not_print_has_a_row_in_its_table(result):
    found = arrange([result("fusion-ssa", "vox1-o", 3), result("fusion-mine", "vox1-o", 4)])
    assert [row["label"] for row in found["tables"][0]["rows"]][3:] == [
        "Audio-visual, SSA",
        "fusion-mine",
    ]


def test_cleaned_lists_have_columns_of_their_own_tables(table):
    columns = {
        group: {column["on"] for one in tables_on(table, group) for column in one["columns"]}
        for group in ("main", "cleaned")
    }
    assert columns == {"main": {"vox1-o", "vox1-h"}, "cleaned": {"vox1-o-cleaned"}}


@pytest.mark.parametrize("name", ["stand-in", "standin", "Stand-in corpus"])
def test_the_stand_in_is_said_in_full(name):
    assert corpus_statement(name) == STATEMENT


def test_another_corpus_is_named_and_none_is_not():
    assert corpus_statement("grid") == "corpus: grid"
    assert corpus_statement(None) is None


def test_two_results_for_one_cell_are_refused(result):
    with pytest.raises(ValueError, match="two figures eer_percent of system 'audio'"):
        arrange([result("audio", "vox1-o", 3), result("audio", "vox1-o", 4)])


def test_one_list_with_two_sizes_is_refused(result):
    with pytest.raises(ValueError, match="different trials"):
        arrange([result("audio", "vox1-o", 3), result("visual", "vox1-o", 4, targets=299)])


def test_a_list_is_the_official_one_by_its_counts():
    assert is_official("vox1-o", 18_860, 18_860)
    assert not is_official("vox1-o", 300, 400)
    assert not is_official("mine", 18_860, 18_860)
