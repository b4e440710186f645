"""What `avkd corpus trials` does: draw a trial list from a list of utterances."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Drawing:
    """What is asked of a list of trials: the options of `avkd corpus trials`, by their names."""

    source: str
    output: Path | None
    targets: int | None
    nontargets: int | None
    cross_session: bool
    split: str
    need: tuple[str, ...]
    split_column: str
    limit: int
    seed: int
    quiet: bool

    def candidates(self, split: str) -> list[Utterance]:
        """Return the utterances of a split that may be sides of trials."""
        found = read_utterances(self.source)
        for reject in found.rejects[:3]:
            say(f"warning: line {reject['line']} left out: {reject['code']}: {reject['detail']}")
        if len(found.rejects) > 3:
            say(f"warning: {len(found.rejects) - 3:,} more lines left out")
        splits = [value_of(one, self.split_column) for one in found.utterances]
        pairs = zip(found.utterances, splits, strict=True)
        chosen = [one for one, its in pairs if not split or its == split]
        if not chosen:
            there = some(sorted({one or "none" for one in splits}))
            raise InputError(f"{found.name}: nobody of split {split!r}; there are {there}")
        chosen = _with_senses(found.name, chosen, self.need, self.quiet)
        for utterance in chosen:
            if not utterance.person or (self.cross_session and not utterance.session):
                what = "session (for --cross-session)" if utterance.person else "person"
                raise InputError(f"{found.name}: {utterance.id!r} has no {what}; complete the list")
        return chosen

    def numbers(self, possible: tuple[int, int], n_utterances: int) -> tuple[int, int]:
        """Return how many targets and nontargets will be drawn, within the limit, and say it."""
        targets = possible[0] if self.targets is None else self.targets
        nontargets = self.nontargets
        if nontargets is None:
            nontargets = min(targets, possible[1])
        if not self.quiet:
            say(
                f"{targets + nontargets:,} trials: {targets:,} of {possible[0]:,} possible "
                f"targets, {nontargets:,} of {possible[1]:,} nontargets, {n_utterances:,} "
                f"utterances, seed {self.seed}"
            )
        if targets + nontargets > self.limit:
            raise InputError(
                f"{self.source}: {targets + nontargets:,} trials, at most {self.limit:,} are "
                "drawn; ask for fewer with --targets and --nontargets, or raise --limit"
            )
        return targets, nontargets

    def write(self, drawn: list[trials.Trial], n_utterances: int) -> None:
        """Write trials in VoxCeleb's form and say where."""
        if not drawn:
            raise InputError(f"{self.source}: no trial is possible among {n_utterances} utterances")
        text = "".join(f"{label} {enrol} {test}\n" for label, enrol, test in drawn)
        write_text(text, self.output)
        if not self.quiet:
            digest = durable.sha256_bytes(text.encode())[:12]
            say(f"written: {self.output or 'stdout'}, sha256:{digest}")


def draw_trials(source: str, output: Path | None, *, same_sex: bool, **asked: Any) -> None:
    """Draw a trial list from a list of utterances and write it in VoxCeleb's form.

    Args:
        asked: what else `Drawing` takes.

    Raises:
        InputError: too few trials are possible or too many wanted, or a person, sex or session is
            unknown.
    """
    draw = Drawing(source, output, **asked)
    rule = trials.Rule(same_sex, draw.cross_session)
    chosen = draw.candidates(draw.split)
    sides = sides_of(chosen)
    numbers = draw.numbers(trials.count_trials(sides, rule), len(sides))
    draw.write(trials.draw_trials(sides, rule, *numbers, draw.seed), len(sides))


def sides_of(utterances: Sequence[Utterance]) -> list[trials.Candidate]:
    """Return utterances as sides of trials."""
    return [trials.Candidate(u.id, u.person, u.session, u.sex) for u in utterances]


def possible_trials(utterances: Sequence[Utterance]) -> tuple[int, int, int | None]:
    """Return possible targets and nontargets, and targets of two sessions (None: not known)."""
    sides = sides_of(utterances)
    targets, nontargets = trials.count_trials(sides, trials.Rule())
    if not all(side.session for side in sides):
        return targets, nontargets, None
    return targets, nontargets, trials.count_trials(sides, trials.Rule(cross_session=True))[0]


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
