"""Tables of arranged results: those of the page, and tables.md and tables.tex whole. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from avkd_cli.analysis.filling import measure_of
from avkd_cli.analysis.render import as_latex, as_markdown, document
from avkd_cli.analysis.table import NOTHING, Cell, Part, Table, number, table
from avkd_cli.analysis.tables import by_cell, list_groups, paper_of, shared_signatures, tables_on
from avkd_cli.papers.form import MEASURES

DIGITS = 3  # of error rates, as papers print them
MISSING = "A dash in a row: no figure of ours is here."
NOTHING_OF_OURS = "Nothing of ours is here: the printed figures only."
Certain = Collection[tuple[str, str]]  # (system, list) whose change has an interval without 0


def paper_table(
    arranged: Mapping, one: Mapping, digits: int | None = None, certain: Certain | None = None
) -> Table:
    """Return one of `arranged["tables"]`: ours, the best of each column marked, and the printed.

    Args:
        digits: decimals of error rates; None: as the measure has them.
        certain: changes from the table's baseline to mark; None shows no changes.
    """
    shown = certain if one["baseline"] else None
    places = range(len(one["columns"]))
    columns = [each for place in places for each in _columns(one, place, digits, shown)]
    head = [one["head"], *(label for label, _ in columns)]
    rows = zip([row["label"] for row in one["rows"]], *(cells for _, cells in columns), strict=True)
    return table(head, rows, one["title"], _notes(arranged, one, shown))


def _columns(
    one: Mapping, place: int, digits: int | None, certain: Certain | None
) -> Iterator[tuple[str, list[Cell]]]:
    """Yield the head and the cells of each column that a column of figures becomes."""
    column, cells = one["columns"][place], [row["cells"][place] for row in one["rows"]]
    measure = measure_of(column)
    if measure is None:
        yield column["label"], [Cell(each["printed"] or NOTHING) for each in cells]
        return
    form = f".{digits if digits and column['measure'] == 'eer_percent' else measure.digits}f"
    form = f"+{form}" if column["relative"] else form
    ours = [each["value"] for each in cells]
    best = _best(ours, measure.better) if not column["relative"] else None
    marks = {} if best is None else {best: "best"}
    yield column["label"], [number(value, form, marks.get(value, "")) for value in ours]
    if certain is not None:
        yield "change", _changes(one, place, column, certain)
    if any(each["printed"] for each in cells):
        yield "printed", [_printed(each["printed"]) for each in cells]


def _best(values: Sequence[float | None], better: int) -> float | None:
    """Return the best of several; None where there is nothing to compare."""
    known = [one for one in values if one is not None]
    return better * max(better * one for one in known) if len(known) > 1 else None


def _changes(one: Mapping, place: int, column: Mapping, certain: Certain) -> list[Cell]:
    """Return how far each row is from the baseline's."""
    found = {row["system"]: row["cells"][place]["value"] for row in one["rows"]}
    base = found.get(one["baseline"])
    changes = []
    for row in one["rows"]:
        value, system = row["cells"][place]["value"], row["system"]
        known = value is not None and base is not None and system != one["baseline"]
        style = "best" if (system, column["on"]) in certain else ""
        changes.append(number(value - base if known else None, "+.2f", style if known else ""))
    return changes


def _printed(text: str | None) -> Cell:
    if text is None:
        return Cell(NOTHING)
    try:
        return Cell(text, float(text), "printed")
    except ValueError:  # words, or a slip of the print
        return Cell(text, None, "printed")


def _notes(arranged: Mapping, one: Mapping, certain: Certain | None) -> list[str]:
    labels = dict.fromkeys(m.label for c in one["columns"] if (m := measure_of(c)))
    said = [f"{'; '.join(labels)}; the best of ours in each column is bold."]
    if certain is not None:
        beyond = "; bold where its interval excludes 0" if certain else ""
        said.append(f"Change: percentage points from the baseline{beyond}.")
    said[0] = said[0][0].upper() + said[0][1:]
    cells = [cell for row in one["rows"] for cell in row["cells"]]
    if any(cell["printed"] for cell in cells) and arranged["printed"]["note"]:
        note = arranged["printed"]["note"]
        said.append(f"{note[0].upper()}{note[1:]}.")
    ours = [row["cells"] for row in one["rows"] if not row["of_the_paper_alone"]]
    if any(cell["value"] is None for row in ours for cell in row):
        said.append(MISSING if one["ours"] else NOTHING_OF_OURS)
    return [" ".join(said), *one["notes"]]


def dcf_table(arranged: Mapping) -> Table:
    """Return the minimum detection costs of all systems."""
    cells, paper = by_cell(arranged["results"]), paper_of(arranged)
    priors = list(dict.fromkeys(p for one in cells.values() for p in one["min_dcf"]))
    head = ["system", *(f"{one['label']}, P={p}" for one in arranged["lists"] for p in priors)]
    rows = []
    for name in sorted({key[0] for key in cells}, key=paper.order):
        found = [cells.get((name, one["list"])) for one in arranged["lists"]]
        costs = [one and one["min_dcf"].get(p) for one in found for p in priors]
        rows.append([paper.label(name), *(number(cost, ".4f") for cost in costs)])
    note = "minDCF: least detection cost at a prior P of target trials, normalised, costs 1."
    return table(head, rows, "Detection cost", [note])


def interval_table(arranged: Mapping, differences: Sequence[Mapping]) -> Table:
    """Return every EER and every difference with its interval."""
    changes = by_cell(differences)
    head = ["system", "list", "EER, %", "from", "to", "change", "from", "to", "p"]
    rows = []
    for one in arranged["results"]:
        if one.get("eer_interval"):
            eers = [number(v, ".2f") for v in (one["eer_percent"], *one["eer_interval"])]
            label = paper_of(arranged).list_label(one["list"])
            cells: list[Cell | None] = [None] * 4
            if change := changes.get((one["system"], one["list"])):
                numbers = (change["difference"], *change["interval"])
                cells = [*(number(v, "+.2f") for v in numbers), number(change["p"], ".3f")]
            rows.append([one["label"], label, *eers, *cells])
    return table(head, rows, align="llr")


def figure_intervals(arranged: Mapping) -> Table:
    """Return every further figure that has an interval."""
    return _figure_rows(arranged, [one for one in arranged["figures"] if "low" in one], "")


def list_table(arranged: Mapping) -> Table:
    """Return how many trials each list has."""
    head = ["list", "trials", "target", "nontarget", "counts of the official VoxCeleb1 list"]
    keys = ("label", "trials", "targets", "nontargets")
    rows = [
        [*(one[key] for key in keys), "yes" if one["official"] else "no"]
        for one in arranged["lists"]
    ]
    return table(head, rows, "Trials")


def figure_table(arranged: Mapping) -> Table | None:
    """Return the further figures that no table of the paper has a place for; None for none."""
    unplaced = [one for one in arranged["figures"] if not one["placed"]]
    return _figure_rows(arranged, unplaced, "Further figures") if unplaced else None


def _figure_rows(arranged: Mapping, figures: Sequence[Mapping], title: str) -> Table:
    paper, rows = paper_of(arranged), []
    for one in figures:
        name, known = one["measure"], MEASURES.get(one["measure"])
        digits = known.digits if known else 2 if name.endswith("_percent") else 4
        numbers = [number(one.get(key), f".{digits}f") for key in ("value", "low", "high")]
        words = [paper.label(one["system"]), paper.list_label(one["on"])]
        rows.append([*words, known.label if known else name, *numbers])
    return table(["system", "on", "measure", "value", "from", "to"], rows, title, align="lllr")


def signature_table(arranged: Mapping) -> Table:
    """Return the line that says how figures were computed, for each list and its systems."""
    rows = [
        [paper_of(arranged).list_label(name), ", ".join(labels), Cell(text, style="code")]
        for name, labels, text in shared_signatures(arranged)
    ]
    note = "How figures were computed, in one line to paste under a table."
    return table(["list", "systems", "signature"], rows, "Signatures", [note], align="lllr")


def results_parts(arranged: Mapping) -> Iterator[Part]:
    """Yield all tables, the corpus statement first and last."""
    statement = f"**{arranged['statement']}**" if arranged["statement"] else ""
    yield "# Results"
    yield statement
    yield from (paper_table(arranged, one, DIGITS) for one in _tables(arranged))
    if arranged["results"]:
        yield dcf_table(arranged)
        yield list_table(arranged)
    yield figure_table(arranged) or ""
    yield _signatures(arranged)
    yield statement


def to_markdown(arranged: Mapping) -> str:
    """Return all tables as Markdown."""
    return document(results_parts(arranged), as_markdown) + "\n"


def _signatures(arranged: Mapping) -> str:
    """Return the signatures as a list of lines, not a table: they hold bars, and are copied."""
    label = paper_of(arranged).list_label
    lines = [
        f"- {label(name)} ({len(labels)} systems): `{text}`"
        for name, labels, text in shared_signatures(arranged)
    ]
    return "## Signatures\n\n" + "\n".join(lines) if lines else ""


def to_latex(arranged: Mapping) -> str:
    """Return the paper's tables for a paper (booktabs), printed figures in brackets."""
    statement = f"% {arranged['statement']}\n" if arranged["statement"] else ""
    note = paper_of(arranged).note
    said = f"% in brackets: {note}\n" if note else ""
    parts = [as_latex(paper_table(arranged, one, DIGITS)) for one in _tables(arranged)]
    return statement + said + "\n" + "\n\n".join(parts) + "\n"


def _tables(arranged: Mapping) -> list[dict]:
    groups = list_groups(arranged) or {"main": []}
    return [one for group in groups for one in tables_on(arranged, group)]
