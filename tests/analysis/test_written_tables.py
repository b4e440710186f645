"""Markdown and LaTeX of arranged results."""

from avkd_cli.analysis.tables import arrange
from avkd_cli.analysis.views import to_latex, to_markdown
from avkd_cli.papers import USUAL


def test_markdown_has_ours_bold_where_lowest_and_the_printed_beside(result):
    text = to_markdown(
        arrange([result("audio", "vox1-o", 9.876), result("visual", "vox1-o", 5.4321)], "stand-in")
    )
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[0].replace(" ", "") == "|modality|Vox1-O|printed|"
    assert rows[1].replace(" ", "") == "|Audiobaseline|9.876|(1.792)|"
    assert rows[2].replace(" ", "") == "|Visualbaseline|**5.432**|(1.299)|"
    assert f"P{USUAL.note[1:]}." in text


def test_markdown_says_the_corpus_first_and_last(table):
    lines = [line for line in to_markdown(table).splitlines() if line]
    assert lines[1] == lines[-1] == f"**{table['statement']}**"


def test_markdown_without_a_corpus_claims_none(result):
    assert "corpus" not in to_markdown(arrange([result("audio", "mine", 3)]))


def test_a_missing_result_is_a_dash(result):
    text = to_markdown(arrange([result("audio", "a", 3), result("visual", "b", 4)]))
    assert "–" in text


def test_every_signature_is_listed(table):
    text = to_markdown(table)
    assert all(one["signature"] in text for one in table["results"])


def test_latex_has_one_tabular_a_table_and_group_with_special_characters_escaped(table, result):
    text = to_latex(table)
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 2 * 4
    assert "\\textbf{" in text
    assert text.startswith(f"% {table['statement']}\n")
    odd = to_latex(arrange([result("my_100%&", "a_b", 3)]))
    assert "my\\_100\\%\\&" in odd
    assert "a\\_b" in odd
