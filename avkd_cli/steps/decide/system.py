"""A system that can be asked: a run of one sense, or a fusion with its senses and students."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from avkd_cli.errors import InputError, Rejected
from avkd_cli.steps.decide.decision import (
    Decision,
    Instead,
    decide,
    doubts_of,
)
from avkd_cli.steps.decide.evidence import Evidence, both
from avkd_cli.steps.decide.gallery import Gallery, Identification, identify, open_galleries
from avkd_cli.steps.decide.recordings import Given, Recording, recordings_of
from avkd_cli.steps.decide.sense import Perception
from avkd_cli.storage.record import Record
from avkd_cli.verification.calibration import Calibration
from avkd_cli.verification.scoring import cosine_scores, enrolment_means, unit_rows

if TYPE_CHECKING:
    from avkd_cli.inputs.networks import Trained

ODD = ("clipped", "decode_errors", "over_range", "flat_image", "long_gap")
"""Warnings of the preparation that are told with a decision."""


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
            return given[self.names[0]]
        from avkd_cli.inputs.passing import forward

        return forward(self.fusion.network, {name: one[None] for name, one in given.items()})[0]

    def suits(self, *sides: "Side") -> bool:
        """Return whether all sides have something of all its senses."""
        return all(side.records(sense) for side in sides for sense in self.senses)


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


@dataclass(repr=False, eq=False)
class Verifier:
    """A trained system that recordings are given to: what `avkd_cli.load` returns.

    Answers are those of `avkd verify`, to the bit; it is no more safe than that from several
    threads at once.

    Attributes:
        name: for messages. channels: the best first.
        calibrations: by fingerprint of the run whose scores they are for.
    """

    name: str
    channels: Sequence[Channel]
    calibrations: Mapping[str, Calibration]

    def __repr__(self) -> str:
        return f"<avkd model {self.name!r}, of {' and '.join(self.senses)}>"

    @property
    def senses(self) -> dict[str, Perception]:
        """One sense of each name."""
        return {one.name: one for channel in self.channels for one in channel.senses}

    def side(self, recordings: Sequence[Recording]) -> Side:
        """Prepare one side.

        Raises:
            MissingInputError, InputError: a recording is not there, is damaged, or is of a sense
                that the system lacks.
        """
        found = Side(" and ".join(one.name for one in recordings), recordings)
        for one in recordings:
            if not any(sense.takes(one) for sense in self.senses.values()):
                does = " and ".join(sense.does for sense in self.senses.values())
                raise InputError(
                    f"{one.name}: is {one.kind}, and {self.name} {does}; give what it takes"
                )
        for channel in self.channels:
            for sense in channel.senses:
                found.prepare(sense)
        if not any(found.found.values()) and not found.why:
            wanted = " or ".join(sense.wanted for sense in self.senses.values())
            raise InputError(f"{found.name}: has no {wanted.removeprefix('a ')}; give another")
        return found

    def channel_of(self, *sides: Side) -> Channel | None:
        """Return the best channel whose senses all sides have, or None."""
        return next((one for one in self.channels if one.suits(*sides)), None)

    def calibration_of(self, channel: Channel) -> Calibration:
        """Return the calibration of a channel."""
        found = self.calibrations.get(channel.fingerprint)
        if found is None:
            raise InputError(
                f"{self.name}: no calibration of {channel.by}, so its scores mean neither yes nor "
                "no; make one of people that it was not trained on: avkd score DEV.txt EMB.zarr "
                "-o dev.scores --metrics dev.metrics.json, avkd calibrate dev.scores -o "
                "calibration.json, and give it by --calibration"
            )
        return found

    def embed(self, *recordings: Given, rate: int = 16_000) -> np.ndarray:
        """Return the embedding of one person's recordings, as extract-embeddings makes it.

        Args:
            recordings: one, or several of one side, whose mean it is then.
            rate: of sound given as arrays, in Hz.

        Returns:
            (d,) float32.

        Raises:
            MissingInputError, InputError: a file is not there, is damaged, is of a sense that the
                system lacks, or says too little.
        """
        side = self.side(recordings_of(recordings, rate))
        channel = self.channel_of(side)
        if channel is None:
            raise InputError(f"{'; '.join(too_little([side]))}; give another recording")
        return channel.embed(side)

    def same(
        self,
        a: Given | Sequence[Given],
        b: Given | Sequence[Given],
        *,
        rate: int = 16_000,
        prior: float | None = None,
        cost_miss: float | None = None,
        cost_false_alarm: float | None = None,
    ) -> Decision:
        """Return whether two recordings, or two lists of recordings, are of one person.

        Args:
            rate: of sound given as arrays, in Hz.
            prior, cost_miss, cost_false_alarm: in place of the calibration's.

        Raises:
            MissingInputError, InputError: as `embed`; there is no calibration.
        """
        asked: Instead = {
            "prior": prior,
            "cost_miss": cost_miss,
            "cost_false_alarm": cost_false_alarm,
        }
        sides = self.side(recordings_of(a, rate)), self.side(recordings_of(b, rate))
        channel = self.channel_of(*sides)
        if channel is None:
            return self.untold(sides, asked)
        model = self.calibration_of(channel)
        vectors = np.stack([channel.embed(one) for one in sides])
        score = float(cosine_scores(vectors, np.array([0]), np.array([1]))[0])
        rests = sides[0].evidence(channel), sides[1].evidence(channel)
        why = doubts_of(score, model, rests, [one.name for one in sides])
        notes = self.notes(channel, sides)
        if max(one.recordings for one in rests) > 1 and not model.trained_on.get("enrol_map"):
            notes = (*notes, "calibrated on one recording a side")
        said = {"senses": channel.names, "by": channel.by, "notes": notes}
        return decide(score, model, rests, why, asked, **said)

    def untold(self, sides: tuple[Side, Side], asked: Instead) -> Decision:
        """Say that sides without a common sense say too little, or refuse what was given."""
        if not any(side.why for side in sides):
            raise InputError(
                f"{sides[0].name} and {sides[1].name}: one is heard, the other seen; {self.name} "
                "compares what both have"
            )
        rests = self.evidence(sides[0]), self.evidence(sides[1])
        channel, why = self.channels[-1], ("; ".join(too_little(sides)),)
        model, said = self.calibration_of(channel), {"senses": channel.names, "by": channel.by}
        return decide(None, model, rests, why, asked, **said)

    def evidence(self, side: Side) -> Evidence:
        """Return what a side has, in the first channel that it is enough for."""
        channel = self.channel_of(side)
        return Evidence(0) if channel is None else side.evidence(channel)

    def who(
        self,
        clip: Given | Sequence[Given],
        gallery: str | PathLike[str] | Sequence[str] | Mapping[str, Gallery],
        *,
        rate: int = 16_000,
        prior: float | None = None,
        cost_miss: float | None = None,
        cost_false_alarm: float | None = None,
    ) -> Identification:
        """Return who of those enrolled in stores of embeddings a clip is of.

        Args:
            clip: recordings of one person.
            gallery: store, or stores, that extract-embeddings made with a run of this system, or
                what `open_galleries` returns of them.
            prior: that the clip is of somebody enrolled. cost_miss, cost_false_alarm: as of `same`.

        Raises:
            MissingInputError, InputError: as `same`; the gallery is of another run.
        """
        asked: Instead = {
            "prior": prior,
            "cost_miss": cost_miss,
            "cost_false_alarm": cost_false_alarm,
        }
        galleries = gallery if isinstance(gallery, Mapping) else open_galleries(gallery)
        side = self.side(recordings_of(clip, rate))
        enrolled = self.enrolled(galleries)
        channel = next((one for one in enrolled if one.suits(side)), enrolled[0])
        model, people = self.calibration_of(channel), galleries[channel.fingerprint]
        said = {"senses": channel.names, "by": channel.by}
        if channel.suits(side):
            vector = unit_rows(channel.embed(side)[None])[0]
            said["notes"] = self.notes(channel, [side])
            return identify(people, vector, model, side.evidence(channel), asked, **said)
        if not side.why:
            wanted = channel.senses[0].wanted
            raise InputError(f"{side.name}: lacks {wanted}; the gallery is of {channel.by}")
        why = ("; ".join(too_little([side])),)
        return identify(people, None, model, Evidence(0), asked, why=why, **said)

    def enrolled(self, galleries: Mapping[str, Gallery]) -> list[Channel]:
        """Return the channels that a gallery is of, at least one, the best first."""
        if found := [one for one in self.channels if one.fingerprint in galleries]:
            return found
        there = ", ".join(one[7:19] for one in galleries)
        wanted = ", ".join(one.fingerprint[7:19] for one in self.channels)
        raise InputError(
            f"--gallery: holds embeddings of another run ({there}) than {self.name} ({wanted}); "
            "make it by avkd extract-embeddings with this one"
        )

    def notes(self, channel: Channel, sides: Sequence[Side]) -> tuple[str, ...]:
        """Return what else should be known: what was left out, and which sense was missing."""
        found = too_little(sides)
        for side in sides:
            found += [f"{side.name}: {text}" for text in side.warnings(channel)]
        missing = [one.wanted for name, one in self.senses.items() if name not in channel.names]
        if missing:
            found.append(f"without {missing[0]}, by {channel.by}")
        return tuple(dict.fromkeys(found))


def too_little(sides: Sequence[Side]) -> list[str]:
    """Return what was wrong with recordings that say too little, each once."""
    return list(
        dict.fromkeys(text for side in sides for several in side.why.values() for text in several)
    )
