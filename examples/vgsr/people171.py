"""VGSR's reconstruction on people171: mu and quality chosen on folds, the test opened once.

A face teacher guides a voice student, once a teacher that was trained here and once an imported
one (SFace). Of each of the three folds of the training people the students of the other two are
measured; what is best there in the mean is then trained on all of them, on several seeds, and
scored on the test people. Each training is a plain `avkd` command, and finished ones are kept.

    python examples/vgsr/people171.py DATA/people171 work/people171 --weights yunet.onnx fold 0
    …                                                                                    fold 1, 2
    …                                                                                    test
"""

import json
import shlex
import statistics
from pathlib import Path

import click

from avkd_cli.analysis.comparison import USUAL
from avkd_cli.cli import cli
from avkd_cli.steps.analyze.compare import compare
from avkd_cli.verification.metrics import equal_error_rate
from avkd_cli.verification.scorefiles import read_scores

FOLDS, SEEDS = (0, 1, 2), (0, 1)
SETTINGS = (
    "--model tdnn --width 32 --embedding-size 128 --batch-size 64 --optimizer adamw --lr 3e-3 "
    "--lr-final 1e-4 --warmup 0.05 --weight-decay 5e-4 --crop-min 120 --crop-max 200 "
    "--dropout 0.2 --epochs 16"
)
FACES = (
    "--model cnn --width 16 --embedding-size 128 --batch-size 64 --optimizer adamw --lr 2e-3 "
    "--lr-final 1e-4 --warmup 0.05 --weight-decay 5e-4 --flip --jitter 0.2 --shift 4 --epochs 10"
)
TOLERANCES, MIDDLE = ("0", "0.4", "0.6", "0.8"), "0.6"
QUALITIES = {"own": ("face-cos", "snr"), "imported": ("face-norm", "snr")}
WEIGHT = "--beta 10"  # at 1 no cosine distance comes below 0.97 in so short a training


def avkd(line: str) -> None:
    """Run a command line in this process, quietly."""
    cli.main([*shlex.split(line), "-q"], standalone_mode=False)


class Study:
    """One folder of lists, stores, runs and scores."""

    def __init__(self, data: Path, work: Path, weights: Path) -> None:
        self.data, self.work, self.weights = data, work, weights
        (work / "scores").mkdir(parents=True, exist_ok=True)

    def prepare(self) -> None:
        """Make lists, stores and the imported teacher's embeddings."""
        people = self.work / "people.jsonl"
        audio, faces = self.work / "audio.zarr", self.work / "faces.zarr"
        if not people.exists():
            avkd(
                f"corpus csv {self.data}/people171.csv --id sample --person identity --audio voice "
                f"--images face --sex sex --split split --root {self.data} -o {people}"
            )
        lines = [json.loads(line) for line in people.read_text().splitlines()]
        for fold in FOLDS:
            self.list_of(lines, fold)
        avkd(f"prep-audio {people} -o {audio} --workers 0")
        avkd(f"crop-faces {people} -o {faces} --workers 0 --detector-weights {self.weights}")
        avkd(
            f"extract-embeddings --from {self.data}/emb_sface_faces.npz --modality visual "
            f"-o {self.work}/imported.zarr"
        )

    def list_of(self, lines: list[dict], fold: int) -> None:
        """Write who is trained on, and trials of the people of a fold."""
        folder = self.work / f"fold-{fold}"
        folder.mkdir(exist_ok=True)
        known = [one for one in lines if one["split"] == "train"]
        here = [dict(one, split="test") for one in known if str(one["fold"]) == str(fold)]
        there = [one for one in known if str(one["fold"]) != str(fold)]
        for name, chosen in (("train", there), ("test", here)):
            text = "".join(json.dumps(one) + "\n" for one in chosen)
            (folder / f"{name}.jsonl").write_text(text)
        if not (folder / "trials.txt").exists():
            avkd(
                f"corpus trials {folder}/test.jsonl --split '' --cross-session --targets 600 "
                f"--nontargets 6000 -o {folder}/trials.txt"
            )

    def teacher(self, folder: Path, chosen: str) -> Path:
        """Train the teacher of faces, and return its embeddings."""
        run, faces, own = folder / "faces", self.work / "faces.zarr", folder / "own.zarr"
        avkd(f"train-teacher --modality visual {faces} {chosen} -o {run} {FACES}")
        avkd(f"extract-embeddings {run} {faces} -o {own}")
        return own

    def student(self, folder: Path, name: str, chosen: str, trials: Path, more: str) -> Path:
        """Train a student, or without `more` its baseline, and score it; return the scores."""
        scores = folder / f"{name}.scores"
        if scores.exists():
            return scores
        run, audio, emb = folder / name, self.work / "audio.zarr", folder / f"{name}.zarr"
        training = f"{audio} --modality audio {chosen} -o {run} {SETTINGS}"
        avkd(f"distill {training} {WEIGHT} {more}" if more else f"train-teacher {training}")
        avkd(f"extract-embeddings {run} {audio} -o {emb}")
        avkd(f"score {trials} {emb} -o {scores}")
        return scores

    def fold(self, fold: int) -> None:
        """Train every candidate without a fold, and measure it there."""
        folder, found = self.work / f"fold-{fold}", {}
        chosen = f"--list {folder}/train.jsonl"
        teachers = {"own": self.teacher(folder, chosen), "imported": self.work / "imported.zarr"}
        candidates = {"baseline": ""}
        for name, path in teachers.items():
            for mu in TOLERANCES:
                candidates[f"{name}-cos-{mu}"] = f"--teacher {path} --tolerance cos={mu}"
            for quality in QUALITIES[name]:
                middle = candidates[f"{name}-cos-{MIDDLE}"]
                candidates[f"{name}-cos-{MIDDLE}-{quality}"] = f"{middle} --quality {quality}"
        for name, more in candidates.items():
            scores = read_scores(self.student(folder, name, chosen, folder / "trials.txt", more))
            found[name] = equal_error_rate(scores.target, scores.nontarget)
            print(fold, name, f"{100 * found[name]:.2f} %", flush=True)
        (folder / "eer.json").write_text(json.dumps(found, indent=1))

    def chosen(self) -> dict:
        """Return the mean EER of each candidate over the folds, and the best of each teacher."""
        each = [json.loads((self.work / f"fold-{k}/eer.json").read_text()) for k in FOLDS]
        mean = {name: 100 * statistics.fmean(one[name] for one in each) for name in each[0]}
        best = {}
        for name, qualities in QUALITIES.items():
            loose = {mu: mean[f"{name}-cos-{mu}"] for mu in TOLERANCES[1:]}
            weighed = {one: mean[f"{name}-cos-{MIDDLE}-{one}"] for one in qualities}
            best[name] = {"mu": min(loose, key=loose.get), "quality": min(weighed, key=weighed.get)}
        return {"eer_percent": mean, "best": best}

    def test(self) -> None:
        """Train what was chosen on all training people, and open the test; write what is known."""
        found = self.chosen() | {"test": {}}
        own = self.teacher(self.work / "all", "")
        trials = self.data / "people171_trials.txt"
        systems = {"baseline": ""}
        for name, path in (("own", own), ("imported", self.work / "imported.zarr")):
            best, teacher = found["best"][name], f"--teacher {path}"
            loose = f"{teacher} --tolerance cos={best['mu']}"
            systems |= {
                f"{name}-hard": teacher,
                f"{name}-loose": loose,
                f"{name}-loose-weighed": f"{loose} --quality {best['quality']}",
            }
        for seed in SEEDS:
            folder, scored = self.work / f"all/seed-{seed}", {}
            folder.mkdir(parents=True, exist_ok=True)
            for name, more in systems.items():
                path = self.student(folder, name, f"--seed {seed}", trials, more)
                scored[name] = str(path)
                print(seed, name, flush=True)
            found["test"][f"seed-{seed}"] = self.compared(scored)
            (self.work / "vgsr.json").write_text(json.dumps(found, indent=1))

    def compared(self, scored: dict[str, str]) -> dict:
        """Return EERs with intervals, and what each step changes, paired by person."""
        people = str(self.work / "people.jsonl")
        pairs = [("baseline", name) for name in scored if name != "baseline"]
        for name in QUALITIES:
            pairs += [(f"{name}-hard", f"{name}-loose"), (f"{name}-loose", f"{name}-loose-weighed")]
        found: dict = {"eer_percent": {}, "changes": []}
        for base, other in pairs:
            files = [scored[base], scored[other]]
            one = compare(files, people=people, wanted=USUAL[:1])
            for system, name in zip(one["systems"], (base, other), strict=True):
                found["eer_percent"][name] = system["eer_percent"]
            change = one["differences"][0]
            kept = {key: change[key] for key in ("eer_percent", "claim")}
            found["changes"].append({"from": base, "to": other, **kept})
        return found


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.argument("work", type=click.Path(path_type=Path))
@click.argument("part", type=click.Choice(["prepare", "fold", "test"]))
@click.argument("fold", type=int, default=0)
@click.option("--weights", required=True, type=click.Path(exists=True, path_type=Path))
def main(data: Path, work: Path, part: str, fold: int, weights: Path) -> None:
    """Run a PART of the study on DATA in WORK: prepare, one fold, or the test."""
    study = Study(data, work, weights)
    if part == "prepare":
        study.prepare()
    elif part == "fold":
        study.fold(fold)
    else:
        study.test()


if __name__ == "__main__":
    main()
