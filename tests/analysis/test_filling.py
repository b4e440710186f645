"""Our figures in a paper's tables."""

from dataclasses import replace

import pytest

from avkd_cli.analysis.filling import Value, fill, filled_table
from avkd_cli.papers import PAPERS
from avkd_cli.papers.form import ANY, Column, Layout, Row

S1, S3, S4 = (PAPERS[name] for name in ("s1", "s3", "s4"))
ROW = Row(
    "net",
    {"without": ("net",), "with": ("net-l*",), "any": ("net", "net-l*")},
    ("70", "75", "7.1", "-3", "7.1"),
)
LAYOUT = Layout(
    "t",
    "T",
    "model",
    (
        Column("without", "x", "accuracy_percent", "without"),
        Column("with", "x", "accuracy_percent", "with"),
        Column("gain", "x", "accuracy_percent", "with", against="without"),
        Column("worst", "x", "accuracy_percent", "any", against="without", several="worst"),
        Column("best", "x", "accuracy_percent", "any", against="without"),
    ),
    (ROW,),
)
ACCURACY = {
    ("net", "x", "accuracy_percent"): Value(50.0, 45.0, 55.0),
    ("net-l10", "x", "accuracy_percent"): Value(40.0),
    ("net-l50", "x", "accuracy_percent"): Value(60.0),
}


def cells(layout, values, paper=S1):
    (row, *_) = filled_table(paper, layout, values)["rows"]
    return row["cells"]


def test_the_best_and_the_worst_of_several_are_taken_and_named():
    without, taught, gain, worst, best = cells(LAYOUT, ACCURACY)
    assert without == {"value": 50.0, "low": 45.0, "high": 55.0, "system": "net", "printed": "70"}
    assert (taught["value"], taught["system"]) == (60.0, "net-l50")
    assert gain["value"] == pytest.approx(20.0)
    assert (worst["value"], worst["system"]) == (pytest.approx(-20.0), "net-l10")
    assert best["value"] == pytest.approx(20.0)


def test_where_every_one_is_worse_the_best_is_the_one_without():
    worse = {key: value for key, value in ACCURACY.items() if key[0] != "net-l50"}
    *_, best = cells(LAYOUT, worse)
    assert (best["value"], best["system"]) == (0.0, "net")


def test_a_lower_error_rate_is_a_gain():
    columns = tuple(replace(one, measure="eer_percent") for one in LAYOUT.columns)
    rates = {(name, on, "eer_percent"): value for (name, on, _), value in ACCURACY.items()}
    _, taught, gain, *_ = cells(replace(LAYOUT, columns=columns), rates)
    assert (taught["value"], taught["system"]) == (40.0, "net-l10")
    assert gain["value"] == pytest.approx(20.0)


def test_what_is_missing_is_there_without_a_value_beside_what_is_printed():
    without, *others = cells(LAYOUT, {("net", "x", "accuracy_percent"): Value(50.0)})
    assert without["value"] == 50.0
    assert [one["value"] for one in others[:2]] == [None, None]
    assert [one["printed"] for one in others[:2]] == ["75", "7.1"]


def test_a_change_from_nothing_is_none():
    zero = ACCURACY | {("net", "x", "accuracy_percent"): Value(0.0)}
    assert cells(LAYOUT, zero)[2]["value"] is None


def test_any_list_is_the_first_at_hand_for_its_own_measure():
    columns = (Column("rate", ANY, "eer_percent", "without"), *LAYOUT.columns[1:])
    values = ACCURACY | {("net", "mine", "eer_percent"): Value(9.0)}
    found = filled_table(S1, replace(LAYOUT, columns=columns), values)
    assert found["columns"][0]["on"] == "mine"
    assert found["rows"][0]["cells"][0]["value"] == 9.0
    assert found["notes"] == ["EER of ours: on mine."]


def test_fixed_tables_without_a_figure_of_ours_stay_and_those_by_list_go():
    tables, placed = fill(S3, {("ce", "seen-heard", "eer_percent"): Value(20.0)})
    ours = {one["name"]: one["ours"] for one in tables}
    assert ours["table-1"] == 1
    assert ours["table-2"] == 0
    assert placed == {("ce", "seen-heard", "eer_percent")}
    assert fill(S4, {}) == ([], set())


def test_on_lists_that_are_not_printed_absent_rows_are_named_in_a_note():
    mine = {(name, "mine", "eer_percent"): Value(1.0) for name in ("audio", "fusion-nce")}
    (found,), _ = fill(S4, mine)
    assert [row["system"] for row in found["rows"]] == ["audio", "fusion-nce"]
    said = " ".join(found["notes"])
    assert "The paper prints nothing on these lists." in said
    assert "none in print on these lists: Sun et al.: A w/o enhanced, Sun et al.: V w/o" in said
    assert "ECAPA" not in said
    printed = mine | {("audio", "vox1-o", "eer_percent"): Value(1.0)}
    (found,), _ = fill(S4, printed)
    assert len(found["rows"]) == 25
    assert "on these lists" not in " ".join(found["notes"])


def test_an_error_rate_without_a_place_gets_a_table_of_its_own():
    tables, placed = fill(S3, {("mine", "grid", "eer_percent"): Value(20.0)})
    assert tables[-1]["name"] == "others"
    assert tables[-1]["rows"][0]["cells"] == [{"value": 20.0, "system": "mine", "printed": None}]
    assert placed == {("mine", "grid", "eer_percent")}


def test_a_row_of_the_paper_alone_is_marked_and_keeps_its_group():
    tables, _ = fill(S4, {("audio", "vox1-o", "eer_percent"): Value(1.0)})
    first = tables[0]["rows"][0]
    assert first["label"] == "One sense: ECAPA-TDNN (A)"
    assert first["of_the_paper_alone"]
    assert [one["printed"] for one in first["cells"]] == ["0.87", "0.107"]


def test_a_name_with_a_bracket_is_itself_and_no_pattern():
    values = {("a[1]", "x", "accuracy_percent"): Value(1.0)}
    row = Row("r", {"": ("a[1]",)})
    layout = Layout("t", "T", "h", (Column("c", "x", "accuracy_percent"),), (row,))
    assert cells(layout, values)[0]["value"] == 1.0
