"""The page of the record, in Markdown, made of the results alone."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from pictures import KINDS, system_name
from verdict import (
    SENSES,
    judged,
    listed,
    loss_name,
    may_claim,
    options_of,
    signed,
    size_text,
    verdict,
)

from avkd_cli.analysis.comparison import p_text

WORDS = {"better": "yes", "worse": "harm", "open": "no"}
FLAGS = {"cos": "β", "kl": "α", "mmd": "γ"}
EFFORT = {
    "tune": "weights on folds",
    "prepare": "lists and stores",
    "spoil": "spoilt copies",
    "train": "training",
    "embed": "embedding",
}


def page(results: Mapping, pictures: Iterable[str]) -> str:
    """Return the page.

    Args:
        results: what `gather` returned.
        pictures: names of the pictures beside the page, in results/.
    """
    shown = set(pictures)
    parts = [
        ["# Does it help? The experiment of record", "", *opening(results)],
        ["## Verdict", "", *(f"- {one}" for one in verdict(results))],
        ["## How it was made", "", *how(results)],
        section("Both senses", systems(results), "systems", shown, SYSTEMS_NOTE),
        section(
            "Students", students(results, "students"), "students", shown, students_note(results)
        ),
        section(
            "A strong imported teacher",
            strong(results),
            "strong",
            shown,
            STRONG_NOTE + only(results, "c"),
        ),
        section(
            "Fewer recordings a person", few(results), "few", shown, FEW_NOTE + only(results, "d")
        ),
        *(
            section(
                f"Spoilt {SENSES[sense]}",
                noise(rows),
                f"noise-{sense}",
                shown,
                NOISE_NOTE + only(results, "e"),
            )
            for sense, rows in results["noise"].items()
        ),
        section("What the teacher knew", knew(results), "", shown, KNEW_NOTE),
        section("Weights", tuning(results), "", shown, TUNING_NOTE),
        section("Other ways to teach", ideas(results), "", shown, IDEAS_NOTE),
        ["## Openings of the test", "", *openings(results)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def seeds_of(results: Mapping) -> dict[str, list[int]]:
    """Return by part, c to e, with which seeds it was run."""
    parts = {
        "c": chain(*results["strong"].values()),
        "d": (row[sense]["difference"] for row in results["few"] for sense in SENSES),
        "e": (row["difference"] for rows in results["noise"].values() for row in rows),
    }
    return {
        part: sorted({int(seed) for one in found for seed in one["by_seed"]})
        for part, found in parts.items()
    }


def only(results: Mapping, part: str) -> str:
    """Return with which seeds a part was run, nothing where with all."""
    seeds = seeds_of(results)[part]
    if len(seeds) in (0, len(results["seeds"])):
        return ""
    return (
        f" Run with {'seed' if len(seeds) == 1 else 'seeds'} {listed(list(map(str, seeds)))} only."
    )


def section(
    title: str, lines: Sequence[str], picture: str, shown: set[str], note: str
) -> list[str]:
    """Return a section with its picture and note, nothing where there are no lines."""
    if not lines:
        return []
    image = [f"![{title}](results/{picture}.svg)", ""] if picture in shown else []
    return [f"## {title}", "", *wrapped(note), "", *image, *lines]


def opening(results: Mapping) -> list[str]:
    """Return what this is, before anything else."""
    corpus, trials = results["corpus"], results["trials"]
    seeds = len(results["seeds"])
    return [
        *wrapped(
            "Written by `make results` from files that `avkd` commands made; no number or sentence "
            "here was typed by hand. The same numbers are in [results.json](results.json)."
        ),
        "",
        *wrapped(
            f"{corpus['train_persons']} people to train ({corpus['train_utterances']} recordings), "
            f"{corpus['test_persons']} others to test ({corpus['test_utterances']} recordings, "
            f"{trials['trials']:,} trials: {trials['target']:,} target, {trials['nontarget']:,} "
            f"nontarget), {'one seed' if seeds == 1 else f'{seeds} seeds'}. Voice and face of one "
            "identity are of two real people: what is passed on is who belongs to whom, not what "
            "a face tells of a voice. Networks are small and trained from scratch, so no number "
            "here compares with one on VoxCeleb."
        ),
        *unfinished(results),
    ]


def unfinished(results: Mapping) -> list[str]:
    """Return what of the record is missing on this page, nothing where all is there."""
    parts = {
        "a strong imported teacher (c)": strong(results),
        "fewer recordings a person (d)": few(results),
        "spoilt recordings (e)": results["noise"],
    }
    lacking = [title for title, found in parts.items() if not found]
    said = [f"Not run yet: {listed(lacking)}."] if lacking else []
    if not results["tuning"]:
        said.append(
            "The weights of the terms are as they were set by hand; `make tune`, which chooses "
            "them on folds of the training people, was not run."
        )
    return ["", *wrapped(" ".join(said))] if said else []


def wrapped(text: str) -> list[str]:
    """Return a paragraph as lines."""
    return textwrap.wrap(text, 118, break_long_words=False, break_on_hyphens=False)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table; all columns but the first are numbers."""
    lines = [f"| {' | '.join(head)} |", f"| --- |{' --: |' * (len(head) - 1)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def ranged(one: Mapping, digits: int = 2) -> str:
    """Return `12.34 (10.20 to 14.80)`."""
    return f"{one['value']:.{digits}f} ({one['low']:.{digits}f} to {one['high']:.{digits}f})"


def points(one: Mapping) -> str:
    """Return `−1.40 (−2.10 to −0.70)`."""
    return f"{signed(one['value'])} ({signed(one['low'])} to {signed(one['high'])})"


SYSTEMS_NOTE = """\
Each sense alone, networks that join their embeddings, and sums of their scores."""


def systems(results: Mapping) -> list[str]:
    """Return the table of senses, fusions and sums."""
    against = {row["system"]: row for row in results["fusions"]}
    rows = []
    for name, one in results["systems"].items():
        if name not in SENSES and not name.startswith(("fusion-", "sum-")):
            continue
        row = against.get(name)
        rows.append(
            [system_name(name), ranged(one["eer_percent"]), f"{one['min_dcf_0.01']['value']:.3f}",
             points(row) if row else "–"]
        )  # fmt: skip
    return table(["system", "EER, %", "minDCF, 0.01", "EER against GATE, points"], rows)


def students_note(results: Mapping) -> str:
    """Return what the table of students compares, and who chose the loss in bold."""
    chosen = "chosen on the folds" if results["tuning"] else "named before any student was scored"
    return (
        "Each against the baseline of its seed: the same network and settings, taught by nobody. "
        f"Below 0 the student is better. The loss in bold was {chosen}; of the others a "
        "difference may be claimed only if it survives Holm's correction."
    )


STRONG_NOTE = """\
The same, taught by GATE on embeddings of large pretrained encoders, which were imported; the
students are small and start from scratch. Against the same baseline, with the weights that were
chosen for the small teacher."""


def students(results: Mapping, which: str) -> list[str]:
    """Return a table a sense of students against their baseline."""
    lines: list[str] = []
    for sense in SENSES:
        rows = results[which][sense]
        if not rows:
            continue
        base = rows[0]["before"]
        head = [f"{sense} student", "weights", "EER, %", "difference, points", "relative, %",
                "p", "p, Holm", "may be claimed"]  # fmt: skip
        body = [["baseline", "–", ranged(base), *(["–"] * 5)]]
        body += [_student(results, sense, row) for row in rows]
        lines += [*table(head, body), ""]
    return lines[:-1]


def _student(results: Mapping, sense: str, row: Mapping) -> list[str]:
    first = row["loss"] == results["best"][sense]
    name = loss_name(row["loss"])
    may = WORDS[may_claim(row, results["best"][sense])]
    return [
        f"**{name}**" if first else name,
        taught_by(results, sense, row["loss"]),
        ranged(results["systems"][row["system"]]["eer_percent"]),
        points(row),
        "–" if row["relative_percent"] is None else signed(row["relative_percent"], 1),
        p_text(row["p"]),
        p_text(row["p_holm"]),
        may,
    ]


def taught_by(results: Mapping, sense: str, loss: str) -> str:
    """Return the weights of a loss, or the options of another way to teach."""
    if options := options_of(results, sense, loss):
        return f"`{options}`"
    return weights_text(results["weights"].get(f"{sense}_{loss}", {}))


def weights_text(weights: Mapping[str, float]) -> str:
    """Return `β 1, α 0.3`."""
    return ", ".join(f"{FLAGS[term]} {weight:g}" for term, weight in weights.items()) or "–"


def strong(results: Mapping) -> list[str]:
    """Return what was imported, then the students' tables."""
    rows = students(results, "strong")
    if not rows:
        return []
    names = [name for name in results["systems"] if name.startswith("strong-")]
    teachers = [name for name in names if "-kd-" not in name]
    body = [
        [system_name(name.removeprefix("strong-")), ranged(results["systems"][name]["eer_percent"])]
        for name in teachers
    ]
    return [*table(["imported, on the test", "EER, %"], body), "", *rows]


FEW_NOTE = """\
Teacher, baseline and student all have so many recordings of each training person; steps of
training are as many as with all of them. Those people who have fewer recordings keep what they
have."""


def few(results: Mapping) -> list[str]:
    """Return the table of fewer recordings."""
    lines: list[str] = []
    for sense in SENSES if results["few"] else []:
        loss = loss_name(results["best"][sense])
        head = ["recordings a person", "in all", f"{sense} baseline, %", f"{loss} student, %",
                "difference, points", "may be claimed"]  # fmt: skip
        body = [
            [size_text(row), str(row["utterances"]), ranged(row[sense]["baseline"]),
             ranged(row[sense]["student"]), points(row[sense]["difference"]),
             WORDS[judged(row[sense]["difference"])]]
            for row in results["few"]
        ]  # fmt: skip
        lines += [*table(head, body), ""]
    return lines[:-1]


NOISE_NOTE = """\
Enrolment clean, test spoilt; nobody was trained on such. Every condition is a comparison of its
own, uncorrected."""


def noise(rows: Sequence[Mapping]) -> list[str]:
    """Return the table of conditions."""
    head = ["test", "baseline, %", f"{loss_name(rows[0]['loss'])} student, %", "difference, points",
            "may be claimed"]  # fmt: skip
    body = [
        [condition_text(row), ranged(row["baseline"]), ranged(row["student"]),
         points(row["difference"]), WORDS[judged(row["difference"])]]
        for row in rows
    ]  # fmt: skip
    return table(head, body)


def condition_text(row: Mapping) -> str:
    """Return `babble, dB: 20`."""
    return "clean" if row["kind"] == "clean" else f"{KINDS[row['kind']]}: {row['level']:g}"


KNEW_NOTE = """\
Decisions at each system's own EER threshold. Newly right: wrong for the baseline, right for the
student. The share of them that the other sense's baseline had right stands beside the share of
all trials that it has right, which is what chance would give. Likeness to the teacher is on the
test people: correlation and distance hang on the coordinate basis, linear CKA does not. Beside it
the same distance on the training people's crops, which is the term COS at its end, where it was
on; with a projection, of the projected embedding."""


def knew(results: Mapping) -> list[str]:
    """Return the tables of newly right trials and of likeness to the teacher."""
    lines: list[str] = []
    if results["knew"]:
        head = ["student", "newly right", "newly wrong", "other sense had right, %",
                "other sense has right of all, %"]  # fmt: skip
        body = [
            [student_name(name), f"{one['newly_right']:.0f}", f"{one['newly_wrong']:.0f}",
             percent(one["other_sense_had_right"]), percent(one["other_sense_is_right"])]
            for name, one in sorted(results["knew"].items(), key=lambda item: order(item[0]))
        ]  # fmt: skip
        lines += table(head, body)
    for rows in results["alike"].values():
        head = ["against the teacher", "correlation", "linear CKA", "cosine distance",
                "at the end of training"]  # fmt: skip
        keys = ("pcc_per_segment", "linear_cka", "mean_cosine_distance", "learnt_cosine_distance")
        body = [
            [student_name(name), *(f"{one[key]:.3f}" if key in one else "–" for key in keys)]
            for name, one in sorted(rows.items(), key=lambda item: order(item[0]))
        ]
        lines += ["", *table(head, body)]
    return lines


def order(name: str) -> tuple:
    """Sort key: faces before voices, baseline first, then the losses as in the paper's tables."""
    sense, _, loss = name.partition("-kd-")
    losses = ("", "cos", "kl", "mmd", "cos-kl", "cos-mmd", "kl-mmd")
    return (list(SENSES).index(sense), losses.index(loss) if loss in losses else len(losses))


def student_name(name: str) -> str:
    """Return `visual, COS+KL`."""
    sense, _, loss = name.partition("-kd-")
    return f"{sense}, {loss_name(loss)}" if loss else f"{sense}, baseline"


def percent(share: float | None) -> str:
    """Return a share in percent."""
    return "–" if share is None else f"{100 * share:.0f}"


TUNING_NOTE = """\
Mean EER on folds inside the training people, by `make tune`: half of them train teacher,
baseline and students, the other half gives the trials. The people of the test had no part in
it. Pairs take the weights that won alone."""


def tuning(results: Mapping) -> list[str]:
    """Return the table of the folds."""
    found = results["tuning"]
    if not found:
        return []
    head = ["folds, EER %", *SENSES]
    body = [["baseline", *(f"{found['baseline_eer_percent'][sense]:.2f}" for sense in SENSES)]]
    for name in singles(found):
        body.append(
            [f"{loss_name(name[0])}, {FLAGS[name[0]]} {name[1]:g}",
             *(tried(found, sense, f"{name[0]}@{name[1]:g}", name[0]) for sense in SENSES)]
        )  # fmt: skip
    for pair in ("cos-kl", "cos-mmd", "kl-mmd"):
        body.append([loss_name(pair), *(tried(found, s, f"{pair}@won", pair) for s in SENSES)])
    return table(head, body)


def singles(found: Mapping) -> list[tuple[str, float]]:
    """Return the terms and weights of the grid."""
    names = (name.split("-kd-")[1].split("@") for name in found["candidates"] if "-kd-" in name)
    tried = {(loss, float(weight)) for loss, weight in names if weight != "won"}
    return sorted(tried, key=lambda one: (list(FLAGS).index(one[0]), one[1]))


def tried(found: Mapping, sense: str, name: str, loss: str) -> str:
    """Return a candidate's EER, in bold if it is the sense's choice."""
    one = found["candidates"].get(f"{sense}-kd-{name}")
    if one is None:
        return "–"
    text = f"{one['mean']:.2f}"
    best = found["best"][sense] == loss and one["mean"] == found["eer_percent"][sense][loss]
    return f"**{text}**" if best else text


IDEAS_NOTE = """\
Compared by `make ideas` on the same folds, each student with the baseline of its fold and seed;
the people of the test had no part in it. The error is that of the mean difference, from run to
run: less than twice as much cannot be told from chance, and the best of several is flattered. The
paper's losses were tuned above, on fewer runs; here COS alone stands for them."""


def ideas(results: Mapping) -> list[str]:
    """Return a table a sense of what was tried on the folds, the best first."""
    lines: list[str] = []
    for sense, found in results["ideas"].get("senses", {}).items():
        head = [f"{sense} student", "taught by", "options of distill", "EER, %",
                "difference, points", "error", "runs"]  # fmt: skip
        runs = max(one["runs"] for one in found["ideas"])
        base = f"{found['baseline_eer_percent']:.2f}"
        body = [["baseline", "–", "–", base, "–", "–", str(runs)]]
        for one in found["ideas"]:
            error = one["standard_error"]
            body.append(
                [loss_name(one["name"]), system_name(one["teacher"]),
                 f"`{one['options']}`", f"{one['eer_percent']:.2f}", signed(one["difference"]),
                 "–" if error is None else f"{error:.2f}", str(one["runs"])]
            )  # fmt: skip
        lines += [*table(head, body), ""]
    return lines[:-1]


def how(results: Mapping) -> list[str]:
    """Return what was run, for how long, and how to run it again."""
    effort = results["effort"]
    seconds = effort["seconds"]
    parts = [f"{EFFORT[kind]} {minutes(seconds[kind])}" for kind in EFFORT if kind in seconds]
    seeds = " ".join(map(str, results["seeds"]))
    return [
        "```sh",
        *(["make tune DATA=../shared/data"] if results["tuning"] else []),
        *(["make ideas DATA=../shared/data"] if results["ideas"] else []),
        *(f'make results DATA=../shared/data SEEDS="{seeds}"{one}' for one in beside(results)),
        "```",
        "",
        *wrapped(
            f"{effort['trained']} networks were trained for this page. Commands took "
            f"{minutes(sum(seconds.values()))} in all, two at a time: {listed(parts)}. "
            f"avkd {listed(effort['avkd'])}, torch {listed(effort['torch'])}. "
            "Every line of [the recipe](../examples/results.mk) is a command you can run by hand; "
            "a second run does what is missing and gives the same numbers."
        ),
        "",
        *(f"- {line}" for line in network_lines(results)),
        "",
        *wrapped(
            f"Intervals are of 95 %, from {results['resamples']:,} draws: persons with "
            "replacement, the same for both systems and all seeds, and seeds with replacement; "
            "then widened by Student's t for so few of both "
            "([how](../examples/results/seeds.py)). Signature of every EER:"
        ),
        f"`{results['trials']['signature']}`",
    ]


def beside(results: Mapping) -> list[str]:
    """Return the variables that run parts c to e on the seeds that they were run with."""
    run = {part: seeds for part, seeds in seeds_of(results).items() if seeds}
    fewest = min(run.values(), key=len, default=[])
    lines = ["" if fewest in ([], results["seeds"][:1]) else variable(fewest)]
    more = ((part, seeds) for part, seeds in run.items() if seeds != fewest)
    return lines + [f'{variable(seeds)} STAGES="{part}"' for part, seeds in more]


def variable(seeds: Iterable[int]) -> str:
    """Return ` SEEDS_BESIDE="0 1"`."""
    return f' SEEDS_BESIDE="{" ".join(map(str, seeds))}"'


def network_lines(results: Mapping) -> Iterator[str]:
    """Yield the settings of each network."""
    for name, config in results["networks"].items():
        if name.startswith("strong-"):
            continue
        told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in config.items())
        yield f"{system_name(name)}: {told}"


def minutes(seconds: float) -> str:
    """Return a duration for a person."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def openings(results: Mapping) -> list[str]:
    """Return how often the test was opened."""
    found = results["openings"]
    return [
        *wrapped(
            f"The people of the test were scored {found['total']} times with settings in earnest: "
            f"{found['record']} by this record, once a seed, and before it:"
        ),
        "",
        *(f"- {one['openings']}: {one['what']}" for one in found["before"]),
    ]
