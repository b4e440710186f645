"""One table, four ways."""

import pytest

from avkd_cli.analysis.render import (
    as_html,
    as_latex,
    as_markdown,
    as_plain_markdown,
    as_text,
    document,
)
from avkd_cli.analysis.table import Cell, number, table


@pytest.fixture
def small():
    rows = [["x|y", number(-1.5, ".2f", "best")], ["z", Cell("22", 22.0, "printed")], ["<a>", None]]
    return table(["a", "b_c"], rows, "Title", ["A note."])


def test_text_is_aligned(small):
    assert as_text(small).splitlines() == [
        "Title",
        "a      b_c",
        "x|y  −1.50",
        "z     (22)",
        "<a>      –",
        "A note.",
    ]


def test_markdown_is_aligned_with_bars_escaped_the_best_bold_and_the_printed_in_brackets(small):
    assert as_markdown(small).splitlines() == [
        "## Title",
        "",
        "| a    |       b_c |",
        "|------|----------:|",
        "| x\\|y | **−1.50** |",
        "| z    |      (22) |",
        "| <a>  |         – |",
        "",
        "A note.",
    ]


def test_latex_escapes_what_it_would_act_on(small):
    lines = as_latex(small).splitlines()
    assert lines[:3] == ["% Title", "% A note.", "\\begin{tabular}{lr}"]
    assert "a & b\\_c \\\\" in lines
    assert "x|y & \\textbf{$-$1.50} \\\\" in lines
    assert "z & (22) \\\\" in lines
    assert "<a> & -- \\\\" in lines


def test_html_escapes_sorts_by_value_and_keeps_the_style(small):
    html = as_html(small)
    assert "<h3>Title</h3>" in html
    assert '<td data-value="-1.5" class="number best">−1.50</td>' in html
    assert '<td data-value="22.0" class="number printed">22</td>' in html
    assert "<th scope=row>&lt;a&gt;</th>" in html
    assert '<p class="note">A note.</p>' in html


def test_a_table_without_rows_is_its_head_in_all_four():
    bare = table(["a", "b"], [])
    assert as_text(bare) == "a  b"
    assert as_markdown(bare) == "| a   |   b |\n|-----|----:|"
    assert "a & b" in as_latex(bare) and "<tbody></tbody>" in as_html(bare)


def test_plain_markdown_keeps_columns_as_narrow_as_they_are():
    one = table(["a", "b"], [["x|\ny", number(1, "d")], [Cell("z", style="code"), "12345"]])
    assert as_plain_markdown(one) == "| a | b |\n| --- | --: |\n| x\\| y | 1 |\n| `z` | 12345 |"


def test_a_document_is_paragraphs_and_tables_without_empty_ones(small):
    assert document(["One.", "", table(["a"], [["b"]])]) == "One.\n\na\nb"
    assert document([small], as_markdown) == as_markdown(small)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="has not 2 cells"):
        table(["a", "b"], [["x"]])
