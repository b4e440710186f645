"""A model's card as Markdown, from the facts of a run. Pure.

Reference: M. Mitchell et al., "Model cards for model reporting", FAT* 2019 (what a card says).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Facts = Mapping[str, Any]

SENSES = {
    "audio": ("a voice encoder", "sound"),
    "visual": ("a face encoder", "aligned pictures of a face"),
    "fusion": ("a fusion of both senses", "stored embeddings of a voice and a face"),
    "pair": ("a pair of branches", "a voice and a face, in one space"),
    "sequence": ("an aggregator over time", "stored embeddings of a film's frames"),
    "clips": ("an encoder of films", "faces in a row"),
    "joint": ("a joint network", "sound and film of one clip"),
}
NOT_FOR = (
    "Deciding on its own about anybody: access, work, benefits, police or court matters. Its "
    "errors have to be weighed by somebody who can be asked.",
    "Finding or following people who do not know of it, or did not agree.",
    "Telling sex, age, origin, health, feelings or character: it was not trained or measured for "
    "any of them, and what its embeddings give away of them is a risk, not a use.",
    "Keeping out recordings that are played back, faces on a screen, or voices and faces that a "
    "program made: it has no defence against them.",
    "People, languages, microphones or cameras unlike those above, before you have measured it on "
    "your own (`avkd score`, `avkd card`).",
)
BIOMETRIC = (
    "An embedding of a voice or a face says who somebody is. It is biometric data, in the European "
    "Union of a special category (GDPR, article 9), whoever made it and however short it is: it "
    "needs a lawful reason, and is stored, shared and deleted like the recording that it is of. A "
    "person's name need not be in a file of embeddings for it to be about that person. This file "
    "and the run hold keyed digests of whom it was trained on in place of names, unless "
    "`--keep-names` was asked for; whoever has the run can test a guess."
)
CITATION = """```bibtex
@inproceedings{zhang2021knowledge,
  author    = {Zhang, L. and Chen, Z. and Qian, Y.},
  title     = {Knowledge distillation from multi-modality to single-modality for person
               verification},
  booktitle = {Interspeech},
  year      = {2021},
}
```"""
FEWEST = 10  # persons of a group whose rates say something of the group


def to_markdown(facts: Facts) -> str:
    """Return a card.

    Args:
        facts: as `steps.card_facts` writes them.
    """
    parts = [
        f"# {title(facts)}",
        opening(facts),
        "## Trained on",
        "\n".join(training(facts)),
        *shares(facts),
        "## How it was trained",
        "\n".join(method(facts)),
        settings(facts),
        "## How well it does",
        *performance(facts),
        "## Where it fails",
        *failures(facts),
        "## What it must not be used for",
        "\n".join(f"- {one}" for one in NOT_FOR),
        "## Embeddings are biometric data",
        BIOMETRIC,
        "## How to cite",
        f"The weights by their run, `{facts['fingerprint']}`, made by avkd "
        f"{facts.get('avkd') or '(version unknown)'}; the method by its paper:",
        CITATION,
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def title(facts: Facts) -> str:
    """Return its heading."""
    role = "Student" if facts["step"] == "distill" else "Teacher"
    return f"{role}: {kind_of(facts)[0]} ({facts['network']})"


def kind_of(facts: Facts) -> tuple[str, str]:
    """Return what a network is called, and what it takes."""
    modality = facts["modality"]
    return SENSES.get(modality, (f"a network of modality {modality}", "what its stores hold"))


def opening(facts: Facts) -> str:
    """Return what it is, in a sentence or two."""
    takes = kind_of(facts)[1]
    size = facts["settings"].get("embedding_size")
    weights = facts.get("weights")
    of = f", {weights:,} weights" if weights else ""
    licence = facts.get("licence") or "not stated; whoever hands the weights on says it"
    return (
        f"It takes {takes} and gives an embedding of {size} numbers{of}. Two embeddings are "
        f"compared by their cosine; what a score means only a calibration says (`avkd calibrate`)."
        f"\n\nLicence of the weights: {licence}."
    )


def training(facts: Facts) -> Iterator[str]:
    """Yield who and how much it was trained on."""
    of = facts["trained_on"]
    amount = [
        None if of.get("hours") is None else f"{of['hours']:,.2f} hours of sound",
        None if of.get("faces") is None else f"{of['faces']:,} faces",
    ]
    said = "".join(f", {one}" for one in amount if one)
    yield f"- {number(of['persons'])} people in {number(of['utterances'])} recordings{said}."
    if of["label"] != "person":
        yield f"- It tells {of['label']} apart ({number(of.get('classes'))} classes), not people."
    if of.get("named_by_teacher"):
        yield f"- The teacher alone named {of['named_by_teacher']:,} of these recordings."
    for name, one in facts.get("prepared", {}).items():
        kept = {key: value for key, value in one.items() if key in _PREPARED}
        yield (
            f"- {name}: by `{one['step']}`, " + ", ".join(f"{k} {v}" for k, v in kept.items()) + "."
        )


_PREPARED = ("features", "n_mels", "dtype", "detector", "mode", "fps", "disturb")


def shares(facts: Facts) -> Iterator[str]:
    """Yield a table for each column that was given of the training people."""
    columns = facts["trained_on"].get("columns") or {}
    if not columns:
        yield (
            "Sex, age and language of these people are not known here: their list was not given "
            "(`--list` in training, or `avkd card RUN --people LIST.jsonl`)."
        )
    for name, groups in columns.items():
        whole = sum(one["utterances"] for one in groups.values()) or 1
        rows = [
            (
                value or "not given",
                one["persons"],
                one["utterances"],
                f"{100 * one['utterances'] / whole:.1f} %",
            )
            for value, one in groups.items()
        ]
        yield table((name, "people", "recordings", "share"), rows)


def method(facts: Facts) -> Iterator[str]:
    """Yield how it was trained, and on whose work it rests."""
    teacher = facts.get("teacher")
    if teacher:
        yield f"- Taught by {described(teacher)}."
    for one in facts.get("rests_on") or ():
        yield f"- Rests on {described(one)}."
    if not teacher:
        yield "- Without a teacher: by labels alone."
    yield f"- Run `{facts['fingerprint']}`, by `avkd {facts['step']}`."


def described(store: Mapping[str, Any]) -> str:
    """Return what a store of embeddings is called."""
    what = " ".join(filter(None, (store.get("modality"), store.get("role"))))
    run = store.get("run")
    whose = f"run `{run}`" if run else f"imported, store `{store['fingerprint']}`"
    return (
        f"embeddings of {what or 'another network'} ({whose}), {store['utterances']:,} recordings"
    )


def settings(facts: Facts) -> str:
    """Return all settings, folded."""
    rows = [(f"`{name}`", f"`{value}`") for name, value in sorted(facts["settings"].items())]
    inner = table(("setting", "value"), rows)
    return f"<details><summary>All settings</summary>\n\n{inner}\n\n</details>"


def performance(facts: Facts) -> Iterator[str]:
    """Yield its figures, on the lists that it was tried on."""
    best = facts.get("validation")
    if best:
        yield (
            f"Validation in training: EER {100 * best['eer']:.3f} % at step "
            f"{best['step']:.0f}. The best of all epochs was taken: too good for strangers."
        )
    figures = facts.get("figures") or []
    if not figures:
        yield (
            "It was not tried on any list yet, or nobody said so: `avkd card RUN --scores "
            "NAME.scores` adds figures."
        )
        return
    priors = list(figures[0]["min_dcf"])
    head = ("list", "people", "trials", "EER in % (95 %)", *(f"minDCF {p} (95 %)" for p in priors))
    yield table(head, [figure_row(one, priors) for one in figures])
    yield "Intervals are over persons, whose trials come and go together."
    for one in figures:
        if one.get("seen"):
            yield f"**{one['list']}: {one['seen']}: its figures say nothing of strangers.**"


def figure_row(one: Mapping[str, Any], priors: Sequence[str]) -> tuple[str, ...]:
    """Return the figures of one list."""
    limits = one.get("intervals") or {}
    dcf = limits.get("min_dcf") or {}
    return (
        one["list"],
        number(one.get("persons")),
        f"{one['trials']:,}",
        with_limits(one["eer_percent"], limits.get("eer_percent"), 2),
        *(with_limits(one["min_dcf"].get(p), dcf.get(p), 3) for p in priors),
    )


def failures(facts: Facts) -> Iterator[str]:
    """Yield where it errs more often than elsewhere: by duration, noise and group."""
    tried = [one for one in facts.get("figures") or () if one.get("groups")]
    if not tried:
        yield (
            "Not measured. `avkd card RUN --scores NAME.scores --audio STORE --people LIST.jsonl` "
            "breaks errors down by duration, noise and groups of people; until then take it that "
            "short, noisy and unfamiliar recordings fail more often."
        )
    for one in tried:
        yield (
            f"On {one['list']}, all decided at one threshold, that of its EER "
            f"({one['threshold']:.4f}). Of a trial's two sides the worse one counts."
        )
        for name, rows in one["groups"].items():
            yield table(
                (name, "people", "targets", "missed in %", "nontargets", "false alarms in %"),
                [group_row(row) for row in rows],
            )
            if sentence := worst(name, rows):
                yield sentence


def group_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return one group; few persons have no rates, which would be about them."""
    rates = [
        "–" if few(row) or row[key] is None else f"{row[key]:.2f}"
        for key in ("miss_percent", "false_alarm_percent")
    ]
    return (
        row["name"],
        number(row["persons"]),
        number(row["targets"]),
        rates[0],
        number(row["nontargets"]),
        rates[1],
    )


def few(row: Mapping[str, Any]) -> bool:
    """Return whether a group has too few persons to say something of it."""
    return row["persons"] < FEWEST


def worst(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Return which group is missed most, where there are several to compare."""
    known = [row for row in rows if not few(row) and row["miss_percent"] is not None]
    if len(known) < 2:
        return ""
    high = max(known, key=lambda row: row["miss_percent"])
    low = min(known, key=lambda row: row["miss_percent"])
    if high["miss_percent"] == low["miss_percent"]:
        return ""
    return (
        f"By {name} people are missed most often at {high['name']} ({high['miss_percent']:.2f} %), "
        f"least at {low['name']} ({low['miss_percent']:.2f} %); no interval says here whether that "
        "is chance."
    )


def with_limits(value: float | None, limits: Sequence[float] | None, digits: int) -> str:
    """Return a figure and its interval."""
    if value is None:
        return "–"
    if not limits:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} ({limits[0]:.{digits}f} to {limits[1]:.{digits}f})"


def number(value: int | None) -> str:
    """Return a count."""
    return "unknown" if value is None else f"{value:,}"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(escaped(one) for one in row) + " |" for row in cells)


def escaped(cell: object) -> str:
    """Return a cell that ends no cell."""
    return str(cell).replace("|", "\\|").replace("\n", " ")
