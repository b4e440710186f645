"""Weights chosen by the folds: the least mean EER, and what is written of it."""

import json
import tomllib

import choose
import pytest
from click.testing import CliRunner

from avkd_cli.config import DistillAudioConfig, load
from avkd_cli.errors import InputError

# EER of each candidate on two folds; the second fold alone would choose otherwise.
EERS = {
    "audio": (20.0, 22.0),
    "audio-kd-cos@0.3": (19.0, 21.0),
    "audio-kd-cos@1": (17.0, 22.0),
    "audio-kd-cos@3": (25, 18.0),
    "audio-kd-kl@0.3": (20.0, 20.0),
    "audio-kd-kl@1": (20.0, 20.0),
    "audio-kd-kl@3": (30.0, 30.0),
    "audio-kd-mmd@0.3": (21.0, 21.0),
    "audio-kd-mmd@1": (22.0, 22.0),
    "audio-kd-mmd@3": (19.0, 21.5),
    "audio-kd-cos-kl@won": (16.0, 18.0),
    "audio-kd-cos-mmd@won": (19.0, 19.0),
    "audio-kd-kl-mmd@won": (20.0, 19.0),
}


@pytest.fixture
def folder(tmp_path):
    """What the folds leave: the same EERs for both senses."""
    for name, eers in EERS.items():
        for sense in ("audio", "visual"):
            for fold, eer in enumerate(eers):
                file = name.replace("audio", sense)
                path = tmp_path / f"fold-{fold}-seed-0" / "scores" / f"{file}.metrics.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps({"eer_percent": eer}))
    return tmp_path


def run(*words):
    return CliRunner().invoke(choose.main, [str(word) for word in words], catch_exceptions=False)


def test_a_term_takes_the_weight_with_the_least_mean_and_of_equals_the_smaller(folder):
    weights = choose.single_weights(choose.mean_eers(folder))
    assert weights["audio", "cos"] == {"cos": 1}  # 19.5 against 20 and 21.5
    assert weights["audio", "kl"] == {"kl": 0.3}  # 20 as at 1
    assert weights["audio", "mmd"] == {"mmd": 3}


def test_pairs_take_the_weights_that_won_alone(folder):
    assert run(folder, "--singles", "-o", folder / "singles.mk").exit_code == 0
    written = (folder / "singles.mk").read_text().splitlines()
    assert "WON_audio_cos-kl = --beta 1 --alpha 0.3" in written
    assert "WON_visual_kl-mmd = --alpha 0.3 --gamma 3" in written


def test_all_weights_the_best_losses_and_a_preset_are_written(folder):
    out = [folder / name for name in ("weights.mk", "c.toml", "t.json")]
    assert (
        run(folder, "-o", out[0], "--preset", "small", "--toml", out[1], "--json", out[2]).exit_code
        == 0
    )
    written = out[0].read_text().splitlines()
    assert "WEIGHTS_audio_mmd = --gamma 3" in written
    assert "BEST_audio = cos-kl" in written  # 17
    preset = tomllib.loads(out[1].read_text())
    assert preset["distill"]["audio"] == {"beta": 1.0, "alpha": 0.3}
    assert "cos-kl 17.00" in out[1].read_text()
    chosen = json.loads(out[2].read_text())
    assert chosen["baseline_eer_percent"]["audio"] == 21
    assert chosen["candidates"]["audio-kd-cos@3"]["mean"] == 21.5


def test_distill_takes_the_preset_as_it_is_written(folder):
    path = folder / "c.toml"
    run(folder, "-o", folder / "w.mk", "--preset", "small", "--toml", path)
    sections = ("train-teacher", "train-teacher.audio", "distill", "distill.audio")
    with_terms = load(DistillAudioConfig, sections, path, {})
    plain = load(DistillAudioConfig, sections, "small", {})
    assert (with_terms.beta, with_terms.alpha, with_terms.gamma) == (1.0, 0.3, 0.0)
    assert with_terms.lr == plain.lr
    assert with_terms.epochs == plain.epochs


def test_a_fold_that_lacks_a_candidate_is_named(folder):
    (folder / "fold-1-seed-0" / "scores" / "audio-kd-cos@1.metrics.json").unlink()
    with pytest.raises(InputError, match="audio-kd-cos@1 lacks fold-1-seed-0"):
        choose.mean_eers(folder)


def test_pairs_that_were_not_run_are_missed(folder):
    for path in folder.glob("*/scores/*won*"):
        path.unlink()
    with pytest.raises(InputError, match="audio-kd-cos-kl@won"):
        choose.choice(choose.mean_eers(folder))


def test_a_preset_that_has_weights_already_is_refused():
    with pytest.raises(InputError, match="distill"):
        choose.preset_text("[distill]\nbeta = 1\n", "mine", {})
