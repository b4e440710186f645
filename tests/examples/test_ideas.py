"""Other ways to teach, each against the baseline of the same fold and seed."""

import json
import math

import ideas
import pytest
from click.testing import CliRunner

from avkd_cli.errors import InputError

# EER of two folds: the first idea is 2 and 4 points better than the baseline, the second 1 worse.
EERS = {
    "visual": (10.0, 20.0),
    "visual-kd-from-baseline": (8.0, 16.0),
    "visual-kd-soft": (11.0, 21.0),
}
IDEAS = [
    ("visual-kd-soft", "fusion-gate", "--alpha 1"),
    ("visual-kd-from-baseline", "fusion-gate", "--beta 1 --init-from BASELINE"),
]


@pytest.fixture
def folder(tmp_path):
    for name, eers in EERS.items():
        for fold, eer in enumerate(eers):
            path = tmp_path / f"fold-{fold}-seed-0" / "scores" / f"{name}.metrics.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"eer_percent": eer}))
    return tmp_path


def test_ideas_are_sorted_by_their_mean_difference_to_the_baseline(folder):
    words = [word for idea in IDEAS for word in ("--idea", *idea)]
    out, mk = folder / "ideas.json", folder / "chosen.mk"
    done = CliRunner().invoke(
        ideas.main,
        [str(folder), "-o", str(out), "--chosen", str(mk), *words],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    found = json.loads(out.read_text())["senses"]["visual"]
    assert found["baseline_eer_percent"] == 15
    first, second = found["ideas"]
    assert (first["name"], first["difference"], first["eer_percent"]) == ("from-baseline", -3, 12)
    assert first["standard_error"] == pytest.approx(math.sqrt(2) / math.sqrt(2))  # of -2 and -4
    assert first["by_run"] == {"fold-0-seed-0": -2, "fold-1-seed-0": -4}
    assert (second["name"], second["difference"]) == ("soft", 1)
    assert found["chosen"] is None  # it needs the baseline's run, which the record cannot give
    assert "BEST" not in mk.read_text()


def test_an_idea_that_was_not_run_is_named(folder):
    with pytest.raises(InputError, match="visual-kd-longer"):
        ideas.compared(ideas.mean_eers(folder), [("visual-kd-longer", "fusion-gate", "")])


def idea(name, difference=-1.0, error=0.5, teacher="fusion-gate", options="--beta 3 --projection"):
    return {
        "name": name,
        "difference": difference,
        "standard_error": error,
        "teacher": teacher,
        "options": options,
    }


@pytest.mark.parametrize(
    ("first", "chosen"),
    [
        (idea("projected"), "projected"),
        (idea("cos", options="--beta 3"), None),  # the paper's own
        (idea("projected", error=1.1), None),  # not more than its error
        (idea("projected", error=None), None),
        (idea("imported", teacher="strong-visual"), None),
        (idea("further", options="--init-from BASELINE"), None),
    ],
)
def test_the_first_is_chosen_only_if_it_is_sure_and_needs_nothing_but_options(first, chosen):
    assert ideas.chosen_of([first, idea("other", difference=-0.9)]) == chosen


def test_the_chosen_becomes_the_best_of_its_sense():
    found = {"senses": {"visual": {"chosen": "projected", "ideas": [idea("projected")]}}}
    assert list(ideas.variables(found)) == [
        "WEIGHTS_visual_projected = --beta 3 --projection\n",
        "BEST_visual = projected\n",
    ]
