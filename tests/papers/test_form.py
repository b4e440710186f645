"""Every paper's data agree with themselves."""

import subprocess
import sys

import pytest

from avkd_cli.papers import PAPERS, USUAL
from avkd_cli.papers.form import ANY, MEASURES, matches


@pytest.fixture(params=list(PAPERS))
def paper(request):
    return PAPERS[request.param]


def test_each_has_its_own_name_and_says_where_it_is_from(paper):
    assert PAPERS[paper.name] is paper
    assert paper.source and paper.title and paper.lead


def test_the_usual_one_is_the_one_avkd_is_named_for():
    assert USUAL.name == "s0"


def test_a_printed_figure_stands_under_a_column(paper):
    for layout in paper.layouts:
        for row in layout.rows:
            assert len(row.printed) in (0, len(layout.columns)), (layout.name, row.label)


def test_columns_ask_for_known_measures_roles_and_lists(paper):
    for layout in paper.layouts:
        roles = {role for row in layout.rows for role in row.systems}
        for column in layout.columns:
            assert column.measure in {"", *MEASURES}
            assert column.several in ("best", "worst")
            if column.measure:
                assert column.role in roles
                assert column.on == ANY or column.on in paper.lists
            if column.against:
                assert column.against in roles


def test_systems_have_distinct_names_without_a_point_and_known_baselines(paper):
    names = [one.name for one in paper.systems]
    assert len(names) == len(set(names))
    assert not any("." in name for name in names)
    assert {one.baseline for one in paper.systems} <= {"", *names}
    assert {one.other for one in paper.systems} <= {"", *names}


def test_rows_name_systems_of_the_paper(paper):
    known = [one.name for one in paper.systems]
    for layout in paper.layouts:
        for row in layout.rows:
            for patterns in row.systems.values():
                for one in patterns:
                    assert one in known or any(matches(name, (one,)) for name in known), one


def test_labels_of_systems_are_distinct(paper):
    labels = [one.label for one in paper.systems]
    assert len(labels) == len(set(labels))


def test_papers_load_nothing_but_the_standard_library():
    code = (
        "import sys; before = set(sys.modules); import avkd_cli.papers; "
        "print(*(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {one for one in out.stdout.split() if one.split(".")[0] == "avkd_cli"}
    others = {one.split(".")[0] for one in out.stdout.split()} - {"avkd_cli"}
    assert others <= set(sys.stdlib_module_names)
    assert all(one.startswith("avkd_cli.papers") for one in ours - {"avkd_cli"})


def test_every_loss_of_the_reconstruction_has_a_row_and_tolerances_are_of_a_sweep():
    for layout in PAPERS["s2"].layouts:
        rows = [row.label for row in layout.rows]
        assert {"MMD hard", "MMD loose", "COS loose, weighed by product"} <= set(rows)
        assert not any("μ" in label for label in rows)
