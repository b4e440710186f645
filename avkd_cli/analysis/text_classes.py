"""What `analyze classify` found, as a person reads it on a terminal. Pure."""

from avkd_cli.analysis.render import as_text
from avkd_cli.analysis.table import table
from avkd_cli.analysis.text import count, limited

LABELS = {
    "accuracy": "accuracy",
    "unweighted_accuracy": "unweighted accuracy",
    "macro_f1": "macro F1",
}


def classify_text(result: dict) -> str:
    """Return one row a figure with its interval, a column a system; confusions; differences."""
    systems = result["systems"]
    head = (
        f"{count(result['utterances'])} utterances of {count(result['persons'])} persons, "
        f"{len(result['classes'])} classes of {result['label']}; guessing has an unweighted "
        f"accuracy of {result['chance_percent']:.2f} %"
    )
    rows = []
    for key, label in LABELS.items():
        rows.append([label, *(_limited(one[key]) for one in systems)])
        if any(len(one["folds"]) > 1 for one in systems):
            means = (f"{one['mean_over_folds'][key]:.2f}" for one in systems)
            rows.append([f"  mean of {len(systems[0]['folds'])} folds", *means])
    parts = [head, as_text(table(["%", *(one["name"] for one in systems)], rows))]
    if len(result["classes"]) <= 12:
        parts += [_confusion(one, result["classes"]) for one in systems]
    for one in result["differences"]:
        if found := one.get("unweighted_accuracy"):
            change = f"{found['value']:+.2f} points ({found['low']:+.2f} to {found['high']:+.2f})"
            said = f"{change}, p {found['p']:.3f}: {found['verdict']}"
            parts.append(f"{one['system']} - {one['against']}, unweighted accuracy: {said}")
    return "\n\n".join([*parts, "\n".join(f"Note: {text}." for text in result["notes"])])


def _limited(one: dict) -> str:
    limits = None if one["low"] is None else (one["low"], one["high"])
    return limited(one["percent"], limits, ".2f")


def _confusion(system: dict, classes: list[str]) -> str:
    rows = []
    for number, (name, row) in enumerate(zip(classes, system["confusion"], strict=True)):
        recall = f"{100 * row[number] / sum(row):.1f}" if sum(row) else "–"
        rows.append([name, *row, recall])
    return as_text(table([f"{system['name']}: is \\ taken for", *classes, "recall %"], rows))
