"""Loose teachers and weighed samples, from settings to a trained student: VGSR's reconstruction."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from avkd_cli.cli import cli
from avkd_cli.config import DistillAudioConfig, Execution, PrepAudioConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.steps.distill import distill
from avkd_cli.steps.prep_audio import prep_audio


@pytest.fixture(scope="module")
def places(tmp_path_factory, small) -> dict:
    folder = tmp_path_factory.mktemp("loose")
    make_teacher = small.make_teacher
    return {
        "audio": small.make_audio(folder),
        "list": str(folder / "list.jsonl"),
        "teacher": make_teacher(folder, "teacher"),
        "wide": make_teacher(folder, "wide", size=12),
        "strangers": make_teacher(folder, "strangers", classes=["x", "y"]),
        "nameless": make_teacher(folder, "nameless", classes=[]),
        "settings": small.settings,
    }


def train(places, output: Path, teacher: str = "teacher", more: dict | None = None, **settings):
    config = DistillAudioConfig(**(places["settings"] | settings))
    distill("audio", places["audio"], places[teacher], output, config, quiet=True, **(more or {}))
    return load_file(output / "model.safetensors")


def losses(run: Path) -> list[dict]:
    return [json.loads(line)["losses"] for line in (run / "log.jsonl").read_text().splitlines()]


def same(one: dict, other: dict) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in other)


def test_a_tolerance_of_nothing_is_the_hard_student_bit_for_bit(places, tmp_path):
    hard = train(places, tmp_path / "hard")
    loose = train(places, tmp_path / "loose", tolerance="cos=0")
    assert same(loose, hard)
    seen = losses(tmp_path / "loose")
    assert [one["cos"] for one in seen] == [one["cos"] for one in losses(tmp_path / "hard")]


def test_beyond_every_distance_it_is_the_baseline_and_that_is_said(places, tmp_path, capsys):
    baseline = train(places, tmp_path / "plain", beta=0.0)
    assert same(train(places, tmp_path / "loose", tolerance="cos=2"), baseline)
    assert "no cos is above 2, so it teaches nothing" in capsys.readouterr().err
    assert all(one["cos"] == 0 and one["cos.within"] == 1 for one in losses(tmp_path / "loose"))


def test_the_share_within_and_the_distance_before_the_hinge_are_logged(places, tmp_path):
    train(places, tmp_path / "run", tolerance="0.9")
    for one in losses(tmp_path / "run"):
        assert 0 <= one["cos.within"] <= 1
        assert one["cos"] >= max(0, one["cos.distance"] - 0.9) - 1e-6


def test_a_tolerance_that_narrows_ends_as_the_constant_one(places, tmp_path):
    train(places, tmp_path / "run", tolerance="cos=1.9:0.2", tolerance_share=0.5)
    found = [one["cos.within"] for one in losses(tmp_path / "run")]
    assert found[0] == 1 and found[-1] < 1


@pytest.mark.parametrize(
    ("quality", "more"),
    [
        ("face-cos", {}),
        ("face-norm", {}),
        ("snr", {}),
        ("product", {}),
        ("speech-cos", {}),
        ("column:duration_s", {}),
        ("column:x-clean", {"list_file": "list"}),
    ],
)
def test_every_quality_weighs_and_its_run_goes_on_where_it_stopped(places, tmp_path, quality, more):
    if quality == "column:duration_s":  # all are of one length here
        with pytest.raises(InputError, match="for every utterance, so it weighs none"):
            train(places, tmp_path / "run", quality=quality)
        return
    more = {name: Path(places[path]) for name, path in more.items()}
    plain = train(places, tmp_path / "plain", more=more)
    whole = train(places, tmp_path / "whole", more=more, quality=quality)
    # The student's own cosines are known from the second pass on, after two steps.
    assert not same(whole, plain)
    run = tmp_path / "cut"
    train(places, run, more=more, quality=quality)
    (run / "model.json").unlink()
    (run / "step_000006/checkpoint.json").unlink()
    assert same(train(places, run, more=more, quality=quality), whole)


def first(run: Path, name: str) -> float:
    return losses(run)[0][name]


def test_weights_that_hardly_differ_hardly_change_the_first_loss(places, tmp_path):
    train(places, tmp_path / "plain")
    for name, slope in (("flat", 1e-3), ("steep", 5.0)):
        train(places, tmp_path / name, quality="snr", quality_slope=slope)
    plain, flat, steep = (first(tmp_path / name, "cos") for name in ("plain", "flat", "steep"))
    assert abs(flat - plain) < 1e-3 < abs(steep - plain)


def test_the_classifier_is_weighed_too_only_when_asked(places, tmp_path):
    train(places, tmp_path / "plain")
    for scope in ("kd", "all"):
        train(places, tmp_path / scope, quality="snr", quality_scope=scope, quality_slope=5.0)
    plain, kd, both = (first(tmp_path / name, "aam") for name in ("plain", "kd", "all"))
    assert kd == plain != both


@pytest.mark.parametrize("term", ["l2", "l2_raw", "class_ce", "class_cos"])
def test_new_distances_teach(places, tmp_path, term):
    train(places, tmp_path / "run", beta=0.0, **{term: 1.0})
    name = term.replace("_", "-")
    assert all(np.isfinite(one[name]) and one[name] > 0 for one in losses(tmp_path / "run"))


@pytest.mark.parametrize("terms", [{"beta": 1.0}, {"class_ce": 1.0}, {"class_cos": 1.0}])
def test_a_teacher_of_another_size_is_mapped_and_does_not_collapse(places, tmp_path, terms):
    settings = {"beta": 0.0, "teacher_projection": True, "teacher_ce": 1.0, "max_steps": 40}
    train(places, tmp_path / "run", "wide", **(settings | {"lr": 2e-2} | terms))
    seen = losses(tmp_path / "run")
    (name,) = terms
    assert {"beta": "cos"}.get(name, name.replace("_", "-")) in seen[0]
    each = [one["teacher-ce"] for one in seen]
    assert np.mean(each[-5:]) < 0.8 * np.mean(each[:5])


def test_a_teacher_of_other_persons_needs_the_projection(places, tmp_path):
    for teacher in ("strangers", "nameless"):
        with pytest.raises(InputError, match="--class-c"):
            train(places, tmp_path / "run", teacher, beta=0.0, class_ce=1.0)
    assert not (tmp_path / "run").exists()
    train(places, tmp_path / "run", "strangers", beta=0.0, class_ce=1.0, teacher_projection=True)
    with pytest.raises(InputError, match="does not know"):
        train(places, tmp_path / "q", "strangers", quality="face-cos")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tolerance": "0.4", "gamma": 1.0}, "names no term, and 2 terms are on"),
        ({"tolerance": "mmd=1"}, "'mmd' is no term that is on; those that are on are cos"),
        ({"tolerance": "cos=-1"}, "at least 0"),
        ({"tolerance": "cos=nan"}, "at least 0"),
        ({"tolerance": "cos=0.2:0.4"}, "WIDE must be the larger"),
        ({"tolerance": "cos=wide"}, "wanted cos=MU"),
        ({"tolerance": "cos=1,cos=2"}, "has two for cos"),
        ({"tolerance": "mmd", "beta": 0.0, "gamma": 1.0}, "wanted mmd=MU"),
        ({"quality": "beauty"}, "--quality beauty: there are face-cos"),
        ({"quality": "snr", "gamma": 1.0}, "mmd has one loss for a batch"),
        ({"quality": "snr", "beta": 0.0}, "weighs terms, and none is on"),
        ({"projection": True, "teacher_projection": True}, "give one"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(places, tmp_path, settings, words):
    with pytest.raises(UsageError, match=words):
        train(places, tmp_path / "run", **settings)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        ("column:beauty", "no line has 'beauty'"),
        ("column:x-word", "is text"),
        ("column:x-same", "is 1 for every utterance"),
        ("column:x-hole", "not finite for 15 of 16 utterances"),
    ],
)
def test_columns_that_say_nothing_are_refused(places, tmp_path, quality, words):
    listed = {"list_file": Path(places["list"])}
    with pytest.raises(InputError, match=words):
        train(places, tmp_path / "run", more=listed, quality=quality)
    assert not (tmp_path / "run").exists()


def test_a_quality_store_must_be_read_and_have_everybody(places, tmp_path):
    with pytest.raises(UsageError, match="no --quality reads it"):
        train(places, tmp_path / "run", more={"quality_store": places["audio"]}, quality="face-cos")
    with pytest.raises(InputError, match="has no column 'sharpness'"):
        train(places, tmp_path / "run", quality="sharpness")
    first = json.loads(Path(places["list"]).read_text().splitlines()[0])
    first["audio"] = str(Path(places["list"]).parent / first["audio"])
    (tmp_path / "one.jsonl").write_text(json.dumps(first) + "\n")
    here = Execution(workers=0, quiet=True)
    prep_audio(tmp_path / "one.jsonl", tmp_path / "one.zarr", PrepAudioConfig(), here)
    with pytest.raises(InputError, match="15 of 16 utterances have none"):
        train(
            places,
            tmp_path / "run",
            more={"quality_store": str(tmp_path / "one.zarr")},
            quality="snr",
        )


def test_flags_may_come_several_times(places, tmp_path):
    words = [
        *f"distill {places['audio']} --teacher {places['teacher']} --modality audio".split(),
        *f"-o {tmp_path}/run -q --model tdnn --width 16 --embedding-size 8 --crop-min 20".split(),
        *"--crop-max 30 --batch-size 8 --max-steps 2 --beta 1 --gamma 1 --log-every 1".split(),
        *"--tolerance cos=0.4 --tolerance mmd=1".split(),
    ]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert {"cos.within", "mmd.within"} <= set(losses(tmp_path / "run")[0])
