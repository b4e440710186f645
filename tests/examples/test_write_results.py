"""The page of a small record: complete, the same each time, and refused where runs differ."""

import json
import shutil

import gather
import pytest
import write_results
from click.testing import CliRunner
from verdict import judged

from avkd_cli.errors import InputError
from avkd_cli.verification.scorefiles import read_scores


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(gather, "DRAWS", 100)


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.mk"
    shutil.copy(write_results.HERE / "weights.mk", path)
    text = path.read_text()
    best = "".join(f"BEST_{sense} = cos\n" for sense in ("audio", "visual"))
    path.write_text("".join(line for line in text.splitlines(True) if "BEST" not in line) + best)
    return path


IDEA = {
    "name": "from-baseline",
    "teacher": "strong-visual",
    "options": "--beta 1",
    "eer_percent": 9.2,
    "difference": -2.0,
    "standard_error": 0.5,
    "runs": 6,
}
IDEAS = {"senses": {"visual": {"baseline_eer_percent": 11.2, "ideas": [IDEA], "chosen": None}}}


def written(record, weights, out, tried=IDEAS):
    ideas = record.with_name("ideas.json")
    ideas.write_text(json.dumps(tried))
    words = [
        record,
        *f"-o {out} --weights {weights} --tuning {out}/none.json --ideas {ideas}".split(),
    ]
    result = CliRunner().invoke(
        write_results.main, [str(word) for word in words], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_page_numbers_and_pictures_are_the_same_each_time(record, weights, tmp_path):
    first = written(record, weights, tmp_path / "one")
    assert first == written(record, weights, tmp_path / "two")
    assert set(first) == {
        "results.md",
        "results.json",
        *(
            f"results/{name}.svg"
            for name in ("systems", "students", "strong", "few", "noise-visual", "noise-audio")
        ),
    }
    page = first["results.md"].decode()
    for title in (
        "Verdict",
        "Students",
        "A strong imported teacher",
        "Fewer recordings a person",
        "Spoilt faces",
        "Spoilt voices",
        "What the teacher knew",
        "Other ways to teach",
        "Openings",
    ):
        assert f"## {title}" in page
    assert ("| from baseline | imported, visual | `--beta 1` | 9.20 | −2.00 | 0.50 | 6 |") in page
    for name in first:
        if name.endswith(".svg"):
            assert f"]({name})" in page
    results = json.loads(first["results.json"])
    # The faces' COS was made to be better, voices' not.
    (cos,) = (one for one in results["students"]["visual"] if one["loss"] == "cos")
    assert cos["value"] < -4
    assert cos["by_seed"].keys() == {"0", "1"}
    assert results["openings"]["total"] == results["openings"]["record"] + sum(
        one["openings"] for one in results["openings"]["before"]
    )


def test_the_eer_of_a_table_is_the_mean_of_the_score_files(record):
    from avkd_cli.verification.metrics import equal_error_rate

    results = gather.gather(record, {}, {}, {"visual": "cos", "audio": "cos"})
    eers = [
        equal_error_rate(one.target, one.nontarget)
        for one in (read_scores(record / f"seed-{s}" / "scores" / "audio.scores") for s in (0, 1))
    ]
    assert results["systems"]["audio"]["eer_percent"]["value"] == pytest.approx(50 * sum(eers))


def test_stages_that_were_not_run_are_left_out(record, weights, tmp_path):
    for seed in (0, 1):
        for name in ("noise", "few-2", "analysis"):
            shutil.rmtree(record / f"seed-{seed}" / name)
        for path in (record / f"seed-{seed}").glob("scores/strong*"):
            path.unlink()
    page = written(record, weights, tmp_path / "out")["results.md"].decode()
    for title in ("A strong", "Fewer", "Spoilt", "What the teacher knew"):
        assert f"## {title}" not in page
    assert "**Faces.** COS" in page


def test_the_way_that_the_folds_chose_is_one_more_student(record, weights, tmp_path):
    for seed in (0, 1):
        for folder in ("scores", "noise", "few-2/scores"):
            for path in (record / f"seed-{seed}" / folder).glob("visual-kd-cos.*"):
                shutil.copy(path, path.with_name(path.name.replace("kd-cos", "kd-projected-3")))
    one = {**IDEA, "name": "projected-3", "options": "--beta 3 --projection"}
    visual = {"baseline_eer_percent": 11.2, "ideas": [one], "chosen": "projected-3"}
    page = written(record, weights, tmp_path / "out", {"senses": {"visual": visual}})
    page = page["results.md"].decode()
    assert "| **projected 3** | `--beta 3 --projection` |" in page
    assert (
        "**Faces.** projected 3 (`--beta 3 --projection`), named beforehand, lowers the EER" in page
    )
    assert "projected 3 student, %" in page


def test_a_part_run_with_one_seed_says_so(record, weights, tmp_path):
    shutil.rmtree(record / "seed-1" / "few-2")
    page = written(record, weights, tmp_path / "out")["results.md"].decode()
    sections = {part.partition("\n")[0]: " ".join(part.split()) for part in page.split("\n## ")}
    assert "Run with seed 0 only." in sections["Fewer recordings a person"]
    assert "Run with" not in sections["A strong imported teacher"]
    *_, last = json.loads((tmp_path / "out" / "results.json").read_bytes())["few"]
    assert last["recordings"] is None  # all of them, yet of the same seed as the fewer
    assert last["audio"]["difference"]["by_seed"].keys() == {"0"}


def test_the_lines_that_made_it_name_the_seeds_of_each_part(record, weights, tmp_path):
    both = written(record, weights, tmp_path / "both")["results.md"].decode()
    assert 'make results DATA=../shared/data SEEDS="0 1" SEEDS_BESIDE="0 1"\n```' in both
    shutil.rmtree(record / "seed-1" / "few-2")
    shutil.rmtree(record / "seed-1" / "noise")
    page = written(record, weights, tmp_path / "out")["results.md"].decode()
    assert 'SEEDS="0 1"\nmake results' in page
    assert 'SEEDS="0 1" SEEDS_BESIDE="0 1" STAGES="c"\n```' in page


def test_what_an_interrupted_run_left_is_not_told_yet(record, weights, tmp_path):
    for seed in (0, 1):
        (record / f"seed-{seed}" / "few-2" / "scores" / "audio-kd-cos.scores").unlink()
        (record / f"seed-{seed}" / "noise" / "visual-kd-cos.blur-2.scores").unlink()
    page = written(record, weights, tmp_path / "out")["results.md"].decode()
    assert "## Fewer" not in page
    assert "## Spoilt faces" not in page
    assert "## Spoilt voices" in page


def test_one_seed_is_enough_and_said(record, weights, tmp_path):
    shutil.rmtree(record / "seed-1")
    assert "**one seed**" in written(record, weights, tmp_path / "out")["results.md"].decode()


def test_runs_that_differ_in_more_than_the_seed_are_refused(record):
    path = record / "seed-1" / "runs" / "audio" / "run.json"
    run = json.loads(path.read_text())
    run["config"]["lr"] = 0.5
    path.write_text(json.dumps(run))
    with pytest.raises(InputError, match=r"seed-1/runs/audio: lr differ from those of seed-0"):
        gather.gather(record, {}, {}, {"visual": "cos", "audio": "cos"})


def test_each_condition_is_compared_by_itself(record):
    results = gather.gather(record, {}, {}, {"visual": "cos", "audio": "cos"})
    rows = results["noise"]["visual"]
    assert [row["condition"] for row in rows] == ["clean", "blur-2"]
    assert rows[1]["baseline"]["value"] > rows[0]["baseline"]["value"]
    assert judged(rows[0]["difference"]) == "better"


def test_means_over_seeds_of_what_the_teacher_knew(record):
    path = record / "seed-1" / "analysis" / "venn-visual-kd-cos.json"
    found = json.loads(path.read_text()) | {
        "newly_right": 60,
        "newly_right_that_c_has_right": {"trials": 60, "share": 1.0},
    }
    path.write_text(json.dumps(found))
    one = gather.knew(gather.seed_folders(record))["visual-kd-cos"]
    assert one["newly_right"] == 40
    assert one["other_sense_had_right"] == pytest.approx(76 / 80)  # of all together


def test_weights_that_are_not_the_tuned_ones_are_refused(record, weights, tmp_path):
    tuning = tmp_path / "tuning.json"
    tuning.write_text(json.dumps({"weights": {"audio_cos": {"cos": 3.0}}}))
    words = [record, "-o", tmp_path / "out", "--weights", weights, "--tuning", tuning]
    result = CliRunner().invoke(write_results.main, [str(word) for word in words])
    assert isinstance(result.exception, InputError)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [("BEST_audio = cos\n", "BEST_visual"), ("WEIGHTS_audio_cos = --delta 1\n", "--beta")],
)
def test_weights_that_cannot_be_read_are_refused(tmp_path, text, message):
    (tmp_path / "w.mk").write_text(text)
    with pytest.raises(InputError, match=message):
        write_results.read_weights(tmp_path / "w.mk")


def test_the_page_says_what_of_the_record_is_missing(record, weights, tmp_path):
    written(record, weights, tmp_path / "out")
    page = " ".join((tmp_path / "out/results.md").read_text("utf-8").split())
    assert "make tune DATA" not in page and "`make tune`, which chooses them" in page


def test_the_last_cos_of_each_log_is_averaged(tmp_path):
    logs = [tmp_path / name for name in ("a", "b", "none")]
    logs[0].write_text('{"losses": {"cos": 0.9}}\n{"losses": {"cos": 0.5}}\n{"validation": {}}\n')
    logs[1].write_text('{"losses": {"cos": 0.3, "aam": 1.0}}\n')
    assert gather.learnt(logs) == {"learnt_cosine_distance": pytest.approx(0.4)}
    logs[0].write_text('{"losses": {"mmd": 0.9}}\n')
    assert gather.learnt(logs[:1]) == {}
