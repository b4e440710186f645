import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.commands.score import score as command
from avkd_cli.config import Execution, ScoreConfig
from avkd_cli.errors import InputError, MissingInputError, OutputError, UsageError
from avkd_cli.steps.score import score_or_fuse
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification import columns, scorefiles
from avkd_cli.verification.content import content_digest
from avkd_cli.verification.metrics import equal_error_rate
from avkd_cli.verification.normalization import cohort_statistics, normalise
from avkd_cli.verification.scorefiles import read_scores
from avkd_cli.verification.trials import read_trials

PLAIN = ScoreConfig()


def store(path, embedding, ids, persons=None, run="sha256:model"):
    embedding = np.asarray(embedding, np.float32)
    build_store(
        path,
        Embeddings.of(Rows(ids, persons or [""] * len(ids)), embedding),
        Origin("extract-embeddings", inputs={"run": run}, said={"modality": "audio"}),
        Execution(quiet=True),
    )
    return str(path)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Twelve people with six embeddings each, and all pairs of the first three as trials."""
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(0)
    persons = [f"p{n:02}" for n in range(12) for _ in range(6)]
    ids = [f"{person}/v/{n % 6}" for n, person in enumerate(persons)]
    embedding = np.repeat(rng.normal(size=(12, 16)), 6, axis=0) + rng.normal(size=(72, 16))
    rows = [n for n in range(72) if n % 6 < 3]
    pairs = [(a, b) for a in rows for b in rows if a < b]
    lines = [f"{int(persons[a] == persons[b])} {ids[a]} {ids[b]}\n" for a, b in pairs]
    (folder / "trials.txt").write_text("".join(lines))
    return {
        "trials": str(folder / "trials.txt"),
        "store": store(folder / "e.zarr", embedding, ids, persons),
        "embedding": embedding.astype(np.float32),
        "ids": ids,
        "persons": persons,
        "pairs": np.array(pairs),
        "label": np.array([line[0] == "1" for line in lines], int),
    }


def cosine(embedding, pairs):
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    return np.sum(unit[pairs[:, 0]] * unit[pairs[:, 1]], axis=1)


def scored(tmp_path, inputs, settings=PLAIN, **files):
    summary = score_or_fuse(inputs, settings, output=tmp_path / "x.scores", quiet=True, **files)
    return read_scores(tmp_path / "x.scores"), summary


def written(path, text):
    path.write_text(text)
    return str(path)


def test_scores_are_cosines_in_the_order_of_the_list(people, tmp_path):
    found, _ = scored(tmp_path, (people["trials"], people["store"]))
    expected = cosine(people["embedding"], people["pairs"])
    np.testing.assert_allclose(found.score, expected, atol=1e-6)
    lines = (tmp_path / "x.scores").read_text().splitlines()
    for line, trial in zip(lines, Path(people["trials"]).read_text().splitlines(), strict=True):
        label, enrol, test = trial.split()
        kind = "target" if label == "1" else "nontarget"
        assert (line.split()[:2], line.split()[3]) == ([enrol, test], kind)


def test_stdout_has_score_lines_only_and_stderr_the_summary(people):
    result = CliRunner().invoke(command, [people["trials"], people["store"]])
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(people["pairs"])
    assert all(len(line.split()) == 4 for line in result.stdout.splitlines())
    summary = result.stderr
    for part in ("format voxceleb (guessed)", "EER", "minDCF(0.01)", "minDCF(0.05)", "|eer:interp"):
        assert part in summary


def test_metrics_are_json_with_counts_signature_and_where_it_came_from(people, tmp_path):
    path = tmp_path / "m.json"
    found, summary = scored(tmp_path, (people["trials"], people["store"]), metrics=path)
    metrics = json.loads(path.read_text())
    assert metrics == summary
    assert metrics["eer_percent"] == pytest.approx(
        100 * equal_error_rate(found.target, found.nontarget)
    )
    assert metrics["counts"] == {
        "trials": len(found),
        "target": len(found.target),
        "nontarget": len(found.nontarget),
        "skipped": 0,
    }
    assert metrics["inputs"]["embeddings"].startswith("sha256:")
    assert metrics["signature"].startswith(f"list:trials.txt#{found_digest(people)}|trials:")


def found_digest(people):
    trials = read_trials(people["trials"])
    return content_digest(trials.ids, trials.enrol, trials.test, trials.label)[7:19]


def test_trials_or_a_manifest_line_may_come_from_a_pipe_but_not_both(people, monkeypatch, tmp_path):
    expected, _ = scored(tmp_path, (people["trials"], people["store"]))
    text = Path(people["trials"]).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    found, _ = scored(tmp_path, ("-", people["store"]))
    np.testing.assert_array_equal(found.score, expected.score)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"path": people["store"]}) + "\n"))
    found, _ = scored(tmp_path, (people["trials"], "-"))
    np.testing.assert_array_equal(found.score, expected.score)
    with pytest.raises(UsageError, match="stdin"):
        score_or_fuse(("-", "-"), PLAIN)
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    with pytest.raises(InputError, match="empty"):
        score_or_fuse((people["trials"], "-"), PLAIN)


def test_extensions_are_dropped_only_where_needed_and_the_number_is_said(people, tmp_path, capsys):
    a, b, c = people["ids"][0], people["ids"][1], people["ids"][6]
    trials = written(tmp_path / "t", f"1 {a}.wav {b}\n0 {a}.wav {c}.wav\n")
    score_or_fuse((trials, people["store"]), PLAIN, output=tmp_path / "o")
    assert "2 ids are found with another extension or without" in capsys.readouterr().err
    assert (tmp_path / "o").read_text().startswith(f"{a}.wav {b} ")  # as the list has it


def test_ids_without_embedding_stop_the_run_and_are_named(people, tmp_path):
    trials = written(tmp_path / "t", "1 p00/v/0 p00/v/1\n0 zzz p01/v/0\n0 zzz yyy\n")
    with pytest.raises(InputError, match=r"no embedding of 'zzz' in .*2 ids of 2 trials"):
        scored(tmp_path, (trials, people["store"]))
    assert not (tmp_path / "x.scores").exists()


def test_missing_trials_are_skipped_and_counted_on_request(people, tmp_path):
    lines = "1 p00/v/0 p00/v/1\n0 zzz p01/v/0\n0 p00/v/0 p01/v/0\n"
    trials = written(tmp_path / "t", lines)
    found, summary = scored(tmp_path, (trials, people["store"]), ScoreConfig(skip_missing=True))
    assert summary["trials"]["name"] == Path(trials).name.removesuffix(".txt")
    assert (len(found), summary["counts"]["skipped"]) == (2, 1)
    nobody = written(tmp_path / "n", "1 zzz yyy\n")
    with pytest.raises(InputError, match="'zzz'"):  # never an empty result
        scored(tmp_path, (nobody, people["store"]), ScoreConfig(skip_missing=True))


def test_a_list_of_other_recordings_is_told_by_an_id_of_each(people, tmp_path):
    # The first side is there, the second is not: what is named is what is missing.
    nobody = written(tmp_path / "n", "1 p00/v/0 yyy\n0 p00/v/1 zzz\n")
    with pytest.raises(InputError, match=r"no trial .* names 'yyy', ids there are like 'p\d\d/v/"):
        scored(tmp_path, (nobody, people["store"]))


def test_labels_that_contradict_the_persons_of_the_store_are_refused(people, tmp_path):
    trials = written(tmp_path / "t", "1 p00/v/0 p00/v/1\n1 p00/v/0 p01/v/1\n")
    with pytest.raises(InputError, match="1 labels contradict the persons"):
        scored(tmp_path, (trials, people["store"]))


@pytest.mark.parametrize("bad", [0.0])
def test_an_embedding_of_length_zero_is_named(tmp_path, bad):
    path = store(tmp_path / "z.zarr", [[1, 0], [bad, bad]], ["a", "b"])
    trials = written(tmp_path / "t", "1 a b\n0 a a\n")
    with pytest.raises(InputError, match="embedding of 'b' is zero or not finite"):
        scored(tmp_path, (trials, path))


def test_one_class_is_scored_but_has_no_eer(people, tmp_path, capsys):
    trials = written(tmp_path / "t", "1 p00/v/0 p00/v/1\n")
    summary = score_or_fuse((trials, people["store"]), PLAIN, output=tmp_path / "o")
    assert summary["eer_percent"] is None
    assert "no EER" in capsys.readouterr().err


def test_a_list_without_labels_gives_lines_without_labels(people, tmp_path):
    trials = written(tmp_path / "t", "p00/v/0 p00/v/1\n")
    score_or_fuse((trials, people["store"]), PLAIN, output=tmp_path / "o", quiet=True)
    assert len((tmp_path / "o").read_text().split()) == 3


@pytest.mark.parametrize("norm", ["as", "s", "z", "t"])
def test_norms_are_those_of_the_cohort_of_person_means(people, tmp_path, norm):
    rng = np.random.default_rng(9)
    others = rng.normal(size=(40, 16)).astype(np.float32)
    names = [f"q{n // 2}" for n in range(40)]
    cohort = store(tmp_path / "c.zarr", others, [f"c{n}" for n in range(40)], names)
    settings = ScoreConfig(norm=norm, top_n=5)
    found, summary = scored(tmp_path, (people["trials"], people["store"]), settings, cohort=cohort)
    means = others.reshape(20, 2, 16).mean(axis=1)
    sides = [
        cohort_statistics(people["embedding"][rows], means, 5 if norm == "as" else None)
        for rows in people["pairs"].T
    ]
    expected = normalise(
        cosine(people["embedding"], people["pairs"]),
        None if norm == "t" else sides[0],
        None if norm == "z" else sides[1],
    )
    np.testing.assert_allclose(found.score, expected, atol=1e-4)
    assert f"|norm:{'as(5)' if norm == 'as' else norm}|" in summary["signature"]


def test_a_cohort_smaller_than_top_n_is_refused(people, tmp_path):
    settings = ScoreConfig(norm="as", top_n=300)
    with pytest.raises(InputError, match="300 must be from 2 to the 12 persons"):
        scored(tmp_path, (people["trials"], people["store"]), settings, cohort=people["store"])


def test_the_mean_of_a_store_is_subtracted_before_the_cosine(people, tmp_path):
    shifted = store(tmp_path / "s.zarr", people["embedding"] + 5, people["ids"], people["persons"])
    found, summary = scored(tmp_path, (people["trials"], shifted), sub_mean=shifted)
    centered = people["embedding"] - people["embedding"].mean(axis=0)
    np.testing.assert_allclose(found.score, cosine(centered, people["pairs"]), atol=1e-5)
    assert "+sub-mean" in summary["signature"]


def test_a_model_is_enrolled_by_the_mean_of_its_utterances(people, tmp_path):
    models = written(tmp_path / "map", "m0 p00/v/3.wav p00/v/4.wav\nm1 p01/v/5\n")
    trials = written(tmp_path / "t", "m0 p00/v/0 target\nm1 p00/v/0 nontarget\n")
    found, _ = scored(tmp_path, (trials, people["store"]), enrol_map=models)
    rows = np.stack([people["embedding"][3:5].mean(axis=0), people["embedding"][11]])
    rows = np.vstack([rows, people["embedding"][:1]])
    np.testing.assert_allclose(found.score, cosine(rows, np.array([[0, 2], [1, 2]])), atol=1e-6)
    with pytest.raises(InputError, match="no embedding of 'p99'"):
        scored(tmp_path, (trials, people["store"]), enrol_map=written(tmp_path / "n", "m0 p99\n"))
    with pytest.raises(InputError, match="'p01/v/0'"):  # no model: an utterance will not do
        other = written(tmp_path / "t2", "p01/v/0 p00/v/0 nontarget\n")
        scored(tmp_path, (other, people["store"]), enrol_map=models)


def test_another_format_is_written_on_request(people, tmp_path):
    score_or_fuse(
        (people["trials"], people["store"]),
        ScoreConfig(out_format="voxsrc"),
        output=tmp_path / "o",
        quiet=True,
    )
    found = read_scores(tmp_path / "o", format="voxsrc")
    expected = (1 + cosine(people["embedding"], people["pairs"])) / 2
    np.testing.assert_allclose(found.score, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("files", "settings", "complaint"),
    [
        ({}, ScoreConfig(norm="as"), "--norm as needs --cohort"),
        ({"cohort": "c.zarr"}, PLAIN, "--cohort needs --norm"),
        ({"trial_list": "t"}, PLAIN, "--trials is for --fuse"),
        ({"intersect": True}, PLAIN, "--intersect is for --fuse"),
        ({"cohort": "c"}, ScoreConfig(fuse="mean"), "--cohort is for embeddings"),
        ({"quality_store": "q"}, PLAIN, "--quality-store is for"),
        ({"calibrate": "m", "train_calibration": "m"}, PLAIN, "exclude each other"),
        ({}, ScoreConfig(fuse="logistic"), "needs weights"),
        ({"metrics": "-"}, PLAIN, "both go to stdout"),
    ],
)
def test_impossible_combinations_are_usage_errors(people, files, settings, complaint):
    with pytest.raises(UsageError, match=complaint):
        score_or_fuse((people["trials"], people["store"]), settings, **files)


def test_wrong_numbers_of_inputs_are_usage_errors(people):
    with pytest.raises(UsageError, match="wanted TRIALS and STORE"):
        score_or_fuse((people["trials"],), PLAIN)


def test_the_output_may_not_be_the_trial_list(people, tmp_path):
    text = Path(people["trials"]).read_text()
    path = tmp_path / "t"
    written(path, text)
    with pytest.raises(UsageError, match="trial list itself"):
        score_or_fuse((str(path), people["store"]), PLAIN, output=path)
    assert path.read_text() == text


def test_missing_inputs_have_their_own_error(people, tmp_path):
    with pytest.raises(MissingInputError):
        score_or_fuse((str(tmp_path / "absent"), people["store"]), PLAIN)
    with pytest.raises(MissingInputError):
        score_or_fuse((people["trials"], str(tmp_path / "absent.zarr")), PLAIN)


def test_fusing_matches_files_by_ids(people, tmp_path):
    scored(tmp_path, (people["trials"], people["store"]))
    lines = (tmp_path / "x.scores").read_text().splitlines(keepends=True)
    first = written(tmp_path / "a", "".join(lines))
    second = written(tmp_path / "b", "".join(reversed(lines)))
    summary = score_or_fuse(
        (first, second), ScoreConfig(fuse="mean"), output=tmp_path / "f", quiet=True
    )
    assert (tmp_path / "f").read_text() == "".join(lines)
    assert [one["file"] for one in summary["inputs"]["scores"]] == [first, second]
    short = written(tmp_path / "c", "".join(lines[1:]))
    with pytest.raises(InputError, match="1 of 630 trials"):
        score_or_fuse((first, short), ScoreConfig(fuse="mean"), quiet=True)


def test_one_file_is_converted_and_labelled_by_a_list(people, tmp_path):
    scored(tmp_path, (people["trials"], people["store"]), ScoreConfig(out_format="kaldi"))
    settings = ScoreConfig(fuse="mean", out_format="3dspeaker")
    score_or_fuse(
        (str(tmp_path / "x.scores"),),
        settings,
        trial_list=people["trials"],
        output=tmp_path / "o",
        quiet=True,
    )
    found = read_scores(tmp_path / "o")
    assert found.format == "3dspeaker"
    np.testing.assert_array_equal(found.label, people["label"])


def test_calibration_is_trained_saved_used_and_refused_for_other_scores(people, tmp_path):
    inputs = (people["trials"], people["store"])
    model = tmp_path / "m.json"
    trained, summary = scored(tmp_path, inputs, train_calibration=model)
    saved = json.loads(model.read_text())
    assert saved["trained_on"]["name"] == "trials.txt"
    assert saved["score_types"] == ["cosine none of model"]
    used, again = scored(tmp_path, inputs, calibrate=model)
    np.testing.assert_allclose(used.score, trained.score, rtol=1e-7)
    assert again["calibrated"]["cllr"] == pytest.approx(summary["calibrated"]["cllr"])
    assert again["calibrated"]["min_cllr"] <= again["calibrated"]["cllr"] < 1
    other = store(tmp_path / "o.zarr", people["embedding"], people["ids"], run="sha256:other")
    with pytest.raises(InputError, match="was trained on scores of type cosine none of model"):
        scored(tmp_path, (people["trials"], other), calibrate=model)
    with pytest.raises(MissingInputError):
        scored(tmp_path, inputs, calibrate=tmp_path / "absent.json")
    with pytest.raises(InputError, match="no calibration model"):
        scored(tmp_path, inputs, calibrate=tmp_path / "x.scores")


def test_logistic_fusion_weighs_the_better_file_more(people, tmp_path):
    good, _ = scored(tmp_path, (people["trials"], people["store"]))
    noise = np.random.default_rng(0).normal(size=len(good))
    lines = (tmp_path / "x.scores").read_text().splitlines()
    noisy = [
        f"{' '.join(x.split()[:2])} {n:.9g} {x.split()[3]}"
        for x, n in zip(lines, noise, strict=True)
    ]
    files = written(tmp_path / "a", "\n".join(lines)), written(tmp_path / "b", "\n".join(noisy))
    settings = ScoreConfig(fuse="logistic", score_type="voice,noise")
    model = tmp_path / "m.json"
    score_or_fuse(files, settings, train_calibration=model, output=tmp_path / "f", quiet=True)
    weights = json.loads(model.read_text())["weights"]
    assert weights[0] > 10 * abs(weights[1])
    score_or_fuse(files, settings, calibrate=model, output=tmp_path / "g", quiet=True)
    assert (tmp_path / "g").read_bytes() == (tmp_path / "f").read_bytes()
    with pytest.raises(InputError, match="voice, noise"):
        score_or_fuse(
            files[::-1], ScoreConfig(fuse="logistic", score_type="noise,voice"), calibrate=model
        )


def test_scoring_loads_no_torch():
    code = (
        "import avkd_cli.steps.score, sys; "
        "print([name for name in ('torch', 'scipy', 'zarr') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def many_trials(path, people, n):
    """Write n trials of the people's recordings."""
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, len(people["ids"]), (n, 2)).tolist()
    persons, ids = people["persons"], people["ids"]
    path.write_text(
        "".join(f"{int(persons[a] == persons[b])} {ids[a]} {ids[b]}\n" for a, b in pairs)
    )
    return str(path)


def test_a_trial_costs_at_most_120_bytes_so_that_a_hundred_million_fit(
    people, tmp_path, monkeypatch
):
    # 12 GB for 100 million, whatever the length of ids. A string or a tuple
    # a trial would go beyond.
    monkeypatch.setattr(columns, "BLOCK", 1 << 16)

    def peak(n):
        trials = many_trials(tmp_path / "many.txt", people, n)
        tracemalloc.start()
        try:
            score_or_fuse(
                (trials, people["store"]),
                PLAIN,
                quiet=True,
                output=tmp_path / "x.scores",
                overwrite=True,
            )
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1000)  # what is loaded or made once
    assert (peak(60_000) - peak(20_000)) / 40_000 < 120


def test_lines_go_out_block_by_block(people, monkeypatch):
    events = []

    class Seen(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            events.append(bytes(data))
            return len(data)

    def blocks(scores, format):
        for block in (b"first\n", b"second\n"):
            events.append("made")
            yield block

    monkeypatch.setattr(scorefiles, "score_lines", blocks)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Seen()))
    score_or_fuse((people["trials"], people["store"]), PLAIN, quiet=True)
    assert events == ["made", b"first\n", "made", b"second\n"]


def test_scores_of_another_plan_are_never_overwritten(people, tmp_path, capsys):
    output = tmp_path / "s.scores"
    score_or_fuse((people["trials"], people["store"]), PLAIN, output=output)
    first = output.read_bytes()
    os.utime(output, (0, 0))
    score_or_fuse((people["trials"], people["store"]), PLAIN, output=output)
    assert output.read_bytes() == first
    assert output.stat().st_mtime > 0  # as new for make
    assert "already complete" in capsys.readouterr().err
    other = ScoreConfig(out_format="kaldi")
    with pytest.raises(OutputError, match=r"holds other scores than these.*--overwrite"):
        score_or_fuse((people["trials"], people["store"]), other, output=output)
    assert output.read_bytes() == first
    score_or_fuse((people["trials"], people["store"]), other, output=output, overwrite=True)
    assert output.read_bytes() != first


def test_a_file_that_is_no_score_file_is_not_overwritten_either(people, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("mine\n")
    with pytest.raises(OutputError):
        score_or_fuse((people["trials"], people["store"]), PLAIN, output=notes)
    assert notes.read_text() == "mine\n"


def test_fusion_takes_a_part_of_the_trials_where_it_is_asked_to(tmp_path):
    files = {"a": "x y 1\nx z 2\ny z 4\n", "b": "y z 8\nx y 6\nq z 3\n", "t": "1 x y\n0 x z\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    first, second, listed = (str(tmp_path / name) for name in files)
    mean, out = ScoreConfig(fuse="mean"), tmp_path / "o"
    with pytest.raises(InputError, match="have no trial"):
        score_or_fuse((first,), mean, trial_list=listed, output=out)
    score_or_fuse((first,), mean, trial_list=listed, output=out, intersect=True, quiet=True)
    assert out.read_text().splitlines() == ["x y 1 target", "x z 2 nontarget"]
    score_or_fuse((first, second), mean, output=out, intersect=True, quiet=True, overwrite=True)
    assert [line.split()[:3] for line in out.read_text().splitlines()] == [
        ["x", "y", "3.5"],
        ["y", "z", "6"],
    ]
    score_or_fuse(
        (first, second),
        mean,
        trial_list=listed,
        output=out,
        intersect=True,
        quiet=True,
        overwrite=True,
    )
    assert out.read_text().splitlines() == ["x y 3.5 target"]
