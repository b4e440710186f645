"""What `avkd corpus trials` does: draw a trial list from a list of utterances."""

from pathlib import Path

from avkd_cli.corpora import trials
from avkd_cli.errors import InputError, some
from avkd_cli.steps.corpus import say, write_text
from avkd_cli.storage import durable
from avkd_cli.storage.utterances import Utterance, read_utterances, value_of

SENSES = {  # which keys of a line give a sense
    "audio": ("audio", "video"),
    "visual": ("images", "video"),
    "video": ("video",),
    "images": ("images",),
}


def draw_trials(
    source: str,
    output: Path | None,
    *,
    targets: int | None,
    nontargets: int | None,
    same_sex: bool,
    cross_session: bool,
    split: str,
    need: tuple[str, ...],
    split_column: str,
    limit: int,
    seed: int,
    quiet: bool,
) -> None:
    """Draw a trial list from a list of utterances and write it in VoxCeleb's form.

    Args:
        source: the list, or "-".
        output: None for stdout.
        targets: how many; None: all that are possible.
        nontargets: how many; None: as many as targets.
        same_sex: nontargets are of one sex.
        cross_session: targets are of two sessions.
        split: take only utterances of this split; "" for all.
        need: take only utterances that have these senses, of `SENSES`.
        split_column: column of the list that `split` is a value of.
        limit: most trials that are drawn.
        seed: which list of the possible ones.
        quiet: say nothing.

    Raises:
        InputError: too few trials are possible or too many wanted, or a person, sex or session is
            unknown.
    """
    rule = trials.Rule(same_sex, cross_session)
    sides = [
        trials.Candidate(u.id, u.person, u.session, u.sex)
        for u in candidates(source, split, split_column, need, cross_session, quiet)
    ]
    possible = trials.count_trials(sides, rule)
    targets = possible[0] if targets is None else targets
    nontargets = min(targets, possible[1]) if nontargets is None else nontargets
    announce(source, (targets, nontargets), possible, len(sides), seed, limit, quiet)
    drawn = trials.draw_trials(sides, rule, targets, nontargets, seed)
    write_drawn(source, drawn, len(sides), output, quiet)


def announce(
    source: str,
    wanted: tuple[int, int],
    possible: tuple[int, int],
    n_utterances: int,
    seed: int,
    limit: int,
    quiet: bool,
) -> None:
    """Say how many targets and nontargets will be drawn, of how many, before any is drawn.

    Raises:
        InputError: more than the limit.
    """
    targets, nontargets = wanted
    if not quiet:
        say(
            f"{targets + nontargets:,} trials: {targets:,} of {possible[0]:,} possible targets, "
            f"{nontargets:,} of {possible[1]:,} nontargets, {n_utterances:,} utterances, "
            f"seed {seed}"
        )
    if targets + nontargets > limit:
        raise InputError(
            f"{source}: {targets + nontargets:,} trials, at most {limit:,} are drawn; ask for "
            "fewer with --targets and --nontargets, or raise --limit"
        )


def write_drawn(
    source: str, drawn: list[trials.Trial], n_utterances: int, output: Path | None, quiet: bool
) -> None:
    """Write trials in VoxCeleb's form and say where.

    Raises:
        InputError: there are none.
    """
    if not drawn:
        raise InputError(f"{source}: no trial is possible among {n_utterances} utterances")
    text = "".join(f"{label} {enrol} {test}\n" for label, enrol, test in drawn)
    write_text(text, output)
    if not quiet:
        say(f"written: {output or 'stdout'}, sha256:{durable.sha256_bytes(text.encode())[:12]}")


def candidates(
    source: str,
    split: str,
    split_column: str,
    need: tuple[str, ...],
    cross_session: bool,
    quiet: bool,
) -> list[Utterance]:
    """Return the utterances that may be sides of trials.

    Raises:
        InputError: nobody of the split or with the senses; a person or session is unknown.
    """
    found = read_utterances(source)
    for reject in found.rejects[:3]:
        say(f"warning: line {reject['line']} left out: {reject['code']}: {reject['detail']}")
    if len(found.rejects) > 3:
        say(f"warning: {len(found.rejects) - 3:,} more lines left out")
    chosen = [u for u in found.utterances if not split or value_of(u, split_column) == split]
    if not chosen:
        splits = sorted({value_of(u, split_column) or "none" for u in found.utterances})
        raise InputError(f"{found.name}: nobody of split {split!r}; there are {some(splits)}")
    chosen = _with_senses(found.name, chosen, need, quiet)
    for utterance in chosen:
        if not utterance.person or (cross_session and not utterance.session):
            what = "session (for --cross-session)" if utterance.person else "person"
            raise InputError(f"{found.name}: {utterance.id!r} has no {what}; complete the list")
    return chosen


def _with_senses(
    name: str, utterances: list[Utterance], need: tuple[str, ...], quiet: bool
) -> list[Utterance]:
    """Return those that have every sense of `need`; say how many have not, and who is lost."""
    kept = utterances
    for sense in need:
        having = [u for u in kept if any(getattr(u, key) for key in SENSES[sense])]
        if not having:
            raise InputError(f"{name}: no utterance has {sense} (--need {','.join(need)})")
        if len(having) < len(kept) and not quiet:
            say(f"{len(kept) - len(having):,} utterances without {sense} left out (--need)")
        kept = having
    if lost := sorted({u.person for u in utterances} - {u.person for u in kept}):
        say(f"warning: {len(lost):,} people have none left: {some(lost)}")
    return kept
