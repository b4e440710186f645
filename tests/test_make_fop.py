"""What `make fop` would do with each corpus, and what would stop it, said before it begins."""

import re
import subprocess
from pathlib import Path

import pytest

from avkd_cli.papers.s3 import PAPER

ROOT = Path(__file__).parents[1]
CSV = (
    "faceTrain",
    "voiceTrain",
    "face_veriflist_test_random_unseenunheard",
    "voice_veriflist_test_random_unseenunheard",
)


def make(*words: str) -> subprocess.CompletedProcess:
    words = [*words, "WORK=nowhere/out", "AVKD=avkd", "READY="]
    return subprocess.run(["make", "-C", ROOT, *words], capture_output=True, text=True, check=False)


def planned(*variables: str) -> str:
    found = make("-n", "fop-all", *variables)
    assert found.returncode == 0, found.stderr
    return found.stdout


def pairs(text: str) -> dict[str, str]:
    """Return what each pair's training is told, by system."""
    lines = [line for line in text.splitlines() if "--modality pair" in line]
    return {re.search(r"-o nowhere/out/fop/runs/([\w-]+) ", line)[1]: line for line in lines}


@pytest.fixture
def features(tmp_path):
    """A folder of FOP's four files."""
    for name in CSV:
        (tmp_path / f"{name}.csv").touch()
    return tmp_path


def test_every_system_of_the_paper_is_trained_and_chosen_by_people_apart():
    text = planned()
    found = pairs(text)
    assert set(found) == {system.name for system in PAPER.systems}
    for told in found.values():
        assert "--validation nowhere/out/fop/lists/validation.txt" in told
        assert "--split-column heard1" in told
    assert "--orthogonal 0 --triplet 1" in found["triplet"]
    assert "--orthogonal 0.1 " in found["opl-a10"] and "--model linear" in found["opl-linear"]
    assert "--orthogonal" not in found["opl"]  # the default is the released loss
    assert all(told.count("--epochs") == 1 for told in found.values())  # compared with each other


def test_the_stand_in_has_120_persons_of_few_utterances_and_both_protocols():
    text = planned()
    assert "--persons 120 --sessions 4 --utterances 2 --own 0.4" in text
    for protocol in ("seen-heard", "unseen-unheard"):
        assert f"--protocol {protocol}" in text
        first = " ".join(
            f"nowhere/out/fop/scores/{one}.{protocol}.scores" for one in ("ce", "center")
        )
        assert f"analyze strata {first}" in text
    assert "--stratum GA" in text and "--stratum GNA" in text
    assert text.count("--match 2,4,6,8,10") == 2
    assert "analyze cosines" in text and "bench_pair.py" in text


def test_features_of_others_need_no_media_and_have_their_own_trials(features):
    text = planned(f"FOP_CSV={features}")
    assert "prep-audio" not in text and "standin" not in text and "seen-heard." not in text
    assert text.count("extract-embeddings --from") == 4
    assert "corpus fop-trials" in text
    assert set(pairs(text)) == {system.name for system in PAPER.systems}
    assert not any("--validation" in told for told in pairs(text).values())


def test_voxceleb1_is_split_anew_and_has_no_ages(tmp_path):
    (tmp_path / "wav").mkdir()
    text = planned(f"VOXCELEB1={tmp_path}", "DETECTOR=none")
    assert "corpus voxceleb1" in text and "corpus split" in text and "standin" not in text
    assert "--config paper" in text
    assert "--stratum N" in text and "--stratum A" not in text
    drawn = [text.index(f"--protocol {one} --targets") for one in ("seen-heard", "unseen-unheard")]
    assert max(*drawn, text.index("--split validation --targets")) < text.index("train-teacher")
    part = planned(
        f"VOXCELEB1={tmp_path}", "DETECTOR=none", "FOP_SEEN=", "FOP_UNSEEN=", "FOP_VALIDATION="
    )
    assert "--targets" not in part


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (["VOXCELEB1=nowhere"], "nowhere: no such folder"),
        (["FOP_CSV=nowhere"], "nowhere: no such folder"),
        (["FOP_CSV=tests"], "tests/faceTrain.csv: no such file"),
        (["PEOPLE=nowhere.jsonl"], "nowhere.jsonl: no such file"),
        (["VOXCELEB1=tests", "DETECTOR=yunet"], "DETECTOR=yunet needs DETECTOR_WEIGHTS"),
    ],
)
def test_what_is_missing_is_named_before_anything_begins(variables, said):
    result = make("fop-inputs", *variables)
    assert result.returncode == 2 and said in result.stderr
