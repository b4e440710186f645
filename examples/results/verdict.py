"""What may be said: sentences made from intervals by rules. Pure; nothing is typed by hand.

A difference may be claimed when its 95 % interval excludes 0. The loss that the folds chose for a
sense was named before the test was opened, so its interval stands as it is; of the other losses
a difference is claimed only if it also survives Holm's correction for all that were compared.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from avkd_cli.analysis.comparison import p_text

SENSES = {"visual": "faces", "audio": "voices"}
GOAL_PERCENT = {"visual": 20, "audio": 10}
ALPHA = 0.05
TERMS = {"cos", "kl", "mmd"}
# Of the trials that a student of this sense corrected, those that the other baseline had right:
# 4,877 of 5,737 and 1,862 of 1,945 (the paper, section 4.4).
PAPER_KNEW = {"visual": 0.85, "audio": 0.96}


def verdict(results: Mapping) -> list[str]:
    """Return the verdict, a sentence or two an entry, most important first."""
    found: list[str] = [in_short(results)]
    for sense in SENSES:
        if results["students"][sense]:
            found.append(first_claim(results, sense))
            found.append(others(results, sense))
    found += filter(None, [goals(results), fusions(results)])
    found += paper_findings(results)
    found += strong(results)
    found += filter(None, [few(results), *noise(results), *knew(results)])
    found += [*carried_over(results), *ideas(results)]
    found.append(how_sure(results))
    return [one for one in found if one]


def in_short(results: Mapping) -> str:
    """Return for each sense whether any loss may be claimed to help."""
    said = []
    for sense, them in SENSES.items():
        rows, best = results["students"][sense], results["best"][sense]
        helped = [row for row in rows if may_claim(row, best) == "better"]
        if helped:
            said.append(f"{them}, yes, by {listed(with_value(helped))} points of EER")
        elif rows:
            said.append(f"{them}, no loss of {len(rows)} may be claimed to help")
    start = (
        "**In short.** Does a student taught by the audio-visual teacher beat one that was not? "
    )
    return (
        f"{start}{said[0][0].upper() + said[0][1:]}{''.join('; ' + one for one in said[1:])}."
        if said
        else ""
    )


def may_claim(row: Mapping, best: str) -> str:
    """Return better, worse or open: the loss chosen beforehand by itself, others by Holm too."""
    return judged(row) if row["loss"] == best else judged_of_several(row)


def judged(one: Mapping) -> str:
    """Return better, worse or open: on which side of 0 the whole interval lies."""
    if one["high"] < 0:
        return "better"
    return "worse" if one["low"] > 0 else "open"


def judged_of_several(one: Mapping) -> str:
    """Return `judged`, but open where Holm's correction takes the claim back."""
    return "open" if one.get("p_holm", 0) > ALPHA else judged(one)


def loss_name(loss: str) -> str:
    """Return `COS+KL` of `cos-kl`, and `projected 3` of another way to teach."""
    terms = loss.split("-")
    if set(terms) <= TERMS:
        return "+".join(terms).upper()
    return " ".join(one.upper() if one in TERMS else one for one in terms)


def options_of(results: Mapping, sense: str, loss: str) -> str | None:
    """Return the options of another way to teach, None of a loss of the paper."""
    tried = results["ideas"].get("senses", {}).get(sense, {}).get("ideas", [])
    return next(
        (one["options"] for one in tried if one["name"] == loss and loss not in TERMS), None
    )


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign, a true minus among them: −1.40."""
    return f"{value:+.{digits}f}".replace("-", "−")


def plain(value: float) -> str:
    """Return a number with one digit, with a true minus."""
    return f"{value:.1f}".replace("-", "−")


def difference_text(one: Mapping, results: Mapping) -> str:
    """Return a difference with all that is needed to believe it."""
    relative = one.get("relative_percent")
    also = "" if relative is None else f", {signed(relative, 1)} %"
    return (
        f"difference {signed(one['value'])} points{also}, 95 % interval {signed(one['low'])} to "
        f"{signed(one['high'])}, p {p_text(one['p'])}, {seeds_text(one)}, "
        f"{results['corpus']['test_persons']} persons"
    )


def seeds_text(one: Mapping) -> str:
    """Return `one seed`, or `mean of 5 seeds`."""
    count = len(one["by_seed"])
    return "one seed" if count == 1 else f"mean of {count} seeds"


CLAIMS = {
    "better": "an improvement may be claimed",
    "worse": "harm may be claimed",
    "open": "no difference may be claimed",
}


def claim(subject: str, whose: str, one: Mapping, results: Mapping) -> str:
    """Return a sentence: what a system does to an EER, and whether that may be claimed."""
    before = one["before"]["value"]
    after = before + one["value"]
    verb = "lowers" if one["value"] < 0 else "raises"
    text = (
        f"{subject} {verb} the EER of {whose} from {before:.2f} to {after:.2f} % "
        f"({difference_text(one, results)}): {CLAIMS[judged(one)]}."
    )
    if judged(one) == "open":
        reach = (one["high"] - one["low"]) / 2
        text += f" Less than about {reach:.1f} points cannot be told from chance here."
    return text


def first_claim(results: Mapping, sense: str) -> str:
    """Return the sentence about the loss that the folds chose for a sense."""
    one = _best_row(results, sense)
    if one is None:
        return ""
    tuned = "which the folds chose" if results["tuning"] else "named beforehand"
    options = options_of(results, sense, one["loss"])
    how = f" (`{options}`)" if options else ""
    subject = f"{loss_name(one['loss'])}{how}, {tuned},"
    return f"**{SENSES[sense].capitalize()}.** " + claim(
        subject, f"the {sense} student", one, results
    )


def eer(results: Mapping, system: str) -> float:
    """Return a system's EER in percent."""
    return results["systems"][system]["eer_percent"]["value"]


def others(results: Mapping, sense: str) -> str:
    """Return what may be said of the losses that the folds did not choose."""
    rest = [row for row in results["students"][sense] if row["loss"] != results["best"][sense]]
    if not rest:
        return ""
    count = len(results["students"][sense])
    said = []
    for kind, words in (("better", "lower"), ("worse", "raise")):
        names = [row for row in rest if judged_of_several(row) == kind]
        if names:
            said.append(f"{listed(with_value(names))} {words} the EER")
    unsure = [row for row in rest if judged_of_several(row) == "open"]
    start = f"Other losses for {SENSES[sense]}, corrected for {count} compared: "
    if not said:
        return start + f"nothing may be claimed of {listed(with_value(unsure))} points."
    end = f"; nothing may be claimed of {listed(with_value(unsure))}" if unsure else ""
    return start + "; ".join(said) + end + " (points of EER)."


def with_value(rows: Iterable[Mapping]) -> list[str]:
    """Return `KL (−0.31)` of each row."""
    return [f"{loss_name(row['loss'])} ({signed(row['value'])})" for row in rows]


def listed(names: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def goals(results: Mapping) -> str:
    """Return whether the goals, on the best loss of the folds, are met."""
    said = []
    for sense, goal in GOAL_PERCENT.items():
        row = _best_row(results, sense)
        if row is None:
            continue
        gain = -row["relative_percent"]
        met = "met" if gain >= goal else "missed"
        sure = ", but no improvement may be claimed" if judged(row) != "better" else ""
        end = sure if gain >= goal else ""
        said.append(f"{SENSES[sense]} {plain(gain)} % of at least {goal} %: {met}{end}")
    return f"Goals, relative reduction of the EER: {'; '.join(said)}." if said else ""


def _best_row(results: Mapping, sense: str) -> Mapping | None:
    rows = results["students"][sense]
    return next((row for row in rows if row["loss"] == results["best"][sense]), None)


def fusions(results: Mapping) -> str:
    """Return how GATE compares with concatenation and with summed scores."""
    by_name = {row["system"]: row for row in results["fusions"]}
    said = []
    for name, words in (("fusion-concat", "concatenation"), ("sum-z-sum", "summed scores")):
        if name not in by_name:
            continue
        row = by_name[name]
        relation = {
            "better": "GATE is worse than",
            "worse": "GATE is better than",
            "open": "No difference may be claimed between GATE and",
        }[judged(row)]
        said.append(
            f"{relation} {words}, {eer(results, 'fusion-gate'):.2f} and {eer(results, name):.2f} % "
            f"({words} minus GATE {signed(row['value'])} points, 95 % interval "
            f"{signed(row['low'])} to {signed(row['high'])})"
        )
    return f"**Teacher.** {'. '.join(said)}." if said else ""


def paper_findings(results: Mapping) -> Iterator[str]:
    """Yield where the paper's findings hold, and where not."""
    for sense, them in SENSES.items():
        found = results["contrasts"][sense]
        if {"cos-kl", "cos-mmd"} <= set(found):
            yield _finding(
                f"the strong constraint (COS) is the worst of the three for {them}",
                [
                    ("COS minus KL", found["cos-kl"], "worse"),
                    ("COS minus MMD", found["cos-mmd"], "worse"),
                ],
            )
    found = results["contrasts"]["visual"]
    if {"mmd-kl", "cos-mmd"} <= set(found):
        yield _finding(
            "MMD is the best of the three for faces",
            [
                ("MMD minus KL", found["mmd-kl"], "better"),
                ("COS minus MMD", found["cos-mmd"], "worse"),
            ],
        )
    yield _little_for_voices(results)


def _finding(text: str, parts: Sequence[tuple[str, Mapping, str]]) -> str:
    """Return whether all differences lie as the paper says, one lies otherwise, or neither."""
    sides = [judged(one) == wanted for _, one, wanted in parts]
    against = [judged(one) not in (wanted, "open") for _, one, wanted in parts]
    answer = "does not hold" if any(against) else "holds" if all(sides) else "stays open"
    numbers = "; ".join(
        f"{name} {signed(one['value'])}, {signed(one['low'])} to {signed(one['high'])}"
        for name, one, _ in parts
    )
    return f"The paper's finding that {text} {answer} here ({numbers})."


def _little_for_voices(results: Mapping) -> str:
    rows = {sense: _best_row(results, sense) for sense in SENSES}
    if None in rows.values():
        return ""
    gains = {sense: -row["relative_percent"] for sense, row in rows.items()}
    order = "they gain less" if gains["audio"] < gains["visual"] else "they gain more"
    order = order if max(gains.values()) > 0 else "neither gains"
    sure = {
        "better": "an improvement may be claimed",
        "worse": "harm may be claimed",
        "open": "nothing may be claimed",
    }
    said = [
        f"{SENSES[sense]} {plain(gains[sense])} % ({sure[judged(rows[sense])]})" for sense in rows
    ]
    return f"The paper has voices gain less than faces; here {order}: {listed(said)}."


def strong(results: Mapping) -> Iterator[str]:
    """Yield what a strong imported teacher gives a small student."""
    for sense, them in SENSES.items():
        rows = results["strong"][sense]
        row = next((one for one in rows if one["loss"] == results["best"][sense]), None)
        if row is None:
            continue
        teacher = eer(results, "strong-fusion-gate")
        start = f"**Strong teacher, {them}.** A teacher of {teacher:.2f} %: "
        subject = loss_name(row["loss"])
        yield start + claim(subject, f"the {sense} student", row, results)


def few(results: Mapping) -> str:
    """Return at how many recordings a person a teacher is worth most."""
    said, rows = [], results["few"]
    for sense, them in SENSES.items() if rows else ():
        best = min(rows, key=lambda row: row[sense]["difference"]["value"])
        one = best[sense]["difference"]
        each = ", ".join(
            f"{size_text(row)}: {signed(row[sense]['difference']['value'])}" for row in rows
        )
        most = f"most at {size_text(best)}" if one["value"] < 0 else "nowhere a gain"
        apart = ", which may not be claimed" if one["value"] < 0 and judged(one) != "better" else ""
        said.append(f"{them} {each} points ({most}{apart})")
    start = "**Fewer recordings a person.** What the teacher gives: "
    return f"{start}{'; '.join(said)}." if said else ""


def size_text(row: Mapping) -> str:
    """Return `5`, or `all (12 to 20)`."""
    if row["recordings"] is not None:
        return str(row["recordings"])
    same = row["at_least"] == row["at_most"]
    return f"all ({row['at_most']})" if same else f"all ({row['at_least']} to {row['at_most']})"


def noise(results: Mapping) -> Iterator[str]:
    """Yield in how many conditions the student is better or worse than the baseline."""
    for sense, rows in results["noise"].items():
        spoilt = [row["difference"] for row in rows if row["condition"] != "clean"]
        counts = {kind: sum(judged(one) == kind for one in spoilt) for kind in CLAIMS}
        mean = sum(one["value"] for one in spoilt) / len(spoilt)
        clean = next(row["difference"] for row in rows if row["condition"] == "clean")
        yield (
            f"**Spoilt {SENSES[sense]}.** In {counts['better']} of {len(spoilt)} conditions the "
            f"student's interval lies below the baseline's, in {counts['worse']} above, each by "
            f"itself; on average {signed(mean)} points, clean {signed(clean['value'])}."
        )


def knew(results: Mapping) -> Iterator[str]:
    """Yield how many of the newly right trials the other sense had right."""
    for sense in SENSES:
        one = results["knew"].get(f"{sense}-kd-{results['best'][sense]}")
        if one is None or one["other_sense_had_right"] is None:
            continue
        yield (
            f"Of the trials that the {sense} student got newly right, the other sense's baseline "
            f"had {100 * one['other_sense_had_right']:.0f} % right (the paper: "
            f"{100 * PAPER_KNEW[sense]:.0f} %); it has {100 * one['other_sense_is_right']:.0f} % "
            "of all trials right, so only what is beyond that speaks for knowledge passed on."
        )


def ideas(results: Mapping) -> Iterator[str]:
    """Yield what the best of the other ways to teach did on the folds."""
    for sense, found in results["ideas"].get("senses", {}).items():
        best, count = found["ideas"][0], len(found["ideas"])
        error = best["standard_error"]
        sure = error is not None and best["difference"] < -2 * error
        end = "more than" if sure else "not more than"
        yield (
            f"**Other ways to teach {SENSES[sense]}.** Of {count} tried on folds of the training "
            f"people, {loss_name(best['name'])} did best: {signed(best['difference'])} "
            f"points on a baseline of {found['baseline_eer_percent']:.2f} %, {end} twice its "
            f"error from run to run ({'unknown' if error is None else f'{error:.2f}'}, "
            f"{best['runs']} runs)."
        )


def carried_over(results: Mapping) -> Iterator[str]:
    """Yield how near COS brings a student to the teacher: in training, and on the test people."""
    for sense, them in SENSES.items():
        one = results["alike"].get(sense, {}).get(f"{sense}-kd-cos")
        if one is None or "learnt_cosine_distance" not in one:
            continue
        yield (
            f"**What carries over, {them}.** The cosine distance of the COS student from the "
            f"teacher (1 is unrelated) ends at {one['learnt_cosine_distance']:.2f} on the people "
            f"it is trained on and is {one['mean_cosine_distance']:.2f} on those of the test."
        )


def how_sure(results: Mapping) -> str:
    """Return what the intervals cover and what they do not."""
    persons = results["corpus"]["test_persons"]
    if len(results["seeds"]) == 1:
        seeds = (
            "All this is **one seed**: the intervals cover other persons, not other trainings, "
            "which with networks this small differ by a point or more."
        )
    else:
        seeds = f"Intervals cover other persons and other seeds ({len(results['seeds'])} here)."
    few_persons = (
        f" With {persons} persons intervals tend to be too narrow: take them as the least of the "
        "uncertainty."
        if persons < 30
        else ""
    )
    return f"{seeds}{few_persons}"
