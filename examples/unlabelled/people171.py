"""People nobody named on people171: 27 labelled people, 81 that a teacher puts into clusters.

The teacher are two imported encoders, one of each sense, that is Resemblyzer's voices and SFace's
faces. Of the 108 training people every fourth is labelled. Students hear alone; each training is a
plain `avkd` command of as many steps, and finished ones are kept.

    python examples/unlabelled/people171.py DATA/people171 work/nobody
"""

import json
import shlex
from pathlib import Path

import click

from avkd_cli.analysis.comparison import USUAL
from avkd_cli.cli import cli
from avkd_cli.steps.analyze.compare import compare

SEEDS, EVERY = (0, 1, 2), 4
SETTINGS = (
    "--model tdnn --width 32 --embedding-size 128 --batch-size 64 --optimizer adamw --lr 3e-3 "
    "--lr-final 1e-4 --warmup 0.05 --weight-decay 5e-4 --crop-min 120 --crop-max 200 "
    "--dropout 0.2 --max-steps 600"
)
COMPARED = (("labelled", "clusters"), ("labelled", "all"), ("clusters", "all"))
HARM = ("labelled", "voice-clusters")  # of the first seed alone


def avkd(*words: object) -> None:
    """Run a command in this process."""
    cli.main([str(word) for word in words], standalone_mode=False)


class Study:
    """One folder of lists, stores, runs and scores."""

    def __init__(self, data: Path, work: Path) -> None:
        self.data, self.work = data, work
        work.mkdir(parents=True, exist_ok=True)
        self.known, self.others = work / "known.jsonl", work / "others.jsonl"
        self.voices, self.faces, self.audio = (
            work / f"{name}.zarr" for name in ("voices", "faces", "audio")
        )

    def prepare(self) -> None:
        """Make lists, the store of sound and both teachers' embeddings."""
        people = self.work / "people.jsonl"
        avkd("corpus", "csv", self.data / "people171.csv", "--id", "sample", "--person", "identity",
             "--audio", "voice", "--sex", "sex", "--split", "split", "--root", self.data,
             "-o", people, "-q")  # fmt: skip
        lines = [json.loads(line) for line in people.read_text().splitlines()]
        lines = [line for line in lines if line["split"] == "train"]
        labelled = set(sorted({line["person"] for line in lines})[::EVERY])
        self.write(self.known, [line for line in lines if line["person"] in labelled])
        others = [line for line in lines if line["person"] not in labelled]
        self.write(
            self.others, [{**line, "person": "", "x-who": line["person"]} for line in others]
        )
        avkd("prep-audio", people, "-o", self.audio, "-q", "--workers", 0)
        for store, name, sense in (
            (self.voices, "resemblyzer_voices", "audio"),
            (self.faces, "sface_faces", "visual"),
        ):
            avkd("extract-embeddings", "--from", self.data / f"emb_{name}.npz", "--modality",
                 sense, "-o", store, "-q")  # fmt: skip

    def write(self, path: Path, lines: list[dict]) -> None:
        """Write a list; a person that is not known is left out."""
        kept = ({key: x for key, x in line.items() if x != ""} for line in lines)
        path.write_text("".join(json.dumps(line) + "\n" for line in kept))

    def look_at_clusters(self) -> dict[str, dict]:
        """Hold clusters of both senses, and of either one, against who they are."""
        both = self.work / "both.jsonl"
        both.write_text(self.known.read_text() + self.others.read_text())
        found = {}
        for name, stores in (("both", (self.voices, self.faces)), ("voice", (self.voices,)),
                             ("face", (self.faces,))):  # fmt: skip
            report = self.work / f"clusters-{name}.json"
            avkd("corpus", "cluster", *stores, "--list", both, "--truth", "x-who", "--film", "",
                 "--separation", 0, "--report", report, "-q",
                 "-o", report.with_suffix(".jsonl"))  # fmt: skip
            found[name] = json.loads(report.read_text())
        return found

    def systems(self) -> dict[str, tuple[object, ...]]:
        """Return the words of each training."""
        distill = ("distill", self.audio, "--list", self.known, "--unlabelled", self.others,
                   "--cluster-film", "", "--teacher", self.voices)  # fmt: skip
        train = ("train-teacher", self.audio)
        return {
            "labelled": (*train, "--list", self.known),
            "clusters": (*distill, "--teacher", self.faces),
            "voice-clusters": (*distill, "--cluster-separation", 0),
            "all": train,
        }

    def scored(self, name: str, words: tuple[object, ...], seed: int) -> str:
        """Train and score a student; return its scores."""
        run = self.work / f"seed-{seed}" / name
        scores = run.with_suffix(".scores")
        if not scores.exists():
            run.parent.mkdir(exist_ok=True)
            avkd(*words, "--modality", "audio", *shlex.split(SETTINGS), "--seed", seed, "-o", run,
                 "-q")  # fmt: skip
            avkd("extract-embeddings", run, self.audio, "-o", run.with_suffix(".zarr"), "-q")
            avkd("score", self.data / "people171_trials.txt", run.with_suffix(".zarr"), "-o",
                 scores, "-q")  # fmt: skip
        return str(scores)

    def compared(self, base: str, other: str) -> dict:
        """Return EERs and what changes, with intervals by drawing persons."""
        found = compare([base, other], people=str(self.work / "people.jsonl"), wanted=USUAL[:1])
        change = found["differences"][0]
        return {
            "eer_percent": [one["eer_percent"] for one in found["systems"]],
            "change": {name: change[name] for name in ("eer_percent", "claim")},
        }


@click.command()
@click.argument("data", type=click.Path(exists=True, path_type=Path))
@click.argument("work", type=click.Path(path_type=Path))
def main(data: Path, work: Path) -> None:
    """Run the study on DATA in WORK, and write WORK/nobody.json."""
    study = Study(data, work)
    study.prepare()
    found: dict = {"clusters": study.look_at_clusters(), "seeds": {}}
    for seed in SEEDS:
        pairs = (*COMPARED, HARM) if seed == SEEDS[0] else COMPARED
        names = dict.fromkeys(name for pair in pairs for name in pair)
        systems = study.systems()
        scores = {name: study.scored(name, systems[name], seed) for name in names}
        found["seeds"][str(seed)] = {
            f"{base} to {other}": study.compared(scores[base], scores[other])
            for base, other in pairs
        }
        (work / "nobody.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
