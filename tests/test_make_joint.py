"""What `make joint` would do, and what would stop it, said before it begins."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from avkd_cli.config import AudioConfig, JointConfig, ScoreConfig, VisualConfig, load
from avkd_cli.papers.s4 import PAPER

ROOT = Path(__file__).parents[1]
SENSES, FUSIONS = {"audio", "visual"}, {"fusion", "fusion-nce"}
LISTS = ["veri_test", "veri_test2", "list_test_all", "list_test_all2", "list_test_hard"]
LISTS += ["list_test_hard2"]
MISSING = {"fusion-nce-without-video", "fusion-nce-without-sound"}


def make(*words: str) -> subprocess.CompletedProcess:
    # LICENSE: a file that is there; make would make a missing or old Makefile anew, -n or not.
    words = [*words, "WORK=nowhere/out", "AVKD=avkd", "READY=LICENSE"]
    return subprocess.run(["make", "-C", ROOT, *words], capture_output=True, text=True, check=False)


def planned(*variables: str) -> list[str]:
    """Return the commands of avkd that a run would give."""
    found = make("-n", "joint-all", *variables)
    assert found.returncode == 0, found.stderr
    return [line for line in found.stdout.splitlines() if re.match(r"(\w+=\S+ )?avkd ", line)]


def runs(commands: list[str]) -> dict[str, str]:
    """Return the command of each training by the name of its run."""
    trained = [line for line in commands if "train-teacher" in line]
    return {re.search(r" -o nowhere/out/joint/runs/([\w-]+) ", one)[1]: one for one in trained}


def scored(commands: list[str], name: str) -> set[str]:
    """Return the systems whose scores of a list are made."""
    found = (re.search(rf"scores/([\w-]+)\.{name}\.scores  ?-q", one) for one in commands)
    return {one[1] for one in found if one}


def test_the_default_is_what_the_issue_names():
    commands = planned()
    found = runs(commands)
    assert set(found) == SENSES | FUSIONS
    assert "--nce 1 " in found["fusion-nce"] and "--nce" not in found["fusion"]
    for one in FUSIONS:  # from both runs of the first stage
        begun = re.findall(r"--init-from nowhere/out/joint/runs/(\w+)", found[one])
        assert begun == ["audio", "visual"]
    for name in ("vox1-o", "vox1-e", "vox1-h"):
        assert scored(commands, name) == SENSES | FUSIONS | MISSING | {
            "ensemble",
            "fusion-nce-cosine",
        }
    assert "cleaned" not in "".join(commands)


def test_every_system_is_one_of_the_papers_or_a_fusion_of_our_own():
    known = {system.name for system in PAPER.systems}
    for one in scored(planned("FULL=1"), "vox1-o"):
        assert one in known or one.startswith("fusion-"), one


def test_full_has_what_is_without_enhancement_each_generator_and_their_directions():
    commands = planned("FULL=1")
    found = runs(commands)
    assert "--pooling weasp-off" in found["audio-plain"]
    assert "--pooling weasp-off" in found["visual-plain"]
    assert "--cycle 0.5" in found["fusion-cycle"]
    assert "--diffusion 0.5" in found["fusion-diffusion"]
    assert "--gen-direction a2v" in found["fusion-nce-a2v"]
    assert "--gen-direction v2a" in found["fusion-nce-v2a"]
    assert "--model gate" in found["fusion-gate"]
    assert len(found) == 11


def test_scores_are_normalised_by_people_who_are_trained_on():
    normalised = [one for one in planned() if " score nowhere" in f" {one}" and "--cohort" in one]
    assert len(normalised) == 3 * 4  # the ensemble is of normalised scores
    for one in normalised:
        system = re.search(r"test/([\w-]+)\.zarr", one)[1]
        assert f"--cohort nowhere/out/joint/cohort/{system}.zarr --config joint-small" in one


def test_what_a_missing_sense_costs_is_told_by_cosines_beside_those_of_both_senses():
    commands = planned()
    missing = next(one for one in commands if "-without-video.vox1-o.scores" in one)
    assert "test/fusion-nce.zarr nowhere/out/joint/test/fusion-nce-without-video.zarr" in missing
    assert "--cohort" not in missing and "--config" not in missing
    assert any("scores/fusion-nce-cosine.vox1-o.scores" in one for one in commands)


def test_voxceleb_has_the_printed_settings_noise_rooms_and_processes(tmp_path):
    for name in LISTS:
        (tmp_path / f"{name}.txt").touch()
    commands = planned(
        "VOXCELEB1=vox1",
        "VOXCELEB2=vox2",
        f"TRIAL_DIR={tmp_path}",
        "DETECTOR_WEIGHTS=yunet.onnx",
        "NUM_PROCESSES=4",
        "NOISE=LICENSE",
        "RIR=LICENSE",
        "JOINT_FLAGS=--accumulate 2",
    )
    found = runs(commands)
    for name in ("audio", *FUSIONS):
        assert "--config joint " in found[name]
        assert "--num-processes 4 --accumulate 2" in found[name]
        assert re.search(r"--augment 0.6 --noise \S+/noise.zarr --rir \S+/rir.zarr", found[name])
    assert "--augment" not in found["visual"]
    assert "list_test_all2.txt" in "".join(commands)
    assert not any("standin" in one for one in commands)


def test_the_preset_says_what_is_printed():
    preset = str(ROOT / "examples/presets/joint.toml")
    audio, visual, joint = (
        load(kind, ("train-teacher", f"train-teacher.{name}"), preset, {})
        for kind, name in ((AudioConfig, "audio"), (VisualConfig, "visual"), (JointConfig, "joint"))
    )
    for one in (audio, visual, joint):
        assert (one.margin, one.scale, one.lr, one.schedule, one.period) == (
            0.5,
            30,
            0.01,
            "halving",
            5,
        )
        assert (one.optimizer, one.weight_decay, one.batch_size) == ("sgd", 5e-4, 320)
    assert (joint.per_person, joint.orthogonal, joint.weasp, joint.model) == (2, 1, "safe", "ssa")
    assert (audio.model, audio.width, visual.model) == ("ecapa-tdnn", 1024, "iresnet18")
    assert load(ScoreConfig, ("score",), preset, {}).norm == "as"
    faces = tomllib.loads(Path(preset).read_text())["crop-faces"]
    assert (faces["mode"], faces["fps"]) == ("gray-128", 25)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["VOXCELEB1=."], "VOXCELEB1 is given without VOXCELEB2"),
        (["VOXCELEB1=.", "VOXCELEB2=gone"], "gone: no such folder"),
        (["VOXCELEB1=.", "VOXCELEB2=."], "veri_test.txt: no such trial list"),
        (["PEOPLE=LICENSE"], "PEOPLE is given without TRIALS"),
        (["PEOPLE=gone.jsonl", "TRIALS=LICENSE"], "gone.jsonl: no such file"),
        (["NOISE=gone.jsonl"], "gone.jsonl: no such file; give a list of utterances"),
        (["JOINT_PERSONS=a;b"], "would misread"),
    ],
)
def test_what_would_stop_it_is_said_before_it_begins(variables, said):
    found = make("joint-inputs", *variables)
    assert found.returncode != 0
    assert said in found.stderr


def test_analyses_are_of_both_senses_moments_curves_and_hard_recordings():
    commands = [one for one in planned() if "analyses/" in one or "--level weights" in one]
    sides = [re.search(r"--side (\w+) --level weights", one)[1] for one in commands[:2]]
    assert sorted(sides) == ["audio", "visual"]
    text = "".join(commands)
    assert "analyze weights" in text and "--hard nowhere/out/joint/scores/audio.vox1-o" in text
    assert "analyze curves nowhere/out/joint/runs/fusion-nce --plot" in text
    full = next(one for one in planned("FULL=1") if "analyze curves" in one)
    assert "fusion-diffusion" in full and "fusion-nce-v2a" in full and "fusion-gate" not in full


def test_a_missing_sense_is_held_against_what_is_scored_alike():
    told = {one.name: one.baseline for one in PAPER.systems}
    assert {told[one] for one in MISSING} == {"fusion-nce-cosine"}
    assert told["fusion-nce"] == "fusion"
    # Nor are they among what both senses together reach.
    assert {PAPER.system(one).sense for one in MISSING} == {"audio", "visual"}
