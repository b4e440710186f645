"""Pictures of the report that are not of scores: disturbance, matching, cosines over training."""

import base64
import json
import math
from pathlib import Path

import numpy as np
import pytest

from avkd_cli.errors import InputError
from avkd_cli.papers import PAPERS
from avkd_cli.steps.analyze.report import report
from avkd_cli.steps.analyze.robustness import robustness
from avkd_cli.storage import durable, pictures


def write_scores(path: Path, shift: float) -> None:
    """Write scores of 40 targets, `shift` higher, and 60 nontargets."""
    lines = []
    for n in range(100):
        target, enrol = n < 40, f"p{n % 10}/a/{n}"
        score = math.sin(7.3 * n) + shift * target
        lines.append(f"{enrol} p{(n + (not target)) % 10}/b/{n} {score:.6f} {int(target)}\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines))


@pytest.fixture
def work(tmp_path):
    """A work folder of one score file, which a report needs."""
    write_scores(tmp_path / "scores/audio.vox1-o.scores", 1.0)
    return tmp_path


def page(folder: Path, paper: str) -> tuple[dict, str]:
    found = report(folder, resamples=0, paper=PAPERS[paper])
    return found, (folder / "report/index.html").read_text()


def test_robustness_is_drawn_and_said_with_the_papers_labels(work):
    for system, noisy in (("audio", 0.2), ("audio-mkd-cos", 2.0)):
        write_scores(work / f"robust/{system}.clean.scores", 2.0)
        write_scores(work / f"robust/{system}.noise-5.scores", noisy)
    (work / "robust/avkd.work").write_text("s2")
    durable.write_json(work / "audio.robustness.json", robustness(work / "robust", resamples=200))
    found, html = page(work, "s2")
    assert "beside-robustness-audio" in found["figures"]
    assert found["results"] == 1  # those scores are of another folder
    caption = html.partition("EER where the test is disturbed")[2].partition("</figcaption>")[0]
    assert "Audio student, COS loose is better than Audio baseline under noise-5 (" in caption
    svg = html.partition('id="beside-robustness-audio')[2].partition("</svg>")[0]
    assert "Audio student, COS loose" in svg and "noise, dB" in svg


@pytest.mark.parametrize(
    "text", ['{"format": "avkd.analysis.venn"}', '{"format": "avkd.analysis.robustness"}', "[1]"]
)
def test_another_file_of_that_name_is_refused(work, text):
    (work / "audio.robustness.json").write_text(text)
    with pytest.raises(InputError, match=r"audio\.robustness\.json: "):
        report(work, resamples=0, paper=PAPERS["s2"])
    assert not (work / "report").exists()


def test_the_right_one_among_n_is_drawn_a_task_with_chance(work):
    rates = {
        f"match_1_of_{n}": {"percent": 150 / n, "low": 120 / n, "high": 170 / n} for n in (2, 4)
    }
    systems = [{"name": "opl", **rates}, {"name": "ce", **rates}]
    durable.write_json(work / "voice-to-face.systems.json", {"systems": systems})
    found, html = page(work, "s3")
    assert "beside-matching-voice-to-face" in found["figures"]
    svg = html.partition('id="beside-matching-voice-to-face')[2].partition("</svg>")[0]
    assert svg.index(">CE<") < svg.index(">OPL<") < svg.index(">chance<")


def write_run(folder: Path, *validations: dict) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"step": "train-teacher", "config": {}}))
    (folder / "status.json").write_text("{}")
    lines = [{"step": 1, "losses": {"loss": 2.0}}]
    lines += [{"step": 10 * k, "validation": one} for k, one in enumerate(validations, 1)]
    (folder / "log.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))


def test_cosines_of_a_training_are_drawn_from_its_validations(work):
    for name in ("opl", "ce"):
        write_run(
            work / "runs" / name,
            {"eer": 0.5, "cosine_within": 0.2, "cosine_between": 0.1, "cosine_absolute": 0.15},
            {"eer": 0.4, "cosine_within": 0.6, "cosine_between": 0.0, "cosine_absolute": 0.05},
        )
    write_run(work / "runs/plain", {"eer": 0.5})
    (work / "runs/begun").mkdir()
    (work / "runs/begun/run.json").write_text("{}")
    (work / "runs/begun/status.json").write_text("{}")
    found, html = page(work, "s3")
    assert "beside-training" in found["figures"]
    svg = html.partition('id="beside-training')[2].partition("</svg>")[0]
    for words in (
        "mean cosine within persons",
        "mean absolute cosine between persons",
        ">CE<",
        ">OPL<",
    ):
        assert words in svg
    assert "plain" not in svg and "eer" not in svg


def test_a_folder_without_any_of_these_has_no_such_pictures(work):
    found, html = page(work, "s3")
    assert not [name for name in found["figures"] if name.startswith("beside-")]
    assert "beside-" not in html


def test_the_halves_of_films_are_seen_in_the_report_of_their_folder(work):
    picture = pictures.encode(np.full((40, 60, 3), 90, np.uint8), 90).tobytes()
    (work / "halves.jpg").write_bytes(picture)
    found, html = page(work, "s1")
    assert "beside-halves" in found["figures"]
    source = html.partition('src="data:image/jpeg;base64,')[2].partition('"')[0]
    assert base64.b64decode(source) == picture
    assert "the half that the person is taken to be on" in html
    (work / "halves.jpg").write_text("no picture")
    with pytest.raises(InputError, match=r"halves\.jpg: is no JPEG"):
        page(work, "s1")
