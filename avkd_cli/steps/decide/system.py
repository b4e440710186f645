"""A system that can be asked: a run of one sense, or a fusion with its senses and students."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from avkd_cli.errors import InputError, Rejected
from avkd_cli.steps.decide.decision import CANNOT_TELL, Decision, Odds, decide
from avkd_cli.steps.decide.evidence import Evidence, both
from avkd_cli.steps.decide.gallery import Gallery, Identification, identify
from avkd_cli.steps.decide.recordings import Recording
from avkd_cli.steps.decide.sense import Perception
from avkd_cli.storage.record import Record
from avkd_cli.verification.calibration import Calibration
from avkd_cli.verification.scoring import cosine_scores, enrolment_means, unit_rows

if TYPE_CHECKING:
    from avkd_cli.inputs.networks import Trained

PLAIN = "cosine none of {}"
"""The type of scores that `avkd score` says the cosines of a run's embeddings are."""
DOES = {"audio": "hears", "visual": "sees faces"}
ODD = ("clipped", "decode_errors", "over_range", "flat_image", "long_gap")
"""Warnings of the preparation that are told with a decision."""
WANTED = {"audio": "sound", "visual": "a face"}


@dataclass(frozen=True)
class Channel:
    """One way to embed a side.

    Args:
        by: what it is, in words, such as "the student that hears".
        senses: that it needs, one or both.
        fusion: of both senses' embeddings; None for one sense.
    """

    by: str
    senses: tuple[Perception, ...]
    fusion: "Trained | None" = None

    @property
    def names(self) -> tuple[str, ...]:
        """Senses, by name."""
        return tuple(one.name for one in self.senses)

    @property
    def fingerprint(self) -> str:
        """Of the run whose embeddings it gives."""
        return (self.fusion or self.senses[0]).fingerprint

    def embed(self, side: "Side") -> np.ndarray:
        """Return the embedding of a side, (d,) float32: of several recordings the mean."""
        given = {one.name: mean_of(one.embed(side.records(one))) for one in self.senses}
        if self.fusion is None:
            return next(iter(given.values()))
        from avkd_cli.inputs.passing import forward

        batch = {name: vector[None] for name, vector in given.items()}
        return forward(self.fusion.network, batch)[0]


def mean_of(rows: np.ndarray) -> np.ndarray:
    """Return the mean of embeddings as score --enrol-map takes it; of one itself."""
    return rows[0] if len(rows) == 1 else enrolment_means(rows, [np.arange(len(rows))])[0]


@dataclass
class Side:
    """One side of a question: its recordings, as each sense prepares them.

    Attributes:
        name: for messages. recordings: given.
        found: by preparation, what is usable. why: by sense, what is not.
    """

    name: str
    recordings: Sequence[Recording]
    found: dict[str, list[Record]] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)

    def prepare(self, sense: Perception) -> None:
        """Prepare the recordings for a sense, once for all runs that want them alike."""
        if sense.alike in self.found:
            return
        self.found[sense.alike] = []
        for one in self.recordings:
            if not sense.takes(one):
                continue
            try:
                record = sense.prepare(one)
            except Rejected:
                continue  # a film without this sense
            if isinstance(record, str):
                self.why.setdefault(sense.name, []).append(f"{one.name}: {record}")
            else:
                self.found[sense.alike].append(record)

    def records(self, sense: Perception) -> list[Record]:
        """Return what a sense has of it."""
        return self.found[sense.alike]

    def warnings(self, channel: Channel) -> list[str]:
        """Return oddities of its recordings that a person should hear of."""
        records = [record for one in channel.senses for record in self.records(one)]
        return [text for text in ODD if any(text in one.warnings for one in records)]

    def evidence(self, channel: Channel) -> Evidence:
        """Return what it rests on in a channel."""
        parts = [one.evidence(self.records(one)) for one in channel.senses]
        return parts[0] if len(parts) == 1 else both(*parts)


@dataclass
class Verifier:
    """What answers.

    Attributes:
        name: for messages. channels: the best first.
        calibrations: by fingerprint of the run whose scores they are for.
        files: by fingerprint, where each was read, for messages.
    """

    name: str
    channels: Sequence[Channel]
    calibrations: Mapping[str, Calibration]

    @property
    def senses(self) -> dict[str, Perception]:
        """One sense of each name."""
        return {one.name: one for channel in self.channels for one in channel.senses}

    def side(self, recordings: Sequence[Recording], name: str = "") -> Side:
        """Prepare one side.

        Raises:
            MissingInputError, InputError: a recording is not there, is damaged, or is of a sense
                that the system lacks.
        """
        found = Side(name or " and ".join(one.name for one in recordings), recordings)
        for one in recordings:
            if not any(sense.takes(one) for sense in self.senses.values()):
                does = " and ".join(DOES[name] for name in self.senses)
                raise InputError(
                    f"{one.name}: is {one.kind}, and {self.name} {does}; give what it takes"
                )
        for channel in self.channels:
            for sense in channel.senses:
                found.prepare(sense)
        if not any(found.found.values()) and not found.why:
            wanted = " or ".join(WANTED[name] for name in self.senses)
            raise InputError(f"{found.name}: has no {wanted.removeprefix('a ')}; give another")
        return found

    def channel_of(self, *sides: Side) -> Channel | None:
        """Return the best channel whose senses all sides have, or None."""
        for channel in self.channels:
            if all(side.records(sense) for side in sides for sense in channel.senses):
                return channel
        return None

    def calibration_of(self, channel: Channel) -> Calibration:
        """Return the calibration of a channel.

        Raises:
            InputError: there is none, or it is of scores that are not plain cosines.
        """
        found = self.calibrations.get(channel.fingerprint)
        if found is None:
            raise InputError(
                f"{self.name}: no calibration of {channel.by}, so its scores mean neither yes nor "
                "no; make one of people that it was not trained on: avkd score DEV.txt EMB.zarr "
                "-o dev.scores --metrics dev.metrics.json, avkd calibrate dev.scores -o "
                "calibration.json, and give it by --calibration"
            )
        return found

    def embed(self, recordings: Sequence[Recording]) -> np.ndarray:
        """Return the embedding of one side, (d,) float32.

        Raises:
            InputError: it says too little to be embedded.
        """
        side = self.side(recordings)
        channel = self.channel_of(side)
        if channel is None:
            raise InputError(f"{said_why([side])}; give another recording")
        return channel.embed(side)

    def same(
        self,
        enrol: Sequence[Recording],
        test: Sequence[Recording],
        asked: Mapping[str, float | None] | None = None,
    ) -> Decision:
        """Return whether two sides are one person.

        Args:
            enrol, test: recordings of either side, at least one.
            asked: prior, cost_miss and cost_false_alarm in place of the calibration's.

        Raises:
            MissingInputError, InputError: as `side` and `calibration_of`.
        """
        sides = self.side(enrol), self.side(test)
        channel = self.channel_of(*sides)
        if channel is None:
            return self.untold(sides, asked or {})
        model = self.calibration_of(channel)
        vectors = np.stack([channel.embed(one) for one in sides])
        score = float(cosine_scores(vectors, np.array([0]), np.array([1]))[0])
        rests = sides[0].evidence(channel), sides[1].evidence(channel)
        notes = self.notes(channel, sides)
        if max(one.recordings for one in rests) > 1 and not model.trained_on.get("enrol_map"):
            notes = (*notes, "calibrated on one recording a side")
        return decide(
            score,
            model,
            rests,
            (sides[0].name, sides[1].name),
            asked or {},
            senses=channel.names,
            by=channel.by,
            notes=notes,
        )

    def who(
        self,
        clip: Sequence[Recording],
        galleries: Mapping[str, Gallery],
        asked: Mapping[str, float | None] | None = None,
    ) -> Identification:
        """Return who of those enrolled a clip is of.

        Args:
            clip: recordings of one person.
            galleries: by fingerprint of the run that embedded them.
            asked: prior, here that it is somebody enrolled, and costs.

        Raises:
            MissingInputError, InputError: as `side` and `calibration_of`; no gallery is of a run
                of this system, or of one that the clip can be embedded by.
        """
        side = self.side(clip)
        channel, has_all = self.enrolled_by(galleries, side)
        model, gallery = self.calibration_of(channel), galleries[channel.fingerprint]
        said = {"senses": channel.names, "by": channel.by}
        if not has_all:
            if not side.why:
                wanted = WANTED[channel.names[0]]
                raise InputError(f"{side.name}: lacks {wanted}; the gallery is of {channel.by}")
            odds, size = Odds.of(model, asked or {}), len(gallery.persons)
            return Identification(
                CANNOT_TELL,
                (said_why([side]),),
                "",
                (),
                None,
                size,
                Evidence(0),
                odds,
                trained_on=model.trained_on,
                **said,
            )
        vector = unit_rows(channel.embed(side)[None])[0]
        return identify(
            gallery,
            vector,
            model,
            side.evidence(channel),
            asked or {},
            notes=self.notes(channel, [side]),
            **said,
        )

    def enrolled_by(self, galleries: Mapping[str, Gallery], side: Side) -> tuple[Channel, bool]:
        """Return the best channel that a gallery is of, and whether the clip has its senses.

        Raises:
            InputError: no gallery is of a run of this system.
        """
        enrolled = [one for one in self.channels if one.fingerprint in galleries]
        if not enrolled:
            there = ", ".join(one[7:19] for one in galleries)
            wanted = ", ".join(one.fingerprint[7:19] for one in self.channels)
            raise InputError(
                f"--gallery: holds embeddings of another run ({there}) than {self.name} "
                f"({wanted}); make it by avkd extract-embeddings with this one"
            )
        for channel in enrolled:
            if all(side.records(sense) for sense in channel.senses):
                return channel, True
        return enrolled[0], False

    def untold(self, sides: tuple[Side, Side], asked: Mapping[str, float | None]) -> Decision:
        """Return that nothing can be told of sides without a common sense.

        Raises:
            InputError: that is no matter of too little, but of what was given.
        """
        if not any(side.why for side in sides):
            raise InputError(
                f"{sides[0].name} and {sides[1].name}: one is heard, the other seen; {self.name} "
                "compares what both have"
            )
        channel = self.channels[-1]
        model = self.calibration_of(channel)
        odds = Odds.of(model, asked)
        nothing = tuple(self.evidence(side) for side in sides)
        return Decision(
            CANNOT_TELL,
            (said_why(sides),),
            None,
            None,
            odds.threshold,
            None,
            odds,
            channel.names,
            channel.by,
            nothing,
            model.trained_on,
        )

    def evidence(self, side: Side) -> Evidence:
        """Return what a side has, in the first channel that it is enough for."""
        channel = self.channel_of(side)
        return Evidence(0) if channel is None else side.evidence(channel)

    def notes(self, channel: Channel, sides: Sequence[Side]) -> tuple[str, ...]:
        """Return what else should be known: what was left out, and which sense was missing."""
        found = [text for side in sides for several in side.why.values() for text in several]
        for side in sides:
            found += [f"{side.name}: {text}" for text in side.warnings(channel)]
        missing = [name for name in self.senses if name not in channel.names]
        if missing:
            found.append(f"without {WANTED[missing[0]]}, by {channel.by}")
        return tuple(dict.fromkeys(found))


def said_why(sides: Sequence[Side]) -> str:
    """Return in words what was wrong with recordings that say too little."""
    return "; ".join(
        dict.fromkeys(text for side in sides for several in side.why.values() for text in several)
    )
