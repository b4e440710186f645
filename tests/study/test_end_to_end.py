"""All of it on stand-in people: nothing is measured, everything is run."""

import json
import re

import pytest

from study.__main__ import guarded
from study.choose import chosen_of, read_json
from study.systems import STAGES


def results(work) -> dict:
    return json.loads((work / "results.json").read_bytes())


def test_the_primary_comparison_from_recordings_to_the_page(given, tmp_path, capsys):
    work = tmp_path / "work"
    assert guarded(given("results", "--seeds", "0")) == 0
    found = results(work)
    assert {
        name: one["by_seed"].keys()
        for name, one in ((n, s["eer"]) for n, s in found["systems"].items())
    } == {name: {"0"} for name in ("all", "alone", "clusters")}
    assert found["corpus"]["labelled"]["0.25"] == 3 and found["openings"]["here"] == 3
    assert found["clusters"]["clusters"]["f"] == pytest.approx(1)  # the stand-ins' teacher is good
    page = (work / "results.md").read_text()
    assert "A quick trial" in page and "`make results STAGES=noise SEEDS=" in page
    assert (work / "results" / "primary.svg").exists()

    # Nothing is done twice, and another seed labels others.
    done = (work / "done.jsonl").read_text()
    assert guarded(given("results", "--seeds", "0")) == 0
    assert (work / "done.jsonl").read_text() == done
    capsys.readouterr()
    assert guarded(given("plan", "--seeds", "1")) == 0
    lines = [one for one in capsys.readouterr().out.splitlines() if not one.startswith("mkdir")]
    assert len(lines) == 12 and not [line for line in lines if "prep-audio" in line]
    steps = {re.search(r"--max-steps (\d+)", line)[1] for line in lines if "--max-steps" in line}
    assert steps == {"2"}  # the same for all systems

    # Settings that folds chose afterwards are other words for the same runs.
    chosen = {"format": "avkd.study.chosen", "version": 1, "weights": {}}
    chosen["folds"] = {"of": 3, "used": 2, "others": 1}
    (tmp_path / "chosen.json").write_text(
        json.dumps(
            chosen
            | {
                "senses": {
                    "audio": {
                        "steps": {"chosen": 1200, "eer_percent": {"1200": [9.0]}},
                        "regularisation": {},
                    }
                }
            }
        )
    )
    assert guarded(given("results", "--seeds", "0")) == 73
    assert "was made with 2, now it is 4" in capsys.readouterr().err


@pytest.mark.slow
def test_settings_are_chosen_by_folds_and_the_test_is_not_opened(given, tmp_path):
    words = given("tune", "--folds", "2", "--used", "1", "--others", "1")
    assert guarded(words) == 0
    said = read_json(tmp_path / "chosen.json")
    tried = said["senses"]["audio"]
    assert set(tried["steps"]["eer_percent"]) == {"300", "600"}  # quick: the first two
    assert tried["regularisation"].keys() == {"alone", "clusters", "all"}
    assert chosen_of(said).steps["audio"] in (300, 600)
    assert not list((tmp_path / "work").glob("seed-*"))
    people = (tmp_path / "work/fold-0/fold/people.jsonl").read_text()
    assert '"one0"' not in people and '"one3"' in people  # one0 is of the test
    trained = (tmp_path / "work/done.jsonl").read_text()
    assert "trials.txt" in trained and "people/trials.txt" not in trained


@pytest.mark.slow
def test_worse_teachers_and_small_faces(given, tmp_path):
    assert guarded(given("results", "--stages", "noise,faces", "--seeds", "0")) == 0
    found = results(tmp_path / "work")
    assert found["noise"]["spoilt-80"]["pairwise_f"] == pytest.approx(0.8, abs=0.1)
    assert {row["system"] for row in found["tables"]["faces"]} == {
        "faces-clusters",
        "faces-clusters.small",
    }
    assert (tmp_path / "work" / "results" / "noise.svg").exists()


def test_every_stage_has_a_plan(given, capsys):
    assert guarded(given("plan", "--stages", "all", "--seeds", "0,1")) == 0
    lines = capsys.readouterr().out
    told = ("--held-out", "--beside", "--tolerance cos=0.4", "--loss-gate 0.5", "study shrink")
    for words in (*told, "--unlabelled-by terms", "python -m study spoil"):
        assert words in lines


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["results", "--data", "nowhere"], 66, "nowhere/people171/people171.csv: no such file"),
        (["results", "--manifest", "a.csv"], 2, "give --manifest and --trials, both or neither"),
        (["page", "--data", "nowhere"], 66, "no such file"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_made(words, code, said, tmp_path, capsys):
    work = tmp_path / "work"
    assert guarded([*words, "--work", str(work)]) == code
    assert said in capsys.readouterr().err and not work.exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--stages", "primery"], 2, f"--stages primery: there are {', '.join(STAGES)}, and all"),
        (["--seeds", "x"], 2, "--seeds 'x': wanted numbers"),
        (["--imported", "smell:a.npz"], 2, "--imported smell:a.npz: wanted audio:FILE"),
        (["--imported", "audio:nowhere.npz"], 66, "nowhere.npz: no such file"),
    ],
)
def test_bad_words_are_refused(given, tmp_path, capsys, words, code, said):
    assert guarded(given("results", *words)) == code
    assert said in capsys.readouterr().err and not (tmp_path / "work").exists()


def test_a_stage_that_needs_strong_encoders_says_so_without_them(given, capsys):
    assert guarded(given("plan", "--stages", "primary", imported=False)) == 2
    assert (
        "no embeddings of strong audio encoders: give --imported audio:FILE"
        in capsys.readouterr().err
    )
    assert guarded(given("plan", "--stages", "teachers", imported=False)) == 0


def test_choices_of_another_kind_are_refused(given, tmp_path, capsys):
    (tmp_path / "chosen.json").write_text('{"format": "avkd.study.chosen", "version": 2}')
    assert guarded(given("plan")) == 65
    assert "wanted avkd.study.chosen of version 1; run make tune again" in capsys.readouterr().err


def test_a_page_of_nothing_is_refused(given, capsys):
    assert guarded(given("page")) == 66
    assert "no seed-*/scores/*.scores; run make results" in capsys.readouterr().err
