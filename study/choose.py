"""Settings by folds of the training people: nobody of the test is seen.

Each sense's steps are those at which the students of labels alone do best; each kind of student
(labels alone, with clusters, all labels) then has its own regularisation at these steps, and each
system with a weight its own weight. Figures are means over folds of the mean of the blocks' EERs.
"""

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.analyze.inputs import read_labelled
from avkd_cli.storage import durable
from study.figures import blocks_of, mean_eer
from study.plan import Chosen, Plan
from study.recordings import Line, People
from study.run import run
from study.systems import BY_NAME, REGULARISATION, STEPS, USUAL, System, of_stages

KINDS = ("alone", "clusters", "all")
OF_SENSE = {"audio": "", "visual": "faces-"}
FORMAT, VERSION = "avkd.study.chosen", 1


@dataclass(frozen=True)
class Folds:
    """How a choice is made.

    Args:
        people: whose recordings.
        work: folder of the folds.
        count: into how many folds the people are divided.
        used: on how many the students of labels alone are trained, whose steps all others take.
        others: on how many all others are, at most as many.
        at_once: commands at a time.
        quick: so many times fewer steps, and the first two of each grid.
    """

    people: People
    work: Path
    count: int = 3
    used: int = 2
    others: int = 2
    at_once: int = 1
    quick: int = 0

    def tried(self, one: System, settings: dict[str, Chosen]) -> dict[str, list[float]]:
        """Return by setting the EER of a system on each fold, in percent."""
        lines: dict[Path, Line] = {}
        scores = {}
        for name, chosen in settings.items():
            plan = Plan(self.people, self.work, chosen, quick=self.quick)
            same = replace(one, name=f"{one.name}~{name}", like=one.like or one.name, small=False)
            used = self.used if one.kind == "alone" else self.others
            cases = [plan.recordings.fold(number, self.count) for number in range(used)]
            scores[name] = [(case, plan.scored(case, same)[0]) for case in cases]
            lines |= plan.lines
        run(
            lines,
            [path for pairs in scores.values() for _, path in pairs],
            self.work,
            at_once=self.at_once,
        )
        return {
            name: [self._eer(case.people, path) for case, path in pairs]
            for name, pairs in scores.items()
        }

    def _eer(self, people: Path, path: Path) -> float:
        (scores,) = read_labelled([path])
        return 100 * mean_eer(scores, blocks_of(scores, people, self.people.block))

    def grid(self, values: Sequence) -> Sequence:
        """Return what is tried of a grid."""
        return values[:2] if self.quick else values


def choose(folds: Folds, stages: tuple[str, ...], path: Path) -> dict:
    """Choose settings for the systems of some stages, and write them.

    What was chosen before of others is kept.

    Raises:
        AvkdError: as the command that failed.
    """
    said = read_json(path) if path.exists() else {}
    said = {"format": FORMAT, "version": VERSION, "senses": {}, "weights": {}} | said
    said["folds"] = {"of": folds.count, "used": folds.used, "others": folds.others}
    systems = of_stages(stages)
    for sense in dict.fromkeys(one.sense for one in systems):
        said["senses"][sense] = _of_sense(folds, sense)
        durable.write_json(path, said)
    for one in systems:
        if one.grid:
            base = chosen_of(said)
            said["weights"][one.name] = _best(
                folds,
                one,
                folds.grid(one.grid),
                lambda weight, base=base, one=one: replace(
                    base, weight=base.weight | {one.name: weight}
                ),
            )
            durable.write_json(path, said)
    return said


def _of_sense(folds: Folds, sense: str) -> dict:
    """Return steps and regularisation of a sense, with all that was tried."""
    steps = _best(
        folds,
        BY_NAME[OF_SENSE[sense] + "alone"],
        folds.grid(STEPS[sense]),
        lambda count: Chosen({sense: count}, {f"{sense}/alone": USUAL}),
    )
    fixed = {sense: steps["chosen"]}
    kinds = {
        kind: _best(
            folds,
            BY_NAME[OF_SENSE[sense] + kind],
            tuple(REGULARISATION[sense]),
            lambda name, kind=kind: Chosen(fixed, {f"{sense}/{kind}": name}),
        )
        for kind in KINDS
    }
    return {"steps": steps, "regularisation": kinds}


def _best(folds: Folds, one: System, values: Iterable, setting: Callable[..., Chosen]) -> dict:
    """Return the value whose mean over folds is least, and all EERs; of equals the first."""
    chosen = {str(value): setting(value) for value in values}
    steps = {key: settings.steps.get(one.sense) for key, settings in chosen.items()}
    tried = folds.tried(
        one, {f"{steps[key]}-{_tag(one, settings)}": settings for key, settings in chosen.items()}
    )
    by_value = dict(zip(chosen, tried.values(), strict=True))
    best = min(by_value, key=lambda key: statistics.fmean(by_value[key]))
    original = next(value for value in values if str(value) == best)
    return {"chosen": original, "eer_percent": by_value}


def _tag(one: System, settings: Chosen) -> str:
    """Return what tells a setting apart in a file's name."""
    regularisation = settings.regularisation.get(f"{one.sense}/{one.kind}", USUAL)
    weight = settings.weight.get(one.like or one.name, "")
    return f"{regularisation}{f'-{weight}' if weight else ''}"


def chosen_of(said: dict) -> Chosen:
    """Return the settings of a file of choices."""
    return Chosen(
        {sense: one["steps"]["chosen"] for sense, one in said["senses"].items()},
        {
            f"{sense}/{kind}": found["chosen"]
            for sense, one in said["senses"].items()
            for kind, found in one["regularisation"].items()
        },
        {name: found["chosen"] for name, found in said["weights"].items()},
    )


def read_json(path: Path) -> dict:
    """Return a file of choices.

    Raises:
        MissingInputError: there is none. InputError: it is of another kind.
    """
    try:
        said = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise MissingInputError(f"{path}: no such file; run make tune") from None
    except ValueError as error:
        raise InputError(f"{path}: is no JSON ({error}); run make tune again") from None
    whole = {"format", "version", "senses", "weights", "folds"}
    if (
        not isinstance(said, dict)
        or not whole <= said.keys()
        or (said["format"], said["version"]) != (FORMAT, VERSION)
    ):
        raise InputError(f"{path}: wanted {FORMAT} of version {VERSION}; run make tune again")
    return said
