import json
import math
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import CalibrateConfig, Execution, PrepAudioConfig, ScoreConfig
from avkd_cli.errors import InputError, OutputError, UsageError
from avkd_cli.steps.calibrate import calibrate
from avkd_cli.steps.prep_audio import prep_audio
from avkd_cli.steps.score import score_or_fuse
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification import calibration
from avkd_cli.verification.metrics import cllr, min_cllr
from avkd_cli.verification.scorefiles import read_scores

RUN = "sha256:" + "ab" * 32
USUAL = CalibrateConfig()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Scored trials of twenty people to develop on, and of ten others, and the sound of all."""
    import soundfile

    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(0)
    ids = [f"p{n:02}/{k}" for n in range(30) for k in range(4)]
    persons = [one[:3] for one in ids]
    rows = np.repeat(rng.normal(size=(30, 8)), 4, axis=0) + 0.7 * rng.normal(size=(120, 8))
    content = Embeddings.of(Rows(ids, persons), rows.astype(np.float32))
    origin = Origin("extract-embeddings", inputs={"run": RUN}, said={"modality": "audio"})
    build_store(folder / "e.zarr", content, origin, Execution(quiet=True))
    for name, part in (("dev", range(80)), ("test", range(80, 120))):
        pairs = [(a, b) for a in part for b in part if a < b]
        lines = [f"{int(persons[a] == persons[b])} {ids[a]} {ids[b]}\n" for a, b in pairs]
        (folder / f"{name}.txt").write_text("".join(lines))
        inputs = (str(folder / f"{name}.txt"), str(folder / "e.zarr"))
        score_or_fuse(
            inputs,
            ScoreConfig(),
            output=folder / f"{name}.scores",
            quiet=True,
            metrics=folder / f"{name}.metrics.json",
        )
    soundfile.write(folder / "a.wav", rng.normal(0, 0.1, 8000 * 3), 16_000)
    listed = [json.dumps({"id": one, "audio": "a.wav"}) for one in ids]
    (folder / "list.jsonl").write_text("\n".join(listed))
    here = Execution(workers=0, quiet=True)
    prep_audio(folder / "list.jsonl", folder / "a.zarr", PrepAudioConfig(), here)
    return SimpleNamespace(
        folder=folder,
        dev=str(folder / "dev.scores"),
        test=str(folder / "test.scores"),
        audio=str(folder / "a.zarr"),
        store=folder / "e.zarr",
    )


def test_a_calibration_says_run_unit_prior_costs_and_skill_and_fits_its_schema(
    made, tmp_path, schema
):
    settings = CalibrateConfig(prior=0.2, cost_false_alarm=10.0)
    calibrate(made.dev, None, settings, output=tmp_path / "c.json", audio=made.audio)
    said = json.loads((tmp_path / "c.json").read_text())
    schema("calibration").validate(said)
    assert (said["system"], said["prior"], said["costs"]) == (RUN, 0.2, [1.0, 10.0])
    assert said["unit"] == "natural-log likelihood ratio"
    assert said["threshold"] == pytest.approx(math.log(10 * 0.8 / 0.2))
    assert {one["measure"] for one in said["skill"]} == {"speech_s", "snr_db"}
    scores = read_scores(made.dev).score
    assert said["seen"] == [[scores.min(), scores.max()]]
    assert said["trained_on"]["name"] == "dev.txt"
    for wrong in ({"unit": "bits"}, {"costs": [1]}, {"prior": 2}):
        with pytest.raises(jsonschema.ValidationError):
            schema("calibration").validate(said | wrong)


def test_a_test_is_calibrated_at_once_as_score_does_it_by_the_file(made, tmp_path):
    model, ratios = tmp_path / "c.json", tmp_path / "t.llr"
    calibrate(made.dev, made.test, USUAL, output=model, calibrated=ratios, quiet=True)
    found = read_scores(ratios)
    assert cllr(found.target, found.nontarget) < min_cllr(found.target, found.nontarget) + 0.15
    inputs = (str(made.folder / "test.txt"), str(made.store))
    score_or_fuse(inputs, ScoreConfig(), output=tmp_path / "s.llr", calibrate=model, quiet=True)
    np.testing.assert_allclose(read_scores(tmp_path / "s.llr").score, found.score, atol=1e-6)
    printed = CliRunner().invoke(cli, ["calibrate", made.dev, made.test, "-q"])
    assert printed.output == ratios.read_text()


def test_without_output_the_calibration_itself_is_printed_and_figures_on_stderr(made):
    result = CliRunner().invoke(cli, ["calibrate", made.dev])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["system"] == RUN
    assert "natural-log (nats)" in result.stderr
    assert "Cllr" in result.stderr


def test_whose_scores_they_are_is_said_by_hand_where_no_summary_says_it(made, tmp_path):
    bare = tmp_path / "bare.scores"
    bare.write_text((made.folder / "dev.scores").read_text())
    unknown = calibrate(str(bare), None, USUAL, output=tmp_path / "u.json", quiet=True)
    assert (unknown.system, unknown.score_types) == ("", ("scores",))
    named = calibrate(str(bare), None, USUAL, output=tmp_path / "n.json", of=made.store)
    assert (named.system, named.score_types) == (RUN, ("cosine none of abababababab",))
    assert named.weights == unknown.weights


def test_another_run_than_the_summary_says_is_refused(made, tmp_path):
    rows = Rows(["a"], ["p"])
    origin = Origin("extract-embeddings", inputs={"run": "sha256:" + "0" * 64}, said={})
    content = Embeddings.of(rows, np.ones((1, 8), np.float32))
    build_store(tmp_path / "o.zarr", content, origin, Execution(quiet=True))
    with pytest.raises(InputError, match="another run"):
        calibrate(made.dev, None, USUAL, of=tmp_path / "o.zarr")


def test_the_same_again_is_done_and_another_is_in_the_way(made, tmp_path):
    out = tmp_path / "c.json"
    for _ in range(2):
        calibrate(made.dev, None, USUAL, output=out, quiet=True)
    other = CalibrateConfig(prior=0.1)
    with pytest.raises(OutputError, match="--overwrite"):
        calibrate(made.dev, None, other, output=out, quiet=True)
    calibrate(made.dev, None, other, output=out, quiet=True, overwrite=True)
    assert calibration.read(out).prior == 0.1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda text: text.replace(" target", " nontarget"), "no target trials"),
        (lambda text: text.replace(" nontarget", ""), "bad.scores:"),
        (lambda text: "", "has no scores"),
    ],
)
def test_a_list_of_one_class_or_of_nothing_is_refused_and_nothing_is_written(
    made, tmp_path, change, complaint
):
    bad = tmp_path / "bad.scores"
    bad.write_text(change((made.folder / "dev.scores").read_text()))
    with pytest.raises(InputError, match=complaint):
        calibrate(str(bad), None, USUAL, output=tmp_path / "c.json")
    assert not (tmp_path / "c.json").exists()


def test_distances_are_told_from_scores(made, tmp_path):
    lines = [one.split() for one in (made.folder / "dev.scores").read_text().splitlines()]
    bad = tmp_path / "bad.scores"
    bad.write_text("".join(f"{a} {b} {-float(s)} {label}\n" for a, b, s, label in lines))
    with pytest.raises(InputError, match="distances"):
        calibrate(str(bad), None, USUAL)


def test_a_test_on_the_training_list_is_warned_of_and_refused_when_strict(made, tmp_path, capsys):
    calibrate(made.dev, made.dev, USUAL, calibrated=tmp_path / "x")
    assert "trained on these very trials" in capsys.readouterr().err
    with pytest.raises(InputError, match="very trials"):
        calibrate(made.dev, made.dev, USUAL, calibrated=tmp_path / "y", strict=True)
    with pytest.raises(UsageError, match="name its scores"):
        calibrate(made.dev, None, USUAL, calibrated=tmp_path / "y")


def test_a_terminal_gets_sentences_where_a_pipe_gets_ratios(made, capsys, monkeypatch):
    calibrate(made.dev, made.test, USUAL)
    piped = capsys.readouterr()
    assert len(piped.out.splitlines()) == 780  # the pairs of 40 recordings
    calibrate(made.dev, None, USUAL)
    assert json.loads(capsys.readouterr().out)["system"] == RUN
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    calibrate(made.dev, made.test, USUAL)
    shown = capsys.readouterr()
    assert shown.out == "" and "780 ratios are not printed on a terminal" in shown.err
    assert "--calibrated FILE" in shown.err
    calibrate(made.dev, None, USUAL, quiet=True)
    shown = capsys.readouterr()
    assert shown.out == "" and "the calibration is not printed on a terminal" in shown.err


def test_sound_of_other_recordings_is_refused(made, tmp_path):
    lines = (made.folder / "dev.scores").read_text().replace("p00/0", "p99/0")
    (tmp_path / "x.scores").write_text(lines)
    with pytest.raises(InputError, match="no quality of 'p99/0'"):
        calibrate(str(tmp_path / "x.scores"), None, USUAL, audio=made.audio)
