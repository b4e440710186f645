"""What would stop `make vox1_kd` after hours is said before it begins, and then how far it is."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LISTS = ["veri_test", "veri_test2", "list_test_all", "list_test_all2", "list_test_hard"]
LISTS += ["list_test_hard2"]


@pytest.fixture
def voxceleb(tmp_path: Path) -> Path:
    """Two folders of VoxCeleb, the six trial lists beside them, and weights."""
    for name in ("vox1", "vox2"):
        (tmp_path / name).mkdir()
    for name in LISTS:
        (tmp_path / f"{name}.txt").touch()
    (tmp_path / "yunet.onnx").touch()
    return tmp_path


def make_inputs(folder: Path, *variables: str) -> subprocess.CompletedProcess:
    """Run `make inputs`; `@` in a variable stands for the folder."""
    words = [variable.replace("@", f"{folder}/") for variable in variables]
    return subprocess.run(
        ["make", "-C", ROOT, "inputs", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param([], id="stand-in"),
        ["VOXCELEB1=@vox1", "VOXCELEB2=@vox2", "TRIAL_DIR=@", "DETECTOR_WEIGHTS=@yunet.onnx"],
        ["VOXCELEB1=@vox1", "VOXCELEB2=@vox2", "TRIAL_DIR=@", "DETECTOR=none"],
        ["PEOPLE=@veri_test.txt", "TRIALS=@veri_test.txt @veri_test2.txt"],
    ],
)
def test_inputs_that_are_there_pass(voxceleb, variables):
    result = make_inputs(voxceleb, *variables)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["VOXCELEB1=@vox1"], "VOXCELEB1 is given without VOXCELEB2"),
        (["VOXCELEB2=@vox2"], "VOXCELEB2 is given without VOXCELEB1"),
        (["VOXCELEB1=@vox1", "VOXCELEB2=@vox3"], "vox3: no such folder"),
        (["VOXCELEB1=@vox1", "VOXCELEB2=@vox2"], "vox1/veri_test.txt: no such trial list"),
        (
            ["VOXCELEB1=@vox1", "VOXCELEB2=@vox2", "TRIAL_DIR=@"],
            "DETECTOR=yunet needs DETECTOR_WEIGHTS=FILE.onnx, found ''",
        ),
        (["PEOPLE=@veri_test.txt", "TRIALS=@nope.txt"], "nope.txt: no such trial list"),
        (
            ["PEOPLE=@veri_test.txt", "TRIALS=@veri_test.txt", "DETECTOR=scrfd"],
            "DETECTOR=scrfd needs DETECTOR_WEIGHTS",
        ),
    ],
)
def test_what_is_missing_is_named_before_anything_begins(voxceleb, variables, said):
    result = make_inputs(voxceleb, *variables)
    assert result.returncode == 2 and said in result.stderr


def test_fewer_of_the_lists_may_be_asked_for(voxceleb):
    (voxceleb / "list_test_hard2.txt").unlink()
    folders = ["VOXCELEB1=@vox1", "VOXCELEB2=@vox2", "TRIAL_DIR=@", "DETECTOR=none"]
    assert "list_test_hard2.txt" in make_inputs(voxceleb, *folders).stderr
    assert make_inputs(voxceleb, *folders, "NAMES=vox1-o vox1-o-cleaned").returncode == 0


def test_everything_else_waits_for_the_inputs():
    dry = subprocess.run(
        ["make", "-C", ROOT, "-n", "vox1_kd", "READY="], capture_output=True, text=True, check=True
    )
    first = dry.stdout.partition("standin")[0]
    assert "needs DETECTOR_WEIGHTS" in first


def make_vgsr(folder: Path, target: str, *variables: str) -> subprocess.CompletedProcess:
    """Run a target of `make vgsr`, dry but for its inputs; `@` stands for the folder."""
    words = [variable.replace("@", f"{folder}/") for variable in variables]
    dry = [] if target == "vgsr-inputs" else ["-n"]
    return subprocess.run(
        ["make", "-C", ROOT, *dry, target, f"WORK={folder}/work", "READY=", "AVKD=avkd", *words],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["VOXCELEB2=@vox2"], "VOXCELEB2 is given without VOXCELEB1"),
        (["CNCELEB=@none"], "none: no such folder"),
        (["CNCELEB=@vox1"], "vox1/eval/lists/trials.lst: no such file"),
        (["NOISE=@musan.jsonl"], "musan.jsonl: no such file"),
        (["VOXCELEB1=@vox1", "DETECTOR=none"], "vox1/veri_test.txt: no such trial list"),
    ],
)
def test_what_vgsr_lacks_is_named_before_anything_begins(voxceleb, variables, said):
    result = make_vgsr(voxceleb, "vgsr-inputs", *variables)
    assert result.returncode == 2 and said in result.stderr


def test_vgsr_needs_voxceleb1_alone(voxceleb):
    given = ["VOXCELEB1=@vox1", "TRIAL_DIR=@", "DETECTOR=none"]
    assert make_vgsr(voxceleb, "vgsr-inputs", *given).returncode == 0
    lines = make_vgsr(voxceleb, "vgsr-all", *given).stdout
    assert "avkd corpus voxceleb1" in lines and "avkd corpus voxceleb2" not in lines


def test_vgsr_trains_all_of_it_on_a_corpus_of_ones_own_unless_told_otherwise(voxceleb):
    given = ["VOXCELEB1=@vox1", "TRIAL_DIR=@", "DETECTOR=none"]
    for more, all_of_it in (([], True), (["FULL=1"], True), (["FULL="], False)):
        lines = make_vgsr(voxceleb, "vgsr-all", *given, *more).stdout
        assert ("--tolerance cos=0.80" in lines) == all_of_it


def test_vgsr_trains_hard_and_loose_and_all_of_it_when_asked(tmp_path):
    told = {}
    for full in ("", "1"):
        lines = make_vgsr(tmp_path, "vgsr-all", f"FULL={full}").stdout.splitlines()
        told[full] = [line for line in lines if "avkd distill" in line]
    assert len(told[""]) == 7
    assert sum("--tolerance" in line for line in told[""]) == 4
    assert sum("--quality face-cos" in line for line in told[""]) == 1
    wanted = [
        "--tolerance cos=0.20",
        "--tolerance cos=0 ",
        "--quality product",
        "--l2 1",
        "--alpha 1",
        "--width 16",
        "--modality visual",
        "--quality-store",
    ]
    assert [one for one in wanted if not any(one in line for line in told["1"])] == []


@pytest.fixture
def taught(tmp_path):
    """Three students of ten minutes each, two of them scored."""
    for name, scored in (("audio-kd-cos", True), ("audio-kd-kl", True), ("visual-kd-kl", False)):
        run, scores = tmp_path / "runs" / name, tmp_path / "scores" / f"{name}.t.scores"
        run.mkdir(parents=True)
        scores.parent.mkdir(exist_ok=True)
        (run / "run.json").touch()
        os.utime(run / "run.json", (1000, 1000))
        if scored:
            scores.touch()
            os.utime(scores, (1600, 1600))
    return tmp_path


@pytest.mark.parametrize(
    ("total", "jobs", "said"),
    [
        (12, 2, "student 2 of 12, about 50 min left"),
        (12, 1, "student 2 of 12, about 2 h left"),
        (2, 2, "student 2 of 2, all taught"),
    ],
)
def test_make_says_how_far_the_students_are(taught, total, jobs, said):
    words = [ROOT / "examples/progress.sh", taught, str(total), str(jobs), "t"]
    result = subprocess.run(words, capture_output=True, text=True, check=True)
    assert result.stderr == f"avkd: {said}\n"


def test_nothing_is_said_of_students_before_one_is_scored(tmp_path):
    words = [ROOT / "examples/progress.sh", tmp_path, "12", "2", "t"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stderr == ""


@pytest.mark.parametrize("full", ["", "1"])
def test_vgsrs_baselines_are_those_of_vox1_kd_and_teach_its_students(tmp_path, full):
    text = make_vgsr(tmp_path, "vgsr-all", f"FULL={full}").stdout
    for sense, store in (("audio", "audio"), ("visual", "faces")):
        trained = f"train-teacher --modality {sense} [^ ]*/{store}.zarr -o [^ ]*/runs/{sense} "
        assert len(re.findall(trained, text)) == 1
    taught = r"distill .* --teacher [^ ]*work/stores/audio-emb.zarr --modality visual"
    assert len(re.findall(taught, text)) >= 2
    assert "--epochs" not in text
