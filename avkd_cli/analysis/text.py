"""Results as a person reads them: the dicts of the steps in, paragraphs and tables out. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from avkd_cli.analysis.comparison import p_text
from avkd_cli.analysis.table import NOTHING, Part, Table, table

ALSO = "newly_right_that_"


def percent(fraction: float | None) -> str:
    """Return a fraction in percent, or a dash where there is none."""
    return NOTHING if fraction is None else f"{100 * fraction:.2f} %"


def decimal(value: float | None, form: str = ".4f") -> str:
    """Return a number with four decimals, or a dash where there is none."""
    return NOTHING if value is None else f"{value:{form}}"


def limited(value: float | None, limits: Sequence[float] | None, form: str = ".3f") -> str:
    """Return a number, with the limits of its interval where there is one."""
    if value is None or not limits:
        return decimal(value, form)
    return f"{value:{form}} ({limits[0]:{form}} to {limits[1]:{form}})"


def interval(one: dict, form: str = ".3f") -> str:
    """Return a number with its interval."""
    return limited(one["value"], (one["low"], one["high"]), form)


def rated(one: dict) -> str:
    """Return a percentage with its interval, where it has one."""
    return limited(one["percent"], one["low"] is not None and (one["low"], one["high"]), ".2f")


def notes(texts: Iterable[str]) -> str:
    """Return notes, one a line."""
    return "\n".join(f"Note: {text}." for text in texts)


def venn_parts(result: dict) -> Iterator[Part]:
    """Yield the systems, the two-by-two table of a and b, and the other regions."""
    yield (
        f"{result['trials']:,} trials: {result['targets']:,} target, "
        f"{result['nontargets']:,} nontarget"
    )
    head = ["", "scores", "decided at", "threshold", "misses", "false alarms", "wrong"]
    rows = []
    for letter, one in result["systems"].items():
        said = [one["name"], one["rule"], decimal(one["threshold"], ".6g")]
        wrong = [one["misses"], one["false_alarms"], percent(one["error_rate"])]
        rows.append([letter, *said, *wrong])
    yield table(head, rows, align="lllr")
    square = [
        ["a right", result["both_right"], "", result["newly_wrong"], "newly wrong"],
        ["a wrong", result["newly_right"], "newly right", result["both_wrong"], ""],
    ]
    yield table(["", "b right", "", "b wrong", ""], square)
    for key, also in result.items():
        if key.startswith(ALSO):
            has = f"{key.removeprefix(ALSO)[0]} has {also['trials']:,} right"
            yield f"of the newly right, {has} ({percent(also['share'])})"
    if len(result["systems"]) > 2:
        rows = [
            [" ".join(one[side]) or NOTHING for side in ("right", "wrong")]
            + [one["trials"], percent(one["trials"] / result["trials"])]
            for one in result["regions"]
        ]
        yield table(["right for", "wrong for", "trials", "share"], rows, align="llr")
    if persons := result.get("persons"):
        yield "\n".join(_gains(persons))


def _gains(persons: dict) -> Iterator[str]:
    gaining, losing = persons["gaining"], persons["losing"]
    yield f"of {persons['total']:,} persons {gaining:,} gain and {losing:,} lose"
    for key in ("most_gaining", "most_losing"):
        if persons[key]:
            named = ", ".join(f"{one['person']} {one['gain']:+d}" for one in persons[key])
            yield f"{key.replace('_', ' ')}: {named}"


def metrics_parts(result: dict) -> Iterator[Part]:
    """Yield one row a score file, further figures where there are, and the signatures."""
    files, priors = result["files"], list(result["files"][0]["min_dcf"])
    head = ["scores", "EER, %", *(f"minDCF {p}" for p in priors), "target", "nontarget"]
    rows = [
        [one["name"], *_sure(one, "eer_percent"), *_sure(one, "min_dcf", priors, ".4f")]
        + [one[key] for key in ("targets", "nontargets")]
        for one in files
    ]
    yield table(head, rows)
    if "act_dcf" in files[0]:  # not of a DET
        yield from _further(files, priors)
    if any("intervals" in one for one in files):
        yield f"95 % intervals from {result['resamples']:,} draws of persons"
    said = dict.fromkeys(text for one in files for text in one.get("notes", ()))
    yield from (notes([text]) for text in said)
    yield "\n".join(one["signature"] for one in files)


def _sure(one: dict, key: str, at: Sequence[str] = (), form: str = ".3f") -> list[str]:
    """Return a figure of a score file with its interval, one at each place where it has several."""
    value, limits = one[key], (one.get("intervals") or {}).get(key)
    if not at:
        return [limited(value, limits, form)]
    return [limited(value[place], limits and limits[place], form) for place in at]


def _further(files: Sequence[dict], priors: Sequence[str]) -> Iterator[Table]:
    """Yield miss rates and AUC; what log-likelihood ratios cost; what is accepted from where on."""
    fmrs = list(files[0]["fnmr_percent_at_fmr"])
    rows = [
        [one["name"], *_sure(one, "fnmr_percent_at_fmr", fmrs), *_sure(one, "auc", form=".5f")]
        for one in files
    ]
    yield table(["FNMR, %", *(f"at FMR {fmr}" for fmr in fmrs), "AUC"], rows)
    rows = []
    for one in files:
        cllrs = [cell for key in ("min_cllr", "cllr") for cell in _sure(one, key, form=".4f")]
        rows.append([one["name"], *cllrs, *_sure(one, "act_dcf", priors, ".4f")])
    head = ["as log-likelihood ratios", "minCllr", "Cllr", *(f"actDCF {p}" for p in priors)]
    yield table(head, rows)
    head = ["accepted from", "EER", *(f"minDCF {p}" for p in priors)]
    head += [*(f"FMR {fmr}" for fmr in fmrs), *(f"actDCF {p}, nats" for p in priors)]
    yield table(head, (_thresholds(one, priors, fmrs) for one in files))


def _thresholds(one: dict, priors: Sequence[str], fmrs: Sequence[str]) -> list[str]:
    """Return from which score on each figure accepts; those of actDCF are in nats (natural log)."""
    found = one["thresholds"]
    values = [one["eer_threshold"], *(found["min_dcf"][p] for p in priors)]
    values += [found["fnmr_at_fmr"][fmr] for fmr in fmrs] + [found["act_dcf"][p] for p in priors]
    return [one["name"], *(decimal(value, ".6g") for value in values)]


def compare_parts(result: dict) -> Iterator[Part]:
    """Yield each figure of each system with its interval, differences, and what may be claimed."""
    base, *others = result["systems"]
    who = "trials" if result["persons"] is None else f"{result['persons']} persons"
    yield (
        f"{result['trials']:,} trials; 95 % intervals from {result['resamples']:,} draws of {who}"
    )
    rows = []
    for one in result["figures"]:
        key, name = one["key"], one["label"] + (", %" if one["percent"] else "")
        form = ".3f" if one["percent"] else ".4f"
        rows.append([name, base["name"], interval(base[key], form), "", "", ""])
        for system, change in zip(others, result["differences"], strict=True):
            found = change[key]
            cells = [interval(system[key], form), interval(found, f"+{form}")]
            cells += [f"{found['p']:.3f}", change["verdict"][one["name"]]]
            rows.append(["", system["name"], *cells])
    yield table(["", "scores", "value (95 % interval)", "difference", "p", ""], rows, align="llr")
    yield "\n".join(one["claim"] for one in result["differences"])
    yield "\n".join(_decisions(one) for one in result["differences"])
    yield notes(result["notes"])


def _decisions(one: dict) -> str:
    """Return in words how two systems' decisions differ."""
    found = one["mcnemar"]
    return (
        f"{one['system']} corrects {found['corrected']:,} trials of {one['against']} and "
        f"breaks {found['broken']:,} (McNemar's p {p_text(found['p'])})."
    )


def identify_parts(result: dict) -> Iterator[Part]:
    """Yield one row a rate with its interval, a column a system, and differences."""
    systems, sizes = result["systems"], result["gallery"]
    among = " to ".join(dict.fromkeys(f"{sizes[key]:,}" for key in ("smallest", "largest")))
    yield (
        f"{result['probes']:,} probes of {result['persons']:,} persons among {among} "
        f"candidates; guessing finds {result['chance_percent']:.2f} %"
    )
    keys = [key for key in systems[0] if key not in ("name", "cmc_percent")]
    rows = [[rate_label(key), *(rated(one[key]) for one in systems)] for key in keys]
    yield table(["%", *(one["name"] for one in systems)], rows)
    yield from changes(result, "rank_1", "rank 1")
    yield notes(result["notes"])


def changes(result: dict, key: str, label: str) -> Iterator[str]:
    """Yield how far each system is from the first one, in points."""
    for one in result["differences"]:
        if found := one.get(key):
            change = f"{found['value']:+.2f} points ({found['low']:+.2f} to {found['high']:+.2f})"
            said = f"{change}, p {found['p']:.3f}: {found['verdict']}"
            yield f"{one['system']} - {one['against']}, {label}: {said}"


def rate_label(key: str) -> str:
    """Return the name of a rate for a person."""
    if key == "rank_1":
        return "rank 1 (accuracy)"
    return key.replace("match_1_of_", "1:").replace("_", " ")


def breakdown_parts(result: dict) -> Iterator[Part]:
    """Yield one row a group, all trials first."""
    head = [result["column"], "persons", "target", "nontarget", "missed", "false alarms", "own EER"]
    rows = [
        [*(one[key] for key in ("name", "persons", "targets", "nontargets"))]
        + [_rate(one, f"{key}_percent") for key in ("miss", "false_alarm", "eer")]
        for one in (result["all"], *result["groups"])
    ]
    yield table(head, rows)
    yield f"all decided at {result['threshold']:.6g} ({result['decided_at']})"
    if few := sum(one["suppressed"] for one in result["groups"]):
        yield f"{few} groups of fewer than {result['min_persons']} persons have no figures."
    if result.get("resamples"):
        yield (
            f"95 % intervals, in percent, from {result['resamples']:,} draws of each "
            "group's persons"
        )
    yield result["signature"]


def _rate(one: dict, key: str) -> str:
    limits = one.get("intervals", {}).get(key)
    return limited(one[key], limits, ".2f") + ("" if limits or one[key] is None else " %")


def strata_parts(result: dict) -> Iterator[Part]:
    """Yield a row a stratum for each score file, with what is said of it."""
    for one in result["files"]:
        head = [one["name"], "EER, %", "AUC, %", "target", "nontarget", "persons"]
        rows = [
            [row["stratum"], *_sure(row, "eer_percent"), *_sure(row, "auc_percent")]
            + [row[key] for key in ("targets", "nontargets", "persons")]
            for row in one["strata"]
        ]
        yield table(head, rows)
        for row in one["strata"]:
            if "said" in row:
                yield f"{row['stratum']}: {row['said']}"
            if row["unknown"]:
                yield f"{row['stratum']}: {', '.join(row['unknown'])} is unknown of some"
    yield notes(result["notes"])


def curves_parts(result: dict) -> Iterator[Part]:
    """Yield the first, the last and the extreme values of every quantity of every run."""
    rows = []
    for run in result["runs"]:
        for name, one in run["series"].items():
            values = one["value"]
            numbers = (values[0], values[-1], min(values), max(values))
            rows.append([run["name"], name, one["step"][-1], *(f"{v:.4g}" for v in numbers)])
    head = ["run", "quantity", "steps", "first", "last", "lowest", "highest"]
    yield table(head, rows, align="llr")


def report_parts(result: dict) -> Iterator[Part]:
    """Yield where the page is and what it says in words."""
    statement = [result["statement"]] if result["statement"] else []
    said = [f"- {text}" for text in result["words"]]
    yield "\n".join([*statement, *said, f"{result['results']} results: {result['path']}"])
