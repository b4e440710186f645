"""The text files of the stand-in corpus: people, metadata, and trial lists O, E and H."""

import json
from collections.abc import Iterable, Iterator

import numpy as np

from avkd_cli.corpora.trials import Candidate, Rule, Trial, count_trials, draw_trials
from avkd_cli.standin.people import generator
from avkd_cli.standin.plan import StandinPlan, people

LISTS = {  # name: (original file, cleaned file, rule, most trials of a kind)
    "O": ("veri_test.txt", "veri_test2.txt", Rule(cross_session=True), 600),
    "E": ("list_test_all.txt", "list_test_all2.txt", Rule(cross_session=True), 3000),
    "H": ("list_test_hard.txt", "list_test_hard2.txt", Rule(True, True), 3000),
}
_METADATA = {  # name: (split, columns, a person)
    "vox1_meta.csv": (
        "test",
        "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\n",
        "{person}\tStand-in_{number}\t{sex}\t{nationality}\ttest\n",
    ),
    "vox2_meta.csv": (
        "train",
        "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \n",
        "{person} ,n0{number} ,{sex} ,dev \n",
    ),
}
_README = """\
This is a stand-in corpus, made by `avkd corpus standin`. Nobody in it exists: the voices are a
pulse train through moving resonances, the faces are polygons. It is laid out as VoxCeleb2 dev
(voxceleb2/, split train) and VoxCeleb1 (voxceleb1/, split test) so that the same commands run on
it and on the real corpora. It stands in for data that you do not have: error rates on it show
that the pipeline works, and are results about nothing else.

people.jsonl          all utterances, one JSON object a line
vox1_meta.csv         VoxCeleb1's form of metadata; vox2_meta.csv likewise
veri_test.txt         trials O; veri_test2.txt the same, cleaned (a few trials removed)
list_test_all.txt     trials E; list_test_all2.txt cleaned
list_test_hard.txt    trials H, nontargets of one sex; list_test_hard2.txt cleaned
noises.jsonl          voices of others, music and noise, to disturb recordings with
rooms.jsonl           how rooms answer a click, likewise
standin.json          the settings it was made with
"""


def texts(plan: StandinPlan) -> dict[str, str]:
    """Return the text files of the corpus by their names."""
    rows = list(people(plan))
    return {
        "people.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        **{name: _metadata(rows, *form) for name, form in _METADATA.items()},
        "README.txt": _README,
        **dict(trial_lists(rows, plan.seed)),
    }


def _metadata(rows: list[dict], split: str, header: str, line: str) -> str:
    people = {row["person"]: row for row in rows if row["split"] == split}
    return header + "".join(line.format(number=one[2:], **row) for one, row in people.items())


def trial_lists(rows: list[dict], seed: int) -> Iterator[tuple[str, str]]:
    """Yield the name and text of each trial list, in VoxCeleb's form."""
    sides = [
        Candidate(row["id"] + ".wav", row["person"], row["session"], row["sex"])
        for row in rows
        if row["split"] == "test"
    ]
    for original, cleaned, rule, most in LISTS.values():
        targets, nontargets = (min(most, possible) for possible in count_trials(sides, rule))
        size = min(targets, nontargets) or max(targets, nontargets)
        rng = generator(seed, "trials", original)
        trials = draw_trials(
            sides, rule, min(targets, size), min(nontargets, size), int(rng.integers(2**62))
        )
        yield original, _text(trials)
        yield cleaned, _text(_clean(trials, rng))


def _clean(trials: list[Trial], rng: np.random.Generator) -> list[Trial]:
    """Remove a few trials of either kind, as the cleaned lists of VoxCeleb1 do."""
    removed = set()
    for label in (0, 1):
        of_kind = [index for index, trial in enumerate(trials) if trial.label == label]
        removed |= set(rng.permutation(of_kind)[: len(of_kind) // 250 + (len(of_kind) > 1)])
    return [trial for index, trial in enumerate(trials) if index not in removed]


def _text(trials: Iterable[Trial]) -> str:
    return "".join(f"{label} {enrol} {test}\n" for label, enrol, test in trials)
