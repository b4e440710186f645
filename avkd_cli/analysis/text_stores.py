"""What stores hold, as a person reads it: embeddings, posteriors, weights of moments. Pure."""

from collections.abc import Iterator

from avkd_cli.analysis.table import Part, Table, table
from avkd_cli.analysis.text import changes, decimal, notes, percent, rated

CLASS_FIGURES = {
    "accuracy": "accuracy",
    "unweighted_accuracy": "unweighted accuracy",
    "macro_f1": "macro F1",
}


def correlation_parts(result: dict) -> Iterator[Part]:
    """Yield one row a pair, one row a store, and the note on the basis."""
    keys = "pcc_per_segment pcc_pooled pcc_per_dimension linear_cka mean_cosine_distance".split()
    pairs = [
        [f"{one['a']} - {one['b']}", one["segments"], *(decimal(one[key]) for key in keys)]
        for one in result["pairs"]
    ]
    if pairs:
        head = ["pair", "segments", "PCC/segment", "pooled", "/dimension", "CKA", "1 - cosine"]
        yield table(head, pairs)
    keys = "alignment uniformity within_person_variance between_person_variance".split()
    stores = [
        [*(one[key] for key in ("name", "segments", "persons", "dimensions"))]
        + [decimal(one[key]) for key in keys]
        for one in result["stores"]
    ]
    head = ["store", "segments", "persons", "size", "alignment", "uniformity", "within", "between"]
    yield table(head, stores)
    yield notes([result["note"]])


def tsne_parts(result: dict) -> Iterator[Part]:
    """Yield one row a store, and the rule that outliers are counted by."""
    yield f"{result['recordings']:,} recordings of {result['persons']:,} persons"
    hard = len(result["hard"])
    rows = [
        [one["name"], one["outliers"], percent(one["share"])]
        + [decimal(one[key]) for key in ("mean_distance", "standard_deviation")]
        + ([f"{one['hard_outliers']} of {hard}"] if hard else [])
        for one in result["stores"]
    ]
    head = ["store", "outliers", "share", "mean distance", "deviation"]
    yield table([*head, "of hard ones"] if hard else head, rows)
    yield f"Outlier: {result['rule']}."


def cosines_parts(result: dict) -> Iterator[Part]:
    """Yield a row a store: mean cosines within and between persons."""
    rows = [
        [one["name"]]
        + [decimal(one[key], "+.4f") for key in ("within", "between", "absolute_between")]
        + [one["recordings"], one["persons"]]
        for one in result["stores"]
    ]
    yield table(["store", "within", "between", "|between|", "recordings", "persons"], rows)
    yield from (notes([text]) for text in result["notes"])


def classify_parts(result: dict) -> Iterator[Part]:
    """Yield one row a figure with its interval, a column a system; confusions; differences."""
    systems = result["systems"]
    yield (
        f"{result['utterances']:,} utterances of {result['persons']:,} persons, "
        f"{len(result['classes'])} classes of {result['label']}; guessing has an unweighted "
        f"accuracy of {result['chance_percent']:.2f} %"
    )
    rows = []
    for key, label in CLASS_FIGURES.items():
        rows.append([label, *(rated(one[key]) for one in systems)])
        if any(len(one["folds"]) > 1 for one in systems):
            means = (f"{one['mean_over_folds'][key]:.2f}" for one in systems)
            rows.append([f"  mean of {len(systems[0]['folds'])} folds", *means])
    yield table(["%", *(one["name"] for one in systems)], rows)
    if len(result["classes"]) <= 12:
        yield from (_confusion(one, result["classes"]) for one in systems)
    yield from changes(result, "unweighted_accuracy", "unweighted accuracy")
    yield notes(result["notes"])


def _confusion(system: dict, classes: list[str]) -> Table:
    rows = []
    for number, (name, row) in enumerate(zip(classes, system["confusion"], strict=True)):
        recall = 100 * row[number] / sum(row) if sum(row) else None
        rows.append([name, *row, decimal(recall, ".1f")])
    return table([f"{system['name']}: is \\ taken for", *classes, "recall %"], rows)


def weights_parts(result: dict) -> Iterator[Part]:
    """Yield a row a store, a row a pair of them, and when the highest moments were."""
    yield f"{result['utterances']:,} utterances"
    rows = [
        [one["name"], one["moments"], f"{one['decided']:.3f}", percent(one["below_zero"])]
        for one in result["stores"]
    ]
    yield table(["store", "moments", "deviation / mean", "mean below 0"], rows)
    pairs = [
        [f"{one['a']} - {one['b']}", one["utterances"], one["persons"]]
        + [decimal(one[key], "+.3f") for key in ("correlation", "low", "high")]
        for one in result["pairs"]
    ]
    if pairs:
        yield table(["pair", "utterances", "persons", "correlation", "from", "to"], pairs)
    rows = [
        [one["id"], *(f"{series['highest_s']:.2f} s" for series in one["series"].values())]
        for one in result["shown"]
    ]
    if rows:
        yield table(["highest moment", *(one["name"] for one in result["stores"])], rows)
    yield from (notes([text]) for text in result["notes"])
