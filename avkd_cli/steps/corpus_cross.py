"""What `avkd corpus trials --cross` does: draw trials of a voice and a face."""

import math
from pathlib import Path

from avkd_cli.corpora.cross_trials import (
    CrossRule,
    PersonClip,
    Possible,
    check_traits,
    draw_cross_trials,
)
from avkd_cli.errors import InputError
from avkd_cli.steps.corpus import say
from avkd_cli.steps.corpus_trials import announce, candidates, write_drawn
from avkd_cli.storage.utterances import Utterance, value_of

TRAIN = "train"
USED = (TRAIN, "validation")  # who was trained on, and who chose the epoch


def draw_cross(
    source: str,
    output: Path | None,
    *,
    stratum: str,
    protocol: str | None,
    targets: int | None,
    nontargets: int | None,
    cross_session: bool,
    split: str,
    need: tuple[str, ...],
    split_column: str,
    limit: int,
    seed: int,
    quiet: bool,
) -> None:
    """Draw a list of trials `label voice face` and write it in VoxCeleb's form.

    Args:
        source: list of utterances, or "-".
        output: None for stdout.
        stratum: what the people of a nontarget have in common, one of `strata.NEEDED`.
        protocol: seen-heard, unseen-unheard, or None for whoever is in the list.
        targets: how many; None: all that are possible.
        nontargets: how many; None: as many as targets.
        cross_session: a target's voice and face are of two sessions.
        split: take only utterances of this split; "" for all.
        need: take only utterances that have these senses.
        split_column: column of the list that `split` and `protocol` look at.
        limit: most trials that are drawn.
        seed: which list of the possible ones.
        quiet: say nothing.

    Raises:
        InputError: too few trials are possible or too many wanted; a person, session or trait is
            unknown; nobody fits the protocol; a stratum has no nontargets.
    """
    everyone = candidates(source, "", split_column, need, cross_session, quiet)
    chosen = _by_protocol(source, everyone, protocol, split, split_column)
    clips = [_clip(source, one) for one in chosen]
    _warn_of_one_sense(clips, quiet)
    check_traits(clips, stratum)
    rule = CrossRule(stratum, cross_session)
    possible = Possible(clips, rule, 1), Possible(clips, rule, 0)
    counts = possible[0].total, possible[1].total
    if not counts[1] and nontargets != 0:
        raise InputError(
            f"{source}: stratum {stratum} has no nontargets: no voice and face of two of "
            f"{len({c.person for c in clips})} people agree in it; take a wider one"
        )
    targets = counts[0] if targets is None else targets
    nontargets = min(targets, counts[1]) if nontargets is None else nontargets
    announce(source, (targets, nontargets), counts, len(clips), seed, limit, quiet)
    drawn = draw_cross_trials(possible, targets, nontargets, seed)
    write_drawn(source, drawn, len(clips), output, quiet)


def _by_protocol(
    source: str, everyone: list[Utterance], protocol: str | None, split: str, column: str
) -> list[Utterance]:
    """Return the clips that the protocol tests.

    Raises:
        InputError: nobody fits, or no clip is of split train where the protocol asks for it.
    """
    chosen = [u for u in everyone if not split or value_of(u, column) == split]
    if protocol is not None:
        trained = {u.person for u in everyone if value_of(u, column) == TRAIN}
        if not trained:
            raise InputError(
                f"{source}: no utterance has {column} {TRAIN!r}, so nobody is seen or unseen; "
                "name the column with --split-column, or leave --protocol"
            )
        seen = protocol == "seen-heard"
        chosen = [
            u for u in chosen if value_of(u, column) not in USED and (u.person in trained) == seen
        ]
    if not chosen:
        raise InputError(
            f"{source}: nobody is left of split {split or 'any'!r}, protocol {protocol or 'any'}; "
            "seen-heard wants clips of trained people that are not trained on (`avkd corpus "
            "folds --within person`)"
        )
    return chosen


def _clip(source: str, one: Utterance) -> PersonClip:
    """Return a line of the list as a side of trials; without media it has both senses."""
    nothing = not (one.audio or one.video or one.images)
    return PersonClip(
        one.id,
        one.person,
        one.session,
        heard=bool(nothing or one.audio or one.video),
        seen=bool(nothing or one.images or one.video),
        sex=one.sex,
        nationality=value_of(one, "nationality"),
        age=_age(source, one),
    )


def _age(source: str, one: Utterance) -> float:
    value = one.extra.get("age")
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 150:
        raise InputError(f"{source}: {one.id!r} has age {value!r}, wanted a number of years")
    return float(value)


def _warn_of_one_sense(clips: list[PersonClip], quiet: bool) -> None:
    """Say who can be in no target: heard only, or seen only."""
    heard, seen = ({c.person for c in clips if getattr(c, name)} for name in ("heard", "seen"))
    if not quiet and (lone := sorted(heard ^ seen)):
        say(f"warning: {len(lone):,} people have one sense only, such as {lone[0]!r}: no targets")
