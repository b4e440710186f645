"""Who among many: by hand, and through the command."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.steps.decide.evidence import Evidence
from avkd_cli.steps.decide.gallery import Gallery, identify, open_galleries
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification.calibration import Calibration

MODEL = Calibration(("x",), (4.0,), -1.0, 0.5, {"name": "dev"}, seen=((-1.0, 1.0),))
CLIP = Evidence(1, 3.0, 20.0)
SAID = {"senses": ("audio",), "by": "a run that hears"}


def gallery(*directions) -> Gallery:
    names = [f"p{n}" for n in range(len(directions))]
    return Gallery(names, np.array(directions, np.float32), "sha256:run")


def ask(people: Gallery, clip, model=MODEL, evidence=CLIP, **asked):
    return identify(people, np.array(clip, np.float32), model, evidence, asked, **SAID)


def test_probabilities_are_those_of_bayes_by_hand():
    # Cosines 1 and 0: ratios e^3 and e^-1; prior 1/2, shared by two, against 1/2 for nobody.
    found = ask(gallery([1, 0], [0, 1]), [1, 0])
    parts = [0.25 * math.exp(3), 0.25 * math.exp(-1), 0.5]
    assert found.candidates[0].probability == pytest.approx(parts[0] / sum(parts))
    assert found.candidates[1].probability == pytest.approx(parts[1] / sum(parts))
    assert found.nobody == pytest.approx(parts[2] / sum(parts))
    assert (found.answer, found.person, found.enrolled) == ("found", "p0", 2)
    assert "p0: probability" in found.text


def test_who_is_found_and_nobody_are_as_the_schema_says(schema):
    for clip in ([1, 0, 0], [0, 0, 1]):
        said = json.loads(json.dumps(ask(gallery([1, 0, 0], [0, 1, 0]), clip).to_json()))
        schema("decision").validate(said)
        for wrong in ({"answer": "same"}, {"enrolled": 0}, {"nobody": 2}, {"threshold": 0}):
            assert not schema("decision").is_valid(said | wrong)


def test_a_stranger_is_nobody_and_a_prior_can_make_somebody_of_nobody():
    people = gallery([1, 0, 0], [0, 1, 0])
    assert ask(people, [0, 0, 1]).answer == "nobody"
    half = [0.8, 0, 0.6]  # ratio e^2.2: 0.25 · 9.03 against 0.25 / e and 0.5
    assert ask(people, half, prior=0.01).answer == "nobody"
    assert ask(people, half).answer == "found"
    assert ask(people, half, cost_false_alarm=100.0).answer == "cannot tell"


def test_two_alike_cannot_be_told_apart():
    found = ask(gallery([1, 0], [1, 0]), [1, 0])
    assert found.answer == "cannot tell"
    assert found.why == ("p0 (0.48), p1 (0.48) or nobody (0.05)",)
    assert found.exit_code == 5


def test_a_clip_that_says_too_little_or_a_score_never_seen_is_a_doubt():
    poor = Evidence(1, 0.1, doubts=("too little speech",))
    assert ask(gallery([1, 0]), [1, 0], evidence=poor).why == ("too little speech",)
    seen = Calibration(("x",), (4.0,), -1.0, 0.5, {"name": "dev"}, seen=((0.5, 0.9),))
    assert "above what the calibration saw" in ask(gallery([1, 0]), [1, 0], seen).why[0]
    assert ask(gallery([0, 1]), [1, 0], seen).answer == "nobody"  # a low score says just that


def test_of_many_the_ten_best_are_given_and_all_count():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5000, 8))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    found = ask(gallery(*rows), rows[7])
    assert found.candidates[0].person == "p7"
    assert len(found.candidates) == 10
    scores = rows.astype(np.float32) @ rows[7].astype(np.float32)
    ratios = np.exp(4 * scores.astype(float) - 1)
    assert found.nobody == pytest.approx(0.5 / (0.5 + 0.5 * ratios.mean()), rel=1e-4)
    assert [one.score for one in found.candidates] == pytest.approx(np.sort(scores)[:-11:-1])


def store(path, ids, rows, persons, run="sha256:run"):
    inputs = {} if run is None else {"run": run}
    content = Embeddings.of(Rows(ids, persons), np.asarray(rows, np.float32))
    build_store(path, content, Origin("extract-embeddings", inputs=inputs), Execution(quiet=True))
    return str(path)


def test_people_are_added_by_another_store_and_recordings_averaged(tmp_path):
    first = store(tmp_path / "a", ["a1", "a2", "b1"], [[1, 0], [0, 1], [0, -2]], ["a", "a", "b"])
    second = store(tmp_path / "b", ["b2", "c1"], [[-2, 0], [3, 0]], ["b", "c"])
    found = open_galleries([first, second])["sha256:run"]
    assert list(found.persons) == ["a", "b", "c"]
    half = math.sqrt(0.5)
    np.testing.assert_allclose(found.directions, [[half, half], [-half, -half], [1, 0]], atol=1e-6)


@pytest.mark.parametrize(
    ("rows", "persons", "run", "complaint"),
    [
        ([[1, 0]], [""], "sha256:run", "nobody is known of 'u'"),
        ([[0, 0]], ["p"], "sha256:run", "zero or not finite"),
        ([[1, 0]], ["p"], None, "was not embedded by a run"),
    ],
)
def test_a_store_that_enrols_nobody_is_refused(tmp_path, rows, persons, run, complaint):
    path = store(tmp_path / "x", ["u"], rows, persons, run)
    with pytest.raises(InputError, match=complaint):
        open_galleries([path])


def test_the_command_says_who_by_name(tmp_path, small):
    from avkd_cli.config import ExtractConfig
    from avkd_cli.steps.extract_embeddings import extract
    from avkd_cli.steps.train_teacher import train_teacher
    from avkd_cli.training.runs import read_description

    audio = small.make_audio(tmp_path)
    train_teacher("audio", [audio], tmp_path / "run", small.hearing, quiet=True)
    extract(
        tmp_path / "run",
        [audio],
        tmp_path / "e.zarr",
        ExtractConfig(),
        Execution(workers=0, quiet=True),
    )
    run = read_description(tmp_path / "run")["fingerprint"]
    model = Calibration(
        (f"cosine none of {run[7:19]}",),
        (400.0,),
        -390.0,
        0.5,
        {"name": "dev"},
        system=run,
        seen=((-1.0, 1.0),),
    )
    (tmp_path / "run/calibration.json").write_text(json.dumps(model.to_json()))
    words = ["verify", str(tmp_path / "run"), str(tmp_path / "5.wav"), "--json", "--exit-code"]
    result = CliRunner().invoke(cli, [*words, "--gallery", str(tmp_path / "e.zarr")])
    said = json.loads(result.stdout)
    assert (said["format"], said["enrolled"]) == ("avkd.identification", 4)
    assert {one["person"] for one in said["candidates"]} == {"p0", "p1", "p2", "p3"}
    assert result.exit_code == {"found": 0, "nobody": 4, "cannot tell": 5}[said["answer"]]
    other = store(tmp_path / "o.zarr", ["u"], [[1] * 8], ["p"])
    with pytest.raises(InputError, match="another run"):
        CliRunner().invoke(cli, [*words, "--gallery", other], catch_exceptions=False)
    both = CliRunner().invoke(cli, [*words, "--gallery", other, "--enrol", "x.wav"])
    assert "with --gallery" in str(both.exception)
