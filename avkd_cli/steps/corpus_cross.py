"""What `avkd corpus trials --cross` does: draw trials of a voice and a face."""

import math
from pathlib import Path
from typing import Any

from avkd_cli.corpora.cross_trials import (
    CrossRule,
    PersonClip,
    Possible,
    check_traits,
    draw_cross_trials,
)
from avkd_cli.errors import InputError
from avkd_cli.steps.corpus import say
from avkd_cli.steps.corpus_trials import Drawing
from avkd_cli.storage.utterances import Utterance, value_of

TRAIN = "train"
USED = (TRAIN, "validation")  # who was trained on, and who chose the epoch


def draw_cross(
    source: str, output: Path | None, *, stratum: str, protocol: str | None, **asked: Any
) -> None:
    """Draw a list of trials `label voice face` and write it in VoxCeleb's form.

    Args:
        stratum: one of `strata.NEEDED`.
        protocol: None for whoever is in the list.
        asked: what else `Drawing` takes; a target's sides are a voice and a face.

    Raises:
        InputError: too few trials are possible or too many wanted; a person, session or trait is
            unknown; nobody fits the protocol; a stratum has no nontargets.
    """
    draw = Drawing(source, output, **asked)
    chosen = _by_protocol(draw, draw.candidates(""), protocol)
    clips = [_clip(source, one) for one in chosen]
    heard, seen = ({c.person for c in clips if getattr(c, name)} for name in ("heard", "seen"))
    if not draw.quiet and (lone := sorted(heard ^ seen)):
        say(f"warning: {len(lone):,} people have one sense only, such as {lone[0]!r}: no targets")
    check_traits(clips, stratum)
    rule = CrossRule(stratum, draw.cross_session)
    possible = Possible(clips, rule, 1), Possible(clips, rule, 0)
    if not possible[1].total and draw.nontargets != 0:
        raise InputError(
            f"{source}: stratum {stratum} has no nontargets: no voice and face of two of "
            f"{len({c.person for c in clips})} people agree in it; take a wider one"
        )
    numbers = draw.numbers((possible[0].total, possible[1].total), len(clips))
    draw.write(draw_cross_trials(possible, *numbers, draw.seed), len(clips))


def _by_protocol(draw: Drawing, everyone: list[Utterance], protocol: str | None) -> list[Utterance]:
    """Return the clips that the protocol tests."""
    source, split, column = draw.source, draw.split, draw.split_column
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
