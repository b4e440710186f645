"""How far a decision's ratios are from the best that its scores allow, on people171.

Two folds of the training people teach; people of the third are what is calibrated on, so neither
trained on nor tested; the 63 test people are asked. A fusion answers where both senses are there,
the student of one sense where the other is missing. Each line is a plain `avkd` command, and what
is finished is kept.

    python examples/decide/people171.py DATA/people171 work/decide
"""

import json
import shlex
import statistics
from pathlib import Path

import click
from scipy import stats

from avkd_cli.cli import cli
from avkd_cli.verification.metrics import cllr, equal_error_rate, min_cllr
from avkd_cli.verification.scorefiles import read_scores

SEEDS, DEV_FOLD, NONTARGETS = 5, 2, 8000
VOICES = (
    "--modality audio --model tdnn --width 32 --embedding-size 128 --batch-size 64 "
    "--optimizer adamw --lr 3e-3 --lr-final 1e-4 --warmup 0.05 --weight-decay 5e-4 "
    "--crop-min 120 --crop-max 200 --dropout 0.2 --max-steps 600"
)
FACES = (
    "--modality visual --model cnn --width 16 --embedding-size 128 --batch-size 64 "
    "--optimizer adamw --lr 2e-3 --lr-final 1e-4 --warmup 0.05 --weight-decay 5e-4 --flip "
    "--jitter 0.2 --shift 4 --max-steps 240"
)
BOTH = "--modality fusion --model gate --config small"


def avkd(line: str) -> None:
    """Run a command line in this process."""
    cli.main([*shlex.split(line), "-q"], standalone_mode=False)


class Study:
    """One folder of lists, stores, runs and scores."""

    def __init__(self, data: Path, work: Path) -> None:
        self.data, self.work = data, work
        self.people, self.train = work / "people.jsonl", work / "train.jsonl"
        self.audio, self.faces = work / "audio.zarr", work / "faces.zarr"
        self.trials = {"dev": work / "dev.txt", "test": data / "people171_trials.txt"}

    def prepare(self) -> None:
        """Make lists, stores, and the encoders and the teacher that all seeds share."""
        self.work.mkdir(parents=True, exist_ok=True)
        avkd(
            f"corpus csv {self.data}/people171.csv --id sample --person identity --audio voice "
            f"--images face --sex sex --split split --root {self.data} -o {self.people}"
        )
        lines = [json.loads(line) for line in self.people.read_text().splitlines()]
        known = [one for one in lines if one["split"] == "train"]
        dev = [one for one in known if str(one["fold"]) == str(DEV_FOLD)]
        self.write(self.train, [one for one in known if one not in dev])
        self.write_dev(dev)
        avkd(f"prep-audio {self.people} -o {self.audio} --workers 0")
        avkd(
            f"crop-faces {self.people} -o {self.faces} --workers 0 --detector none "
            "--mode aligned-112x96"
        )
        avkd(f"train-teacher {self.audio} --list {self.train} -o {self.work}/audio {VOICES}")
        avkd(f"train-teacher {self.faces} --list {self.train} -o {self.work}/visual {FACES}")
        avkd(f"extract-embeddings {self.work}/audio {self.audio} -o {self.emb('audio')}")
        avkd(f"extract-embeddings {self.work}/visual {self.faces} -o {self.emb('visual')}")

    def write_dev(self, dev: list[dict]) -> None:
        """Write the trials to calibrate on, drawn as the test's: each within one corpus.

        Those of two corpora are easier, and a calibration on them promises too much.
        """
        blocks, found = sorted({one["block"] for one in dev}), ""
        for block in blocks:
            listed = self.work / f"dev-{block}.jsonl"
            self.write(listed, [one for one in dev if one["block"] == block])
            trials, count = listed.with_suffix(".txt"), NONTARGETS // len(blocks)
            avkd(f"corpus trials {listed} --cross-session --nontargets {count} -o {trials}")
            found += trials.read_text()
        self.trials["dev"].write_text(found)

    def write(self, path: Path, lines: list[dict]) -> None:
        """Write a list."""
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def emb(self, name: str) -> Path:
        """Return where a run's embeddings are."""
        return self.work / f"{name}-emb.zarr"

    def trained(self, name: str, seed: int) -> None:
        """Train one that answers, and embed everybody."""
        run, both = f"{self.work}/{name}-{seed}", f"{self.emb('audio')} {self.emb('visual')}"
        more = f"--list {self.train} -o {run} --seed {seed}"
        if name == "fusion":
            avkd(f"train-teacher {both} {more} {BOTH}")
            avkd(f"extract-embeddings {run} {both} -o {self.emb(f'{name}-{seed}')}")
            return
        store, settings = (self.audio, VOICES) if name == "voice" else (self.faces, FACES)
        teacher = self.emb("fusion-0")
        avkd(f"distill {store} --teacher {teacher} --gamma 1 {more} {settings}")
        avkd(f"extract-embeddings {run} {store} -o {self.emb(f'{name}-{seed}')}")

    def asked(self, name: str, seed: int) -> dict[str, float]:
        """Calibrate one on the people left out, ask it of the test people; return its figures."""
        run = self.work / f"{name}-{seed}"
        ratios = run.with_suffix(".llr")
        if not ratios.exists():
            self.trained(name, seed)
            files = {part: f"{run}.{part}.scores" for part in self.trials}
            for part, trials in self.trials.items():
                avkd(
                    f"score {trials} {self.emb(run.name)} -o {files[part]} "
                    f"--metrics {files[part].removesuffix('.scores')}.metrics.json"
                )
            avkd(
                f"calibrate {files['dev']} {files['test']} -o {run}.calibration.json "
                f"--calibrated {ratios}"
            )
        scores = read_scores(str(ratios))
        target, nontarget = scores.target, scores.nontarget
        return {
            "eer_percent": 100 * equal_error_rate(target, nontarget),
            "cllr": cllr(target, nontarget),
            "min_cllr": min_cllr(target, nontarget),
        }


def summary(figures: list[dict[str, float]]) -> dict[str, float | list[float]]:
    """Return means over seeds, and the distance from the least Cllr with its 95 % interval."""
    found: dict = {name: statistics.mean(one[name] for one in figures) for name in figures[0]}
    apart = [one["cllr"] - one["min_cllr"] for one in figures]
    found |= {"seeds": len(figures), "distance": statistics.mean(apart)}
    if len(apart) > 1:
        half = stats.t.ppf(0.975, len(apart) - 1) * stats.sem(apart)
        found["interval"] = [found["distance"] - half, found["distance"] + half]
    found["share"] = found["distance"] / found["min_cllr"]
    return found


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.argument("work", type=click.Path(path_type=Path))
@click.option("--seeds", default=SEEDS, show_default=True)
def main(data: Path, work: Path, seeds: int) -> None:
    """Ask DATA's test people in WORK, and write WORK/decide.json."""
    study = Study(data, work)
    study.prepare()
    found = {}
    for name in ("fusion", "voice", "face"):
        found[name] = summary([study.asked(name, seed) for seed in range(seeds)])
        (work / "decide.json").write_text(json.dumps(found, indent=1))
    click.echo(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
