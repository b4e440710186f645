"""What a person reads on a terminal."""

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import metrics_parts, report_parts, venn_parts
from avkd_cli.analysis.text_stores import correlation_parts

SYSTEM = {
    "name": "base",
    "rule": "EER",
    "threshold": 0.25,
    "misses": 1,
    "false_alarms": 2,
    "error_rate": 0.03,
}


def venn_result(letters="ab"):
    return {
        "trials": 1000,
        "targets": 400,
        "nontargets": 600,
        "both_right": 900,
        "newly_right": 50,
        "newly_wrong": 20,
        "both_wrong": 30,
        "systems": dict.fromkeys(letters, SYSTEM),
        "newly_right_that_c_has_right": {"trials": 45, "share": 0.9},
        "regions": [{"right": ["a", "b"], "wrong": [], "trials": 900}],
    }


def test_venn_shows_the_square_and_what_c_knew():
    lines = document(venn_parts(venn_result())).splitlines()
    assert lines[0] == "1,000 trials: 400 target, 600 nontarget"
    row = next(line for line in lines if line.startswith("a wrong"))
    assert row.split() == ["a", "wrong", "50", "newly", "right", "30"]
    assert lines[-1] == "of the newly right, c has 45 right (90.00 %)"


def test_venn_of_three_lists_all_regions():
    assert "a b        –             900  90.00 %" in document(venn_parts(venn_result("abc")))


def test_venn_names_who_gains_and_loses_most():
    persons = {
        "total": 9,
        "gaining": 4,
        "losing": 1,
        "most_losing": [],
        "most_gaining": [{"person": "x", "gain": 3}, {"person": "y", "gain": 1}],
    }
    lines = document(venn_parts(venn_result() | {"persons": persons})).splitlines()
    assert lines[-2:] == ["of 9 persons 4 gain and 1 lose", "most gaining: x +3, y +1"]


def test_an_infinite_threshold_is_a_dash():
    result = venn_result()
    result["systems"]["a"] = SYSTEM | {"threshold": None}
    assert " – " in document(venn_parts(result))


def test_metrics_are_a_row_a_file_and_the_signatures():
    one = {
        "name": "base",
        "eer_percent": 1.23456,
        "min_dcf": {"0.01": 0.1, "0.05": 0.05},
        "targets": 10,
        "nontargets": 2000,
        "signature": "list:x|…",
    }
    lines = document(metrics_parts({"files": [one]})).splitlines()
    assert lines[1].split() == ["base", "1.235", "0.1000", "0.0500", "10", "2,000"]
    assert lines[-1] == "list:x|…"


def test_correlations_and_their_note():
    result = {
        "note": "basis",
        "pairs": [
            {
                "a": "x",
                "b": "y",
                "segments": 3,
                "pcc_per_segment": 0.5,
                "pcc_pooled": None,
                "pcc_per_dimension": 0.25,
                "linear_cka": 1.0,
                "mean_cosine_distance": 0.0,
            }
        ],
        "stores": [
            {
                "name": "x",
                "segments": 3,
                "persons": 2,
                "dimensions": 4,
                "alignment": None,
                "uniformity": -1.0,
                "within_person_variance": 0.1,
                "between_person_variance": 0.2,
            }
        ],
    }
    lines = document(correlation_parts(result)).splitlines()
    assert lines[1].split() == ["x", "-", "y", "3", "0.5000", "–", "0.2500", "1.0000", "0.0000"]
    assert lines[-1] == "Note: basis."


def test_a_report_says_its_words_and_where_it_is():
    result = {"statement": "stand-in", "words": ["One."], "results": 3, "path": "index.html"}
    assert document(report_parts(result)) == "stand-in\n- One.\n3 results: index.html"
