"""Points of a measure against the number that names of systems say."""

import pytest

from avkd_cli.analysis.figures import save, sweep_figure
from avkd_cli.analysis.filling import Value
from avkd_cli.analysis.sweeps import at_number, points
from avkd_cli.papers import PAPERS
from avkd_cli.papers.form import Line

S1, S3 = PAPERS["s1"], PAPERS["s3"]
LINE = Line("ours", "net-l", {"net": 0.0})


@pytest.mark.parametrize(
    ("name", "at"),
    [("net", 0.0), ("net-l50", 0.5), ("net-l100", 1.0), ("net-l5x", None), ("other-l50", None)],
)
def test_a_name_says_its_number_in_hundredths(name, at):
    assert at_number(LINE, name) == at


def test_points_go_from_left_to_right_and_one_alone_is_no_line():
    (sweep,) = S3.sweeps
    values = {
        (name, "unseen-unheard", "eer_percent"): Value(eer)
        for name, eer in {"opl": 24.0, "opl-a10": 26.0, "ce": 27.0, "triplet": 1.0}.items()
    }
    found = points(S3, sweep, values)
    assert [(one.at, one.value.value) for one in found["OPL"]] == [
        (0.0, 27.0),
        (0.1, 26.0),
        (1.0, 24.0),
    ]
    assert points(S3, sweep, {("opl", "unseen-unheard", "eer_percent"): Value(24.0)}) == {}


def test_a_sweep_over_any_list_takes_the_first():
    sweep = next(one for one in S1.sweeps if one.name == "sweep-verification")
    values = {
        (name, on, "eer_percent"): Value(eer)
        for on, eer in (("vox1-o", 5.0), ("mine", 9.0))
        for name in ("vgg-plain", "vgg-plain-l50")
    }
    assert [one.value.value for one in points(S1, sweep, values)["VGG"]] == [5.0, 5.0]


def test_the_picture_has_each_line_once():
    (sweep,) = S3.sweeps
    lines = {"OPL": [(0.0, Value(27.0, 25.0, 29.0)), (1.0, Value(24.0))]}
    from avkd_cli.analysis.sweeps import Point

    svg = save(sweep_figure(sweep, {k: [Point(*p) for p in v] for k, v in lines.items()}), "svg")
    assert svg.count(b">OPL<") == 1
    assert b">alpha<" in svg
