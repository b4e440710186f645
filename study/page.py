"""The page docs/results.md: markdown made from the results alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from avkd_cli.analysis.comparison import p_text
from avkd_cli.analysis.figures import save
from avkd_cli.analysis.render import as_plain_markdown
from avkd_cli.analysis.table import NOTHING, Cell, table
from avkd_cli.storage import durable
from study.pictures import pictures
from study.sentences import (
    CLAIMS,
    advice,
    in_short,
    judged,
    least_text,
    range_of,
    says,
    signed,
)
from study.systems import BY_NAME, CELLS, TABLES, System, Table, of_stages

HOW_MADE = """```sh
make tune DATA=../shared/data STAGES=all
make results DATA=../shared/data STAGES=all SEEDS="0 1 2 3 4"
python -m study plan --data ../shared/data    # the lines alone, to run by hand
```"""
HOW = {
    "imported": "--teacher voices.zarr --teacher faces.zarr",
    "imported-audio": "--teacher voices.zarr",
    "imported-visual": "--teacher faces.zarr",
    "trained": "--teacher fusion.zarr",
    "live": "--teacher-run runs/audio --teacher-run runs/visual --teacher-run runs/fusion "
    "--beside OTHER.zarr",
    "held-out": "--teacher held-out.zarr",
}


def write_page(results: Mapping, output: Path) -> None:
    """Write results.md, results.json and results/*.svg into a folder."""
    drawn = pictures(results)
    durable.make_directory(output / "results")
    for name, figure in drawn.items():
        durable.write_bytes(output / "results" / f"{name}.svg", save(figure, ".svg"))
    durable.write_json(output / "results.json", results)
    durable.write_text(output / "results.md", page(results, drawn))


def page(results: Mapping, drawn: Mapping[str, object]) -> str:
    """Return the page."""
    parts = [_top(results), _decisions(results), _verdict(results), _caution(results)]
    parts += [_section(results, one, drawn) for one in TABLES]
    parts += [_choice(results), _openings(results), _how(results), _missing(results)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _top(results: Mapping) -> str:
    corpus = results["corpus"]
    train, test, trials = corpus["train"], corpus["test"], corpus["trials"]
    quick = "**A quick trial of the machinery: no number here means anything.** " * results["quick"]
    blocks = len(corpus["blocks"])
    mean = f"the mean of the {blocks} blocks' EERs" if blocks > 1 else "the EER"
    return (
        f"# What a teacher is worth\n\n{quick}Written by `make results` from files that `avkd` "
        "commands made; no number or sentence here was typed by hand. The same\nnumbers are in "
        f"[results.json](results.json).\n\n{train['people']} people to train "
        f"({train['recordings']:,} recordings), {test['people']} others to test "
        f"({trials['targets']:,} targets, {trials['nontargets']:,} nontargets). The figure is "
        f"{mean}, in percent; intervals\nare of 95 %. Networks are small and trained from scratch, "
        "so no number here compares with one on VoxCeleb."
    )


def _decisions(results: Mapping) -> str:
    head = ["labelled people", "unlabelled people", "senses of the teacher", "EER, %"]
    head += ["against labels alone", "command"]
    rows = [_cell(results, one.senses, one.system, one.against) for one in CELLS]
    return (
        f"## What to do\n\n{markdown(head, rows, 'rrlrl')}\n\nEach line is a situation and the "
        "one system that was named for it beforehand; "
        "its figures stand in the tables below. Where nothing may be claimed, labels alone "
        "are the simpler way."
    )


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]], align: str) -> str:
    """Return a table; l or r for each column, the last for all that follow."""
    return as_plain_markdown(table(head, rows, align=align))


def _cell(results: Mapping, senses: str, system: str, against: str) -> list[object]:
    one, people = BY_NAME[system], results["corpus"]["train"]["people"]
    labelled = results["corpus"]["labelled"][f"{one.labelled:g}"]
    others = people - labelled if one.unlabelled else 0
    kind, words = advice(results, system, against)
    eer = NOTHING if kind == "missing" else f"{results['systems'][system]['eer']['value']:.2f}"
    if kind == "missing":
        words = f"not run here: `make results STAGES={one.stage}`"
    said = Cell(words, style="best" if kind == "better" else "")
    command = Cell(command_of(BY_NAME[against] if kind == "worse" else one), style="code")
    return [str(labelled), str(others), senses, eer, said, command]


def command_of(one: System) -> str:
    """Return the command of a system, with names for files and without what is its network."""
    store = "audio.zarr" if one.sense == "audio" else "faces.zarr"
    if not one.teacher:
        return f"avkd train-teacher {store} --list known.jsonl"
    teacher = HOW["imported" if one.teacher.startswith("spoilt") else one.teacher]
    others = " --unlabelled others.jsonl" if one.unlabelled else ""
    own = f" {one.words.format(weight='W')}" if one.words else ""
    return f"avkd distill {store} {teacher} --list known.jsonl{others}{own}"


def _verdict(results: Mapping) -> str:
    return "## Verdict\n\n" + "\n".join(f"- {one}" for one in in_short(results))


def _caution(results: Mapping) -> str:
    said = ["## How far to believe it", ""]
    if results["settings"]["imported"]:
        said.append(
            "- **The imported teacher flatters.** Its encoders chose who is in this set: people "
            "whom they mixed up were left out. Their clusters are therefore nearly pure, as those "
            "of other people would not be."
            + (
                " [A worse teacher](#a-worse-teacher) says what is left when they are not."
                if results["tables"]["noise"]
                else ""
            )
        )
    said += [
        "- **Chimeras.** Voice and face of one identity are of two real people, so no face tells "
        "anything of its voice beyond who belongs together. What a teacher gives here is that "
        "alone: labels. Where voice and face are one person's, there may be more to give, such as "
        "age and sex; nothing here speaks for or against it.",
        "- The labelled quarter is drawn anew with each seed, with the same shares of blocks and "
        "sexes, the same for all systems of a seed; intervals draw persons and seeds. All students "
        "of a sense take as many steps.",
        "- Blocks are corpora. Pooled scores also measure how far these lie apart, so the figure "
        "is the mean of the blocks' EERs; pooled ones stand beside it.",
    ]
    return "\n".join(said)


def _section(results: Mapping, table: Table, drawn: Mapping[str, object]) -> str:
    rows = results["tables"][table.stage]
    if not rows:
        return ""
    parts = [f"## {table.title}\n\n{table.text}"]
    if table.stage in drawn:
        parts.append(f"![{table.title}](results/{table.stage}.svg)")
    parts.append(_systems(results, table))
    parts.append(_rows(rows, table.stage))
    if table.stage == "noise":
        parts.append(_noise(results))
    parts.append(_clusters(results, table))
    return "\n\n".join(filter(None, parts))


def _systems(results: Mapping, table: Table) -> str:
    names = dict.fromkeys(
        name for row in results["tables"][table.stage] for name in (row["against"], row["system"])
    )
    seeds = sorted({seed for name in names for seed in results["seeds"][name]})
    rows = []
    for name in names:
        one = results["systems"][name]
        each = one["eer"]["by_seed"]
        cells = [f"{each[str(s)]:.2f}" if str(s) in each else "" for s in seeds]
        eer = f"{one['eer']['value']:.2f} ({one['eer']['low']:.2f} to {one['eer']['high']:.2f})"
        rows.append([says(name), eer, f"{one['pooled']['value']:.2f}", *cells])
    head = ["student", "EER, %", "pooled", *(f"seed {seed}" for seed in seeds)]
    return markdown(head, rows, "lr")


def _rows(rows: list[Mapping], stage: str) -> str:
    head = "student|against|difference, points|relative, %|p|p, Holm|could be told from|pooled"
    lines = []
    for row in rows:
        relative = row["relative_percent"]
        lines.append(
            [
                says(row["system"]),
                says(row["against"]),
                f"{signed(row['value'])} ({range_of(row)})",
                None if relative is None else signed(relative, 1),
                p_text(row["p"]),
                None if stage == "primary" else p_text(row["p_holm"]),
                least_text(row),
                signed(row["pooled"]["value"]),
                CLAIMS[judged(row, stage)],
            ]
        )
    return markdown([*head.split("|"), "may be claimed"], lines, "llrrrrrrl")


def _noise(results: Mapping) -> str:
    rows = [
        [says(name), f"{one['noise']:.2f}", f"{one['pairwise_f']:.3f}"]
        for name, one in results["noise"].items()
    ]
    return markdown(["teacher", "length of noise", "F of the clusters"], rows, "lr")


def _clusters(results: Mapping, table: Table) -> str:
    names = [one.name for one in of_stages((table.stage,)) if one.name in results["clusters"]]
    if not names:
        return ""
    forms = {"labelled_f": ".3f", "clusters": ".0f", "noise": ".0f"}
    forms |= dict.fromkeys(("f", "purity", "nmi"), ".3f")
    rows = [
        [says(name), *(f"{results['clusters'][name][key]:{form}}" for key, form in forms.items())]
        for name in names
    ]
    head = ["student", "labelled people's F", "clusters", "noise", "F", "purity", "NMI"]
    shown = markdown(head, rows, "lr")
    return f"Clusters, held against who they are, means over seeds:\n\n{shown}"


def _choice(results: Mapping) -> str:
    choice = results["settings"]["choice"]
    if not choice:
        return "## Settings\n\nThe usual ones: none was chosen by folds (`make tune`)."
    folds = choice["folds"]
    return (
        "## Settings\n\n"
        f"Chosen by folds of the training people before the test was opened, students of labels "
        f"alone on {folds['used']} of {folds['of']}, others on {folds['others']}: EER in %, a "
        "figure a fold. Steps are\nthose at which labels alone do best; all students of the sense "
        f"take as many.\n\n{markdown(TRIED, _tried(choice), 'l')}"
    )


TRIED = ["what", "tried", "EER of each fold", "chosen"]


def _tried(choice: Mapping) -> Iterator[list[str]]:
    named = [
        (f"{sense}, {what}", found)
        for sense, one in choice["senses"].items()
        for what, found in (
            ("steps of labels alone", one["steps"]),
            *((f"regularisation, {kind}", each) for kind, each in one["regularisation"].items()),
        )
    ]
    named += [(f"weight, {says(name)}", found) for name, found in choice["weights"].items()]
    for what, found in named:
        for value, eers in found["eer_percent"].items():
            each = ", ".join(f"{eer:.2f}" for eer in eers)
            yield [what, value, each, "yes" if value == str(found["chosen"]) else ""]


def _openings(results: Mapping) -> str:
    found = results["openings"]
    before = sum(one["openings"] for one in found["before"])
    lines = [
        "## How often the test was opened\n",
        f"{before} times before this study, and {found['here']} times in it: once for each "
        "student, seed and test.",
        *(["", *(f"- {one['openings']}: {one['what']}." for one in found["before"])]),
    ]
    return "\n".join(lines).rstrip()


def _how(results: Mapping) -> str:
    effort = results["effort"]
    hours, training = (effort[key] / 3600 for key in ("seconds", "training_seconds"))
    return (
        f"## How it was made\n\n{HOW_MADE}\n\n{effort['networks']} networks were trained for "
        f"this page and its settings; commands took {hours:.1f} h, "
        f"{training:.1f} h of it training,\nby {results['made_by']}. A second run does what is "
        "missing. Intervals are of "
        f"{results['draws']:,} draws of persons inside blocks, the same for all systems and seeds, "
        "and of seeds; then widened by Student's t\nfor so few of both ([how](../study/seeds.py)). "
        f"Signature of pooled EERs: `{results['signature']}`"
    )


def _missing(results: Mapping) -> str:
    """Return what was not run, and what with fewer seeds than the first system, by command."""
    seeds = results["seeds"].get("alone", [])
    lines = []
    for shown in TABLES:
        systems = of_stages((shown.stage,))
        gone = [one.says for one in systems if one.name not in results["systems"]]
        gone += [
            f"{one.says} (seeds {', '.join(map(str, results['seeds'][one.name]))} only)"
            for one in systems
            if one.name in results["systems"] and set(seeds) - set(results["seeds"][one.name])
        ]
        if gone:
            words = f'STAGES={shown.stage} SEEDS="{" ".join(map(str, seeds or [0]))}"'
            lines.append(f"- `make results {words}`: {'; '.join(gone)}.")
    return "\n".join(["## What was not run", "", *lines]) if lines else ""
