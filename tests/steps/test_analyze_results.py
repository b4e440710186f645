"""What the files of a work folder say, and the report of each paper made of them."""

import json
import math

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.papers import PAPERS
from avkd_cli.steps.analyze.metrics import metrics
from avkd_cli.steps.analyze.report import report
from avkd_cli.steps.analyze.results import read_figures, result_files, sorted_out
from avkd_cli.steps.analyze.table import table

KEYS = st.sampled_from(
    (
        "systems stores files strata stratum name value percent low high "
        "eer_percent min_dcf auc accuracy intervals within system on measure"
    ).split()
)
LINE = {"system": "ce", "on": "seen-heard", "measure": "eer_percent", "value": 20.5}


def lines(folder, *records, name="some.figures.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def scores(folder, system, on, above):
    """Write scores whose EER is 1 / 4: one target of four lies below one nontarget of four."""
    rows = [f"p{i}/a p{i}/b {0.9 if i else 0.1} target\n" for i in range(4)]
    rows += [f"p{i}/a q{i}/b {above if i == 0 else 0.0} nontarget\n" for i in range(4)]
    (folder / f"{system}.{on}.scores").write_text("".join(rows))


def test_lines_of_figures_are_read_with_their_intervals(tmp_path):
    path = lines(tmp_path, LINE, LINE | {"on": "training", "low": 20, "high": 21, "seed": 7})
    first, second = read_figures([path])
    assert first == LINE | {"file": "some.figures.jsonl"}
    assert (second["low"], second["high"]) == (20, 21)


def test_a_json_of_analyze_gives_the_figures_of_each_of_its_systems(tmp_path):
    path = tmp_path / "emotion.systems.json"
    one = {
        "name": "vgg-plain",
        "accuracy": {"percent": 51.0, "low": 40.0, "high": 60.0},
        "unweighted_accuracy": {"percent": 50.0, "low": None, "high": None},
        "cmc_percent": [1.0, 2.0],
        "classes": 7,
    }
    path.write_text(json.dumps({"format": "avkd.analysis.classify", "systems": [one]}))
    found = {one["measure"]: one for one in read_figures([path])}
    assert set(found) == {"accuracy_percent", "unweighted_accuracy_percent"}
    assert found["accuracy_percent"]["low"] == 40.0
    assert "low" not in found["unweighted_accuracy_percent"]
    assert {(one["system"], one["on"]) for one in found.values()} == {("vgg-plain", "emotion")}


def test_strata_of_a_score_file_are_lists_of_their_own(tmp_path):
    part = {
        "stratum": "G",
        "eer_percent": 30.0,
        "auc_percent": 75.0,
        "persons": 9,
        "intervals": {"eer_percent": [28.0, 33.0], "auc_percent": [70.0, 80.0]},
    }
    none = {"stratum": "N", "eer_percent": None, "auc_percent": None}
    whole = part | {"stratum": "random"}
    one = {"name": "opl.unseen-unheard", "strata": [whole, part, none]}
    path = tmp_path / "unseen.systems.json"
    path.write_text(json.dumps({"format": "avkd.analysis.strata", "files": [one]}))
    found = read_figures([path])
    assert {(one["system"], one["on"]) for one in found} == {("opl", "unseen-unheard-g")}
    assert {one["measure"]: (one["value"], one["low"]) for one in found} == {
        "eer_percent": (30.0, 28.0),
        "auc_percent": (75.0, 70.0),
    }


def test_mean_cosines_of_stores_are_figures_of_systems(tmp_path):
    one = {"name": "opl", "recordings": 9, "within": 0.5, "between": None, "absolute_between": 0.1}
    path = tmp_path / "training.systems.json"
    path.write_text(json.dumps({"format": "avkd.analysis.cosines", "stores": [one]}))
    assert {one["measure"]: one["value"] for one in read_figures([path])} == {
        "cosine_within": 0.5,
        "cosine_absolute_between": 0.1,
    }


def test_what_analyze_prints_is_read(tmp_path, capsys):
    scores(tmp_path, "opl", "mine", 0.5)
    printed = metrics([tmp_path / "opl.mine.scores"], resamples=100)
    path = tmp_path / "any.systems.json"
    path.write_text(json.dumps(printed))
    found = {one["measure"]: one for one in read_figures([path])}
    assert found["eer_percent"]["value"] == 25.0
    assert found["eer_percent"]["low"] <= 25.0 <= found["eer_percent"]["high"]
    assert found["auc_percent"]["value"] == 93.75
    assert {(one["system"], one["on"]) for one in found.values()} == {("opl", "mine")}


def test_metrics_of_score_are_figures_where_no_scores_lie_beside(tmp_path):
    summary = {
        "format": "avkd.metrics",
        "version": 1,
        "eer_percent": 12.5,
        "min_dcf": {"0.01": 0.5},
        "auc": 0.9,
        "eer_threshold": 0.3,
    }
    path = tmp_path / "opl.unseen-unheard.metrics.json"
    path.write_text(json.dumps(summary))
    assert {one["measure"]: one["value"] for one in read_figures([path])} == {
        "eer_percent": 12.5,
        "min_dcf_0.01": 0.5,
        "auc_percent": 90.0,
    }
    scores(tmp_path, "opl", "unseen-unheard", 0.5)
    files = result_files([tmp_path])
    assert [one.system for one in files.scores] == ["opl"]
    assert files.figures == []


def test_a_metrics_file_of_no_system_is_said_and_passed_over(tmp_path, capsys):
    path = tmp_path / "all.metrics.json"
    path.write_text("{}")
    assert read_figures([path]) == []
    assert "all.metrics.json: passed over" in capsys.readouterr().err


def test_other_files_are_none_of_ours(tmp_path):
    found = sorted_out([tmp_path / "avkd.json", tmp_path / "notes.txt", tmp_path / "table.json"])
    assert found == ([], [])


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"system": "ce", "on": "x", "measure": "y"}, r"some\.figures\.jsonl:2: .*wanted"),
        (LINE | {"system": ""}, "wanted"),
        (LINE | {"value": "20"}, "value of 'eer_percent' of 'ce' is '20'"),
        (LINE | {"value": True}, "no finite number"),
        (LINE | {"value": float("nan")}, "is nan, which is no finite number"),
        (LINE | {"low": 1}, "high of 'eer_percent' of 'ce' is None"),
        (LINE | {"low": 3, "high": 1}, "low of .* is above high"),
        ([1], "found list"),
    ],
)
def test_a_line_that_is_no_figure_is_refused_with_its_place(tmp_path, record, said):
    path = lines(tmp_path, LINE, record)
    with pytest.raises(InputError, match=said):
        read_figures([path])


def test_the_schema_takes_what_is_read_and_refuses_what_is_not(schema):
    for good in (LINE, LINE | {"low": 1, "high": 2, "seed": 7}):
        schema("figure").validate(good)
    for bad in (LINE | {"system": ""}, LINE | {"value": "20"}, LINE | {"low": 1}, [1]):
        with pytest.raises(jsonschema.ValidationError):
            schema("figure").validate(bad)


@pytest.mark.parametrize("name", ["a.figures.jsonl", "on.systems.json", "s.on.metrics.json"])
def test_what_is_no_json_is_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'{"system": "\xff')
    with pytest.raises(InputError, match="not JSON"):
        read_figures([path])


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["G", "random", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


figure = st.floats(0, 50) | anything
member = st.fixed_dictionaries(
    {"name": st.sampled_from(["", "ce", "ce.", ".x", "ce.x"]), "eer_percent": figure},
    optional={
        "strata": st.lists(st.dictionaries(KEYS, anything), max_size=2) | anything,
        "auc": figure,
        "min_dcf": anything,
        "intervals": anything,
        "within": figure,
    },
)
analyses = st.dictionaries(
    st.sampled_from(["systems", "stores", "files"]),
    st.lists(member, min_size=1, max_size=2) | anything,
    min_size=1,
)
OTHERS = st.sampled_from(["a.figures.jsonl", "s.on.metrics.json"])


@given(st.tuples(st.just("on.systems.json"), analyses) | st.tuples(OTHERS, member | anything))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_gives_finite_figures_or_one_line(tmp_path, named_value):
    name, value = named_value
    path = tmp_path / name
    path.write_text(json.dumps(value))
    try:
        found = read_figures([path])
    except InputError as error:
        assert str(error).startswith(str(path))
        return
    for one in found:
        assert math.isfinite(one["value"])
        assert all(isinstance(one[key], str) and one[key] for key in ("system", "on", "measure"))


def test_a_list_of_systems_must_have_names(tmp_path):
    path = tmp_path / "on.systems.json"
    for text, said in (('{"systems": 1}', "no list"), ('{"systems": [{}]}', "has no name")):
        path.write_text(text)
        with pytest.raises(InputError, match=said):
            read_figures([path])


def test_two_figures_for_one_place_are_refused_and_both_files_named(tmp_path):
    lines(tmp_path, LINE)
    lines(tmp_path, LINE, name="other.figures.jsonl")
    with pytest.raises(InputError, match=r"other\.figures\.jsonl and some\.figures\.jsonl"):
        table([tmp_path], paper=PAPERS["s3"])


def test_scores_give_what_each_table_of_s3_asks_for(tmp_path):
    scores(tmp_path, "ce", "unseen-unheard", 0.5)
    lines(tmp_path, LINE, LINE | {"measure": "own_percent"})
    found = table([tmp_path], tmp_path / "out", paper=PAPERS["s3"])
    tables = {one["name"]: one for one in found["tables"]}
    row = tables["table-1"]["rows"][0]
    # Of 16 pairs of a target and a nontarget one has the nontarget above.
    assert [cell["value"] for cell in row["cells"]] == [20.5, None, 25.0, 93.75]
    assert [cell["printed"] for cell in row["cells"]] == ["21.8", "86.6", "26.8", "81.7"]
    assert tables["table-5"]["rows"][0]["cells"][0]["value"] == 25.0  # alpha 0 is CE
    text = (tmp_path / "out" / "table.md").read_text()
    assert "own_percent" in text  # no table has a place for it, and it is not dropped
    for printed in ("24.9", "83.5", "25.6"):
        assert f'"{printed}"' in (tmp_path / "out" / "table.json").read_text()


@pytest.mark.parametrize(
    ("name", "system", "printed"),
    [
        ("s1", "resnet-plain", ("77.5", "8.06", "59.5")),
        ("s2", "audio-mkd-cos", ()),
        ("s3", "opl", ("24.9", "83.5", "25.6")),
        ("s4", "fusion-nce", ("0.16", "0.23", "0.42")),
    ],
)
def test_every_paper_has_a_report_with_ours_beside_the_printed(tmp_path, name, system, printed):
    paper = PAPERS[name]
    for on in ("vox1-o", "vox1-e", "vox1-h", "unseen-unheard"):
        scores(tmp_path, system, on, 0.5)
    result = report(tmp_path, corpus="stand-in", resamples=0, paper=paper)
    page = (tmp_path / "report" / "index.html").read_text()
    json_text = (tmp_path / "report" / "table.json").read_text()
    assert f"<h1>{paper.title}</h1>" in page
    assert paper.claim in result["words"]
    assert ">25.00<" in page
    for figure in printed:
        assert f'"{figure}"' in json_text
        assert f">{figure}<" in page
    assert ("reconstruction" in page) == (name == "s2")


def test_a_folder_of_figures_alone_makes_a_page(tmp_path):
    lines(
        tmp_path,
        *(
            {
                "system": f"vgg-plain{end}",
                "on": "identification",
                "measure": "accuracy_percent",
                "value": value,
            }
            for end, value in (("", 70.0), ("-l10", 71.4), ("-l20", 69.0))
        ),
    )
    result = report(tmp_path, paper=PAPERS["s1"])
    page = (tmp_path / "report" / "index.html").read_text()
    assert result["results"] == 3
    assert result["figures"] == ["sweep-identification"]
    assert ">+2.00<" in page  # (71.4 - 70) / 70
    assert "gain: 1 of 1 for the better, +2.0 %." in page
    assert "printed figures only</summary>" in page  # tables 5 to 7, folded
    assert "<summary>All intervals</summary>" not in page
    lines(tmp_path, LINE | {"low": 18.25, "high": 22.75}, name="sure.figures.jsonl")
    report(tmp_path, paper=PAPERS["s1"])
    page = (tmp_path / "report" / "index.html").read_text()
    assert ">18.25<" in page[page.index("<summary>All intervals</summary>") :]


def test_a_work_folder_says_its_paper_and_one_above_does_not_look_into_it(tmp_path):
    below = tmp_path / "joint"
    below.mkdir()
    (below / "avkd.work").write_text("s4\n")
    for folder in (tmp_path, below):
        scores(folder, "audio", "vox1-o", 0.5)
    assert report(tmp_path, resamples=0)["results"] == 1
    assert "Does a student of one sense keep" in (tmp_path / "report" / "index.html").read_text()
    report(below, resamples=0)
    assert PAPERS["s4"].title in (below / "report" / "index.html").read_text()
    (below / "avkd.work").write_text("s9")
    with pytest.raises(InputError, match=r"avkd\.work: 's9' is no paper; wanted one of s0, s1"):
        report(below)


def test_figures_of_another_paper_are_shown_with_a_warning(tmp_path, capsys):
    lines(tmp_path, LINE)
    report(tmp_path, paper=PAPERS["s4"])
    assert "no figure here has a place in a table of s4" in capsys.readouterr().err
    assert "seen-heard" in (tmp_path / "report" / "index.html").read_text()
