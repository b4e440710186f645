"""What may be said, by rules: golden intervals and the sentences they make."""

import pytest
import verdict


def row(value, low, high, **more):
    return {
        "value": value,
        "low": low,
        "high": high,
        "p": 0.01,
        "by_seed": {"0": value},
        "relative_percent": -10.0,
        "before": {"value": 13.9},
        **more,
    }


def student(loss, value, low, high, p_holm=0.01):
    return row(value, low, high, system=f"visual-kd-{loss}", loss=loss, p_holm=p_holm)


RESULTS = {
    "seeds": [0],
    "corpus": {"test_persons": 20},
    "tuning": {"folds": 2},
    "best": {"visual": "cos", "audio": "kl"},
    "systems": {
        name: {"eer_percent": {"value": eer}}
        for name, eer in {
            "visual": 13.9,
            "visual-kd-cos": 12.5,
            "visual-kd-kl": 13.5,
            "visual-kd-mmd": 14.6,
            "fusion-gate": 7.9,
            "fusion-concat": 7.4,
            "sum-z-sum": 8.5,
            "strong-fusion-gate": 0.9,
        }.items()
    },
    "students": {
        "visual": [
            student("cos", -1.4, -2.1, -0.7),
            student("kl", -0.4, -0.8, -0.01, p_holm=0.12),
            student("mmd", 0.7, 0.2, 1.3),
        ],
        "audio": [],
    },
    "strong": {"visual": [], "audio": []},
    "contrasts": {
        "visual": {
            "cos-kl": row(-1.0, -1.5, -0.2),
            "cos-mmd": row(-2.1, -3.0, -1.0),
            "mmd-kl": row(1.1, -0.1, 2.0),
        },
        "audio": {},
    },
    "fusions": [
        row(-0.5, -1.2, 0.3, system="fusion-concat"),
        row(0.6, 0.1, 1.0, system="sum-z-sum"),
    ],
    "few": [],
    "noise": {},
    "knew": {},
    "ideas": {},
    "alike": {},
}


def test_an_interval_below_zero_may_be_claimed():
    said = verdict.first_claim(RESULTS, "visual")
    assert said == (
        "**Faces.** COS, which the folds chose, lowers the EER of the visual student from 13.90 "
        "to 12.50 % (difference −1.40 points, −10.0 %, 95 % interval −2.10 to −0.70, p 0.01, one "
        "seed, 20 persons): an improvement may be claimed."
    )


def test_an_interval_with_zero_claims_nothing_and_says_what_could_be_seen():
    one = row(-0.4, -1.6, 0.8)
    said = verdict.claim("KL", "the audio student", one, RESULTS)
    assert "no difference may be claimed" in said
    assert said.endswith("Less than about 1.2 points cannot be told from chance here.")


def test_an_interval_above_zero_is_a_loss():
    said = verdict.claim("KL", "the audio student", row(1.0, 0.2, 1.8), RESULTS)
    assert "raises the EER of the audio student from 13.90 to 14.90 %" in said
    assert said.endswith("harm may be claimed.")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-2, -1, "better"), (1, 2, "worse"), (-1, 1, "open"), (0, 1, "open"), (-1, 0, "open")],
)
def test_an_interval_that_touches_zero_is_open(low, high, expected):
    assert verdict.judged({"low": low, "high": high}) == expected


def test_a_loss_not_chosen_beforehand_must_survive_holm():
    said = verdict.others(RESULTS, "visual")
    assert "MMD (+0.70) raise the EER" in said
    assert "nothing may be claimed of KL (−0.40)" in said
    assert "corrected for 3 compared" in said


def test_in_short_names_the_losses_that_help():
    assert "Faces, yes, by COS (−1.40) points of EER" in verdict.in_short(RESULTS)
    none = RESULTS | {"best": {"visual": "kl", "audio": "kl"}}
    none["students"] = {"visual": [student("cos", -1.4, -2.1, -0.7, p_holm=0.2)], "audio": []}
    assert "no loss of 1 may be claimed" in verdict.in_short(none)


def test_fusions_are_judged_by_their_intervals():
    said = verdict.fusions(RESULTS)
    assert "No difference may be claimed between GATE and concatenation, 7.90 and 7.40 %" in said
    assert "GATE is better than summed scores" in said


def test_a_finding_holds_only_if_all_intervals_agree():
    found = list(verdict.paper_findings(RESULTS))
    assert "(COS) is the worst of the three for faces does not hold here" in found[0]
    assert "MMD is the best of the three for faces does not hold here" in found[1]
    agreeing = {"cos-kl": row(1, 0.5, 2), "cos-mmd": row(1, 0.5, 2), "mmd-kl": row(0, -1, 1)}
    results = RESULTS | {"contrasts": {"visual": agreeing, "audio": {}}}
    found = list(verdict.paper_findings(results))
    assert "for faces holds here" in found[0]
    assert "best of the three for faces stays open here" in found[1]


def test_goals_compare_the_chosen_loss_with_what_was_wanted():
    assert "faces 10.0 % of at least 20 %: missed" in verdict.goals(RESULTS)
    results = RESULTS | {
        "students": {
            "visual": [student("cos", -3, -5, 1) | {"relative_percent": -25.0}],
            "audio": [],
        }
    }
    assert "met, but no improvement may be claimed" in verdict.goals(results)


def test_one_seed_is_said_to_be_one():
    assert "**one seed**" in verdict.how_sure(RESULTS)
    assert "other seeds (2 here)" in verdict.how_sure(RESULTS | {"seeds": [0, 1]})


def test_the_number_of_recordings_where_a_teacher_is_worth_most():
    def at(recordings, one):
        return {
            "recordings": recordings,
            "at_least": 12,
            "at_most": 20,
            "visual": {"difference": one},
            "audio": {"difference": one},
        }

    results = RESULTS | {"few": [at(5, row(-3, -4, -2)), at(None, row(-1, -2, 0.5))]}
    said = verdict.few(results)
    assert "faces 5: −3.00, all (12 to 20): −1.00 points (most at 5)" in said


def test_the_share_the_other_sense_had_right_stands_beside_chance():
    one = {"other_sense_had_right": 0.91, "other_sense_is_right": 0.86}
    (said,) = verdict.knew(RESULTS | {"knew": {"visual-kd-cos": one}})
    assert "had 91 % right (the paper: 85 %); it has 86 % of all trials right" in said


def idea(difference, error):
    return {"name": "from-baseline", "difference": difference, "standard_error": error, "runs": 6}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (0.9, "more than twice its error"),
        (1.1, "not more than"),
        (None, "not more than twice its error from run to run (unknown"),
    ],
)
def test_the_best_of_the_other_ways_is_held_against_its_error(error, words):
    ideas = {"visual": {"baseline_eer_percent": 11.2, "ideas": [idea(-2, error), idea(1, 0.1)]}}
    (said,) = verdict.ideas({"ideas": {"senses": ideas}})
    assert "Of 2 tried on folds of the training people, from baseline did best: −2.00" in said
    assert words in said


def test_what_carries_over_is_told_where_cos_was_on():
    near = {"learnt_cosine_distance": 0.4, "mean_cosine_distance": 0.87}
    alike = {"visual": {"visual-kd-cos": near}, "audio": {"audio-kd-cos": {"linear_cka": 0.5}}}
    (said,) = verdict.carried_over({"alike": alike})
    assert "What carries over, faces" in said
    assert "ends at 0.40 on the people it is trained on and is 0.87 on those of the test" in said
