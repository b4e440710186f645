"""Results as a person reads them on a terminal. Pure: the dicts of the steps in, text out."""

from collections.abc import Sequence

from avkd_cli.analysis.comparison import p_text
from avkd_cli.analysis.render import as_text
from avkd_cli.analysis.table import Table, table


def count(number: int) -> str:
    """Return a count with thousands set apart."""
    return f"{number:,}"


def percent(fraction: float | None) -> str:
    """Return a fraction in percent, or a dash where there is none."""
    return "–" if fraction is None else f"{100 * fraction:.2f} %"


def venn_text(result: dict) -> str:
    """Return the systems, the two-by-two table of a and b, and the other regions."""
    head = f"{count(result['trials'])} trials: {count(result['targets'])} target, " + (
        f"{count(result['nontargets'])} nontarget"
    )
    parts = [head, _systems_text(result["systems"]), _square_text(result)]
    parts += [_also_right_text(key, value) for key, value in result.items() if key.startswith(ALSO)]
    if len(result["systems"]) > 2:
        parts.append(_regions_text(result))
    if result.get("persons"):
        parts.append(_persons_text(result["persons"]))
    return "\n\n".join(parts)


ALSO = "newly_right_that_"


def _systems_text(systems: dict) -> str:
    head = ["", "scores", "decided at", "threshold", "misses", "false alarms", "wrong"]
    rows: list[list[object]] = []
    for letter, one in systems.items():
        threshold = None if one["threshold"] is None else f"{one['threshold']:.6g}"
        errors, wrong = (one["misses"], one["false_alarms"]), percent(one["error_rate"])
        rows.append([letter, one["name"], one["rule"], threshold, *errors, wrong])
    return as_text(table(head, rows, left=3))


def _square_text(result: dict) -> str:
    rows = [
        ["a right", result["both_right"], "", result["newly_wrong"], "newly wrong"],
        ["a wrong", result["newly_right"], "newly right", result["both_wrong"], ""],
    ]
    return as_text(table(["", "b right", "", "b wrong", ""], rows))


def _also_right_text(key: str, also: dict) -> str:
    letter = key.removeprefix(ALSO)[0]
    return (
        f"of the newly right, {letter} has {count(also['trials'])} right ({percent(also['share'])})"
    )


def _regions_text(result: dict) -> str:
    rows = []
    for one in result["regions"]:
        right, wrong = (" ".join(one[side]) or "–" for side in ("right", "wrong"))
        rows.append([right, wrong, one["trials"], percent(one["trials"] / result["trials"])])
    return as_text(table(["right for", "wrong for", "trials", "share"], rows, left=2))


def _persons_text(persons: dict) -> str:
    lines = [
        f"of {count(persons['total'])} persons {count(persons['gaining'])} gain and "
        f"{count(persons['losing'])} lose"
    ]
    for key in ("most_gaining", "most_losing"):
        if persons[key]:
            named = ", ".join(f"{one['person']} {one['gain']:+d}" for one in persons[key])
            lines.append(f"{key.replace('_', ' ')}: {named}")
    return "\n".join(lines)


def metrics_text(result: dict) -> str:
    """Return one row a score file, further figures where there are, and the signatures."""
    priors = list(result["files"][0]["min_dcf"])
    head = ["scores", "EER, %", *(f"minDCF {p}" for p in priors), "target", "nontarget"]
    rows = []
    for one in result["files"]:
        sure = one.get("intervals")
        dcf = [limited(one["min_dcf"][p], sure and sure["min_dcf"][p], ".4f") for p in priors]
        eer = limited(one["eer_percent"], sure and sure["eer_percent"])
        rows.append([one["name"], eer, *dcf, one["targets"], one["nontargets"]])
    parts = [as_text(table(head, rows))]
    if "act_dcf" in result["files"][0]:  # not of a DET
        parts += [as_text(_match_table(result)), as_text(_ratio_table(result, priors))]
        parts.append(as_text(_threshold_table(result, priors)))
    if any("intervals" in one for one in result["files"]):
        parts.append(f"95 % intervals from {count(result['resamples'])} draws of persons")
    notes = dict.fromkeys(text for one in result["files"] for text in one.get("notes", ()))
    parts += [f"Note: {text}." for text in notes]
    return "\n\n".join([*parts, "\n".join(one["signature"] for one in result["files"])])


def _match_table(result: dict) -> Table:
    """Return the miss rate at each false-match rate, in percent, and the AUC."""
    fmrs = list(result["files"][0]["fnmr_percent_at_fmr"])
    rows = []
    for one in result["files"]:
        sure, values = one.get("intervals"), one["fnmr_percent_at_fmr"]
        found = [limited(values[fmr], sure and sure["fnmr_percent_at_fmr"][fmr]) for fmr in fmrs]
        rows.append([one["name"], *found, limited(one["auc"], sure and sure["auc"], ".5f")])
    return table(["FNMR, %", *(f"at FMR {fmr}" for fmr in fmrs), "AUC"], rows)


def _ratio_table(result: dict, priors: Sequence[str]) -> Table:
    """Return what log-likelihood ratios cost, and would cost calibrated at best."""
    head = ["as log-likelihood ratios", "minCllr", "Cllr", *(f"actDCF {p}" for p in priors)]
    rows = []
    for one in result["files"]:
        sure = one.get("intervals")
        costs = [one["act_dcf"][p] for p in priors]
        limits = [sure and sure["act_dcf"][p] for p in priors]
        values = [one["min_cllr"], one["cllr"], *costs]
        limits = [sure and sure["min_cllr"], sure and sure["cllr"], *limits]
        cells = [
            decimal(value) if value is None else limited(value, each, ".4f")
            for value, each in zip(values, limits, strict=True)
        ]
        rows.append([one["name"], *cells])
    return table(head, rows)


def _threshold_table(result: dict, priors: Sequence[str]) -> Table:
    """Return from which score on each figure accepts; those of actDCF are in nats (natural log)."""
    fmrs = list(result["files"][0]["fnmr_percent_at_fmr"])
    head = [
        "accepted from",
        "EER",
        *(f"minDCF {p}" for p in priors),
        *(f"FMR {fmr}" for fmr in fmrs),
        *(f"actDCF {p}, nats" for p in priors),
    ]
    rows = []
    for one in result["files"]:
        found = one["thresholds"]
        values = [one["eer_threshold"], *(found["min_dcf"][p] for p in priors)]
        values += [found["fnmr_at_fmr"][fmr] for fmr in fmrs]
        values += [found["act_dcf"][p] for p in priors]
        rows.append([one["name"], *("–" if v is None else f"{v:.6g}" for v in values)])
    return table(head, rows)


def limited(value: float, limits: Sequence[float] | None, form: str = ".3f") -> str:
    """Return a number, with the limits of its interval where there is one."""
    if not limits:
        return f"{value:{form}}"
    return f"{value:{form}} ({limits[0]:{form}} to {limits[1]:{form}})"


def compare_text(result: dict) -> str:
    """Return each figure of each system with its interval, differences, and what may be claimed."""
    rows = []
    for one in result["figures"]:
        name = one["label"] + (", %" if one["percent"] else "")
        form = ".3f" if one["percent"] else ".4f"
        base, *others = result["systems"]
        rows.append([name, base["name"], interval(base[one["key"]], form), "", "", ""])
        for system, change in zip(others, result["differences"], strict=True):
            found = change[one["key"]]
            cells = [interval(system[one["key"]], form), interval(found, f"+{form}")]
            cells += [f"{found['p']:.3f}", change["verdict"][one["name"]]]
            rows.append(["", system["name"], *cells])
    who = f"{result['persons']} persons" if result["persons"] is not None else "trials"
    head = f"{count(result['trials'])} trials; 95 % intervals from "
    head += f"{count(result['resamples'])} draws of {who}"
    claims = "\n".join(one["claim"] for one in result["differences"])
    decided = "\n".join(_decisions(one) for one in result["differences"])
    notes = "\n".join(f"Note: {text}." for text in result["notes"])
    heads = ["", "scores", "value (95 % interval)", "difference", "p", ""]
    shown = as_text(table(heads, rows, left=2))
    return "\n\n".join([head, shown, claims, decided, notes])


def _decisions(one: dict) -> str:
    """Return in words how two systems' decisions differ."""
    found = one["mcnemar"]
    return (
        f"{one['system']} corrects {count(found['corrected'])} trials of {one['against']} and "
        f"breaks {count(found['broken'])} (McNemar's p {p_text(found['p'])})."
    )


def interval(one: dict, form: str = ".3f") -> str:
    """Return a number with its interval."""
    return f"{one['value']:{form}} ({one['low']:{form}} to {one['high']:{form}})"


def identify_text(result: dict) -> str:
    """Return one row a rate with its interval, a column a system, and differences."""
    systems = result["systems"]
    keys = [key for key in systems[0] if key not in ("name", "cmc_percent")]
    rows = [[rate_label(key), *(_rated(one[key]) for one in systems)] for key in keys]
    size = result["gallery"]
    sizes = count(size["smallest"])
    sizes += "" if size["smallest"] == size["largest"] else f" to {count(size['largest'])}"
    head = f"{count(result['probes'])} probes of {count(result['persons'])} persons among {sizes} "
    head += f"candidates; guessing finds {result['chance_percent']:.2f} %"
    parts = [head, as_text(table(["%", *(one["name"] for one in systems)], rows))]
    for one in result["differences"]:
        found = one.get("rank_1")
        if found:
            change = f"{found['value']:+.2f} points ({found['low']:+.2f} to {found['high']:+.2f})"
            said = f"{change}, p {found['p']:.3f}: {found['verdict']}"
            parts.append(f"{one['system']} - {one['against']}, rank 1: {said}")
    return "\n\n".join([*parts, "\n".join(f"Note: {text}." for text in result["notes"])])


def rate_label(key: str) -> str:
    """Return the name of a rate for a person."""
    if key == "rank_1":
        return "rank 1 (accuracy)"
    return key.replace("match_1_of_", "1:").replace("_", " ")


def _rated(one: dict) -> str:
    limits = None if one["low"] is None else (one["low"], one["high"])
    return limited(one["percent"], limits, ".2f")


def breakdown_text(result: dict) -> str:
    """Return one row a group, all trials first."""
    head = [result["column"], "persons", "target", "nontarget", "missed", "false alarms", "own EER"]
    rows = []
    for one in (result["all"], *result["groups"]):
        shown = [_rate(one, key) for key in ("miss", "false_alarm", "eer")]
        counts = [one[key] for key in ("persons", "targets", "nontargets")]
        rows.append([one["name"], *counts, *shown])
    few = sum(one["suppressed"] for one in result["groups"])
    note = f"{few} groups of fewer than {result['min_persons']} persons have no figures."
    at = f"all decided at {result['threshold']:.6g} ({result['decided_at']})"
    notes = [note] if few else []
    if result.get("resamples"):
        notes.append(
            f"95 % intervals, in percent, from {count(result['resamples'])} draws of each "
            "group's persons"
        )
    return "\n\n".join([as_text(table(head, rows)), at, *notes, result["signature"]])


def _rate(one: dict, key: str) -> str:
    value = one[f"{key}_percent"]
    if value is None:
        return "–"
    limits = one.get("intervals", {}).get(f"{key}_percent")
    return limited(value, limits, ".2f") + ("" if limits else " %")


def curves_text(result: dict) -> str:
    """Return the first, the last and the extreme values of every quantity of every run."""
    rows = []
    for run in result["runs"]:
        for name, one in run["series"].items():
            values = one["value"]
            numbers = (values[0], values[-1], min(values), max(values))
            rows.append([run["name"], name, one["step"][-1], *(f"{v:.4g}" for v in numbers)])
    head = ["run", "quantity", "steps", "first", "last", "lowest", "highest"]
    return as_text(table(head, rows, left=2))


def correlation_text(result: dict) -> str:
    """Return one row a pair, one row a store, and the note on the basis."""
    keys = ("pcc_per_segment", "pcc_pooled", "pcc_per_dimension", "linear_cka")
    pairs = [
        [f"{one['a']} - {one['b']}", one["segments"]]
        + [decimal(one[key]) for key in (*keys, "mean_cosine_distance")]
        for one in result["pairs"]
    ]
    head = ["pair", "segments", "PCC/segment", "pooled", "/dimension", "CKA", "1 - cosine"]
    shown = [as_text(table(head, pairs))] if pairs else []
    keys = ("alignment", "uniformity", "within_person_variance", "between_person_variance")
    stores = [
        [one["name"], *(one[key] for key in ("segments", "persons", "dimensions"))]
        + [decimal(one[key]) for key in keys]
        for one in result["stores"]
    ]
    head = ["store", "segments", "persons", "size", "alignment", "uniformity", "within", "between"]
    return "\n\n".join([*shown, as_text(table(head, stores)), f"Note: {result['note']}."])


def tsne_text(result: dict) -> str:
    """Return one row a store, and the rule that outliers are counted by."""
    rows = [
        [one["name"], one["outliers"], percent(one["share"])]
        + [decimal(one[key]) for key in ("mean_distance", "standard_deviation")]
        for one in result["stores"]
    ]
    columns = ["store", "outliers", "share", "mean distance", "deviation"]
    head = f"{count(result['recordings'])} recordings of {count(result['persons'])} persons"
    if result["hard"]:
        columns.append("of hard ones")
        for row, one in zip(rows, result["stores"], strict=True):
            row.append(f"{one['hard_outliers']} of {len(result['hard'])}")
    return "\n\n".join([head, as_text(table(columns, rows)), f"Outlier: {result['rule']}."])


def decimal(value: float | None) -> str:
    """Return a number with four decimals, or a dash where there is none."""
    return "–" if value is None else f"{value:.4f}"


def report_text(result: dict) -> str:
    """Return where the page is and what it says in words."""
    said = [f"- {text}" for text in result["words"]]
    statement = [result["statement"]] if result["statement"] else []
    return "\n".join([*statement, *said, f"{result['results']} results: {result['path']}"])


def strata_text(result: dict) -> str:
    """Return a row a stratum for each score file, with what is said of it."""
    parts = []
    for one in result["files"]:
        rows, said = [], []
        for row in one["strata"]:
            sure = row.get("intervals")
            figures = [
                "–" if row[key] is None else limited(row[key], sure and sure[key])
                for key in ("eer_percent", "auc_percent")
            ]
            counts = (row["targets"], row["nontargets"], row["persons"])
            rows.append([row["stratum"], *figures, *counts])
            if "said" in row:
                said.append(f"{row['stratum']}: {row['said']}")
            if row["unknown"]:
                said.append(f"{row['stratum']}: {', '.join(row['unknown'])} is unknown of some")
        head = [one["name"], "EER, %", "AUC, %", "target", "nontarget", "persons"]
        parts += [as_text(table(head, rows)), *said]
    return "\n\n".join([*parts, "\n".join(f"Note: {text}." for text in result["notes"])])


def cosines_text(result: dict) -> str:
    """Return a row a store: mean cosines within and between persons."""
    rows = []
    for one in result["stores"]:
        means = [one[key] for key in ("within", "between", "absolute_between")]
        shown = ["–" if value is None else f"{value:+.4f}" for value in means]
        rows.append([one["name"], *shown, one["recordings"], one["persons"]])
    head = ["store", "within", "between", "|between|", "recordings", "persons"]
    return "\n\n".join(
        [as_text(table(head, rows)), *(f"Note: {text}." for text in result["notes"])]
    )
