"""Printed figures of the other papers: that they were copied right, and where print is odd."""

import pytest

from avkd_cli.papers import PAPERS

S1, S2, S3, S4 = (PAPERS[name] for name in ("s1", "s2", "s3", "s4"))


def rows(paper, name):
    (layout,) = (one for one in paper.layouts if one.name == name)
    return {row.label: row.printed for row in layout.rows}


@pytest.mark.parametrize(
    ("table", "better", "odd"),
    [
        pytest.param("table-4", 1, [], id="identification"),
        pytest.param("table-5", -1, [], id="verification"),
        pytest.param("table-6", 1, ["SEResNet+BiLSTM+AGG"], id="emotion"),
    ],
)
def test_printed_gains_follow_from_the_figures_beside_them(table, better, odd):
    for label, printed in rows(S1, table).items():
        without, taught, gain = map(float, printed[-3:])
        follows = abs(100 * better * (taught - without) / without - gain) < 0.011
        assert follows == (label not in odd), label


def test_the_notes_of_a_table_say_what_is_odd_in_it():
    notes = {one.name: " ".join(one.notes) for one in S1.layouts}
    assert "3.99" in notes["table-6"] and "57.9" in notes["table-6"]
    assert "80.9" in notes["table-4"] and "80.5" in notes["table-4"]
    assert pytest.approx(3.99, abs=0.005) == 100 * (59.9 - 57.6) / 57.6
    assert "guess" in notes["table-7"]


def test_worst_over_lambda_fits_the_accuracies_that_the_note_speaks_of():
    implied = [
        float(without) * (1 + float(worst) / 100)
        for _, without, worst, best in rows(S1, "table-7").values()
        if best == "0"
    ]
    assert [round(one, 1) for one in implied] == [
        51.0,
        54.6,
        56.1,
        57.6,
        56.4,
        57.9,
        51.0,
        54.6,
        56.1,
    ]


def test_one_system_has_one_figure_in_all_tables_of_s3_but_where_print_is_odd():
    strata, losses = rows(S3, "table-3"), rows(S3, "table-1")
    auc = {label: (printed[1], printed[3]) for label, printed in losses.items()}
    other = {label: (printed[0], printed[5]) for label, printed in strata.items()}
    assert {label for label in auc if auc[label] != other[label]} == {"Git", "Triplet"}
    alpha, fusion, others = rows(S3, "table-5"), rows(S3, "table-6"), rows(S3, "table-4")
    assert alpha["0.0"] == losses["CE"][2:]
    assert alpha["1.0"] == losses["OPL"][2:] == fusion["Gated"]
    assert others["OPL"] == losses["OPL"]


def test_times_stand_as_printed():
    assert rows(S3, "table-2")["CE"] == (".02", "O(n)")
    assert rows(S3, "table-2")["OPL"] == ("07", "O(n)")


def test_s4_has_its_25_rows_and_the_claims_that_follow():
    (layout,) = S4.layouts
    assert len({(row.group, row.label) for row in layout.rows}) == len(layout.rows) == 25
    table = rows(S4, "table-1")
    assert table["(6) fusion(NCE)"] == ("0.16", "0.014", "0.23", "0.031", "0.42", "0.050")
    best, plain = (float(table[one][0]) for one in ("ensemble(4,5,6)", "fusion"))
    assert 100 * (1 - best / plain) == pytest.approx(36.4, abs=0.05)
    assert 100 * best / float(table["ensemble(1,2,3)"][0]) == pytest.approx(28.0, abs=0.05)
    assert table["WavLM large (A)"][1] == ""  # nothing is printed, which is not 0


def test_nothing_is_printed_of_s2_and_it_is_called_a_reconstruction():
    assert not any(row.printed for one in S2.layouts for row in one.rows)
    for text in (S2.title, S2.lead, S2.source, S2.claim, *(one.title for one in S2.layouts)):
        assert "reconstruction" in text
