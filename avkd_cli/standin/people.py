"""Who the people of the stand-in corpus are: what belongs to a person and what to a session.

Age and sex shape the voice and the face, so the two senses partly agree; given age and sex all
else of the voice is drawn independently of the face, so they partly complement each other.
Everything is a function of (seed, what it is for): neither workers nor order change a person.

Each property stands with how it is drawn, in the order in which they are. How hard it is to tell
people apart stands in four spreads: raise those of people to make a sense easier, those of sessions
to make it harder.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

import numpy as np

from avkd_cli import keyed

FORMANTS = 5
VOWELS = 9
BANDS = 9  # knots of a channel's frequency response
VOICES_APART, FACES_APART = 1.0, 1.6  # multiply the deviations of people; tuned on small networks
VOICE_CHANGES, FACE_CHANGES = 1.0, 0.7  # and those of sessions
GLASSES, TELEPHONE = 0.15, 0.15  # probabilities of a session

By = float | tuple[float, float]
"""Of everybody, or of women and of men."""
Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Dice:
    """What somebody, or a session, is drawn with.

    Args:
        rng: random numbers.
        spread: multiplies deviations.
        female: of a person. old: of a person, 0 up to 40 years, 1 at 75.
        telephone: whether a session's voice comes through one.
    """

    rng: np.random.Generator
    spread: float
    female: bool = False
    old: float = 0.0
    telephone: bool = False

    def of(self, value: By) -> float:
        """Return what a value is for this sex."""
        return value[0 if self.female else 1] if isinstance(value, tuple) else value

    def normal(self, deviation: float, size: int | tuple[int, ...] | None = None) -> Any:
        """Return numbers about 0."""
        return self.rng.normal(0.0, deviation * self.spread, size)

    def throw(self, kind: type[Drawn]) -> Drawn:
        """Return all properties of a voice, a face or a session."""
        draws = {one.name: one.metadata["draw"] for one in fields(kind) if one.metadata}  # type: ignore[arg-type]
        return kind(**{name: draw(self) for name, draw in draws.items()})


def by(draw: Callable[[Dice], object]) -> Any:
    """Return a property with how it is drawn."""
    return field(metadata={"draw": draw})


def near(
    mean: By, deviation: float, low: float = -np.inf, high: float = np.inf, *, old: By = 0.0
) -> Any:
    """Return a length about a mean, which old age moves, between two limits."""

    def draw(dice: Dice) -> float:
        middle = dice.of(mean) + dice.of(old) * dice.old
        return float(np.clip(middle + dice.normal(deviation), low, high))

    return by(draw)


@dataclass(frozen=True)
class Voice:
    """A person's way of speaking; frequencies in Hz, logarithms natural.

    Women have 200 Hz, men 115 Hz; old age lowers hers, raises his, roughens both.
    """

    fundamental: float = by(
        lambda d: d.of((200, 115)) * np.exp(d.of((-0.12, 0.08)) * d.old + d.normal(0.14))
    )
    excursion: float = by(  # semitones of pitch accents
        lambda d: 2.2 * np.exp(d.normal(0.3)) * d.of((1.15, 1.0))
    )
    declination: float = by(lambda d: 2.0 + d.normal(0.9))  # semitones lost over an utterance
    jitter: float = by(  # relative change from one glottal period to the next
        lambda d: 0.006 * np.exp(0.7 * d.old + d.normal(0.35))
    )
    tilt: float = by(  # dB per octave of the glottal source
        lambda d: -d.of((9.5, 8.0)) - 0.8 * d.old + d.normal(1.4)
    )
    breath: float = by(  # noise in voiced sound, relative
        lambda d: 0.05 * np.exp(0.5 * d.old + d.of((0.3, 0.0)) + d.normal(0.45))
    )
    tract: float = by(  # formant scale, 1 for a tract of 17 cm
        lambda d: d.of((1.16, 1.0)) * np.exp(-0.015 * d.old + d.normal(0.04))
    )
    formants: np.ndarray = by(  # (vowels, formants) natural log offsets of the person's own vowels
        lambda d: d.normal(0.035, FORMANTS) + d.normal(0.035, (VOWELS, FORMANTS))
    )
    bandwidth: float = by(lambda d: np.exp(d.normal(0.22)))  # scale of the formants' bandwidths
    vowels: np.ndarray = by(  # (vowels,) how often each is used
        lambda d: d.rng.dirichlet(np.full(VOWELS, 6.0))
    )
    hiss: float = by(lambda d: d.of((6300, 5300)) * np.exp(d.normal(0.1)))  # centre of the s
    syllables: float = by(lambda d: (4.8 - 0.9 * d.old) * np.exp(d.normal(0.12)))  # a second
    vowel_share: float = near(0.6, 0.06, 0.42, 0.78)  # of a syllable
    pauses: float = near(0.07, 0.03, 0.01, 0.2, old=0.04)  # probability after a syllable


@dataclass(frozen=True)
class VoiceSession:
    """What a day and a microphone do to whatever voice speaks."""

    pitch: float = by(lambda d: np.exp(d.normal(0.09)))  # factor of the fundamental
    rate: float = by(lambda d: np.exp(d.normal(0.12)))  # factor of the syllables a second
    effort: float = by(lambda d: d.normal(1.3))  # dB per octave added to the tilt
    tract: float = by(lambda d: np.exp(d.normal(0.018)))  # of the formants (lips, head, a cold)
    channel_db: np.ndarray = by(lambda d: d.rng.normal(0.0, 4.0, BANDS))  # response
    low_cut: float = by(lambda d: d.rng.uniform(*((200, 350) if d.telephone else (40, 160))))
    high_cut: float = by(lambda d: d.rng.uniform(*((3300, 4000) if d.telephone else (5500, 8000))))
    reverberation_s: float = by(lambda d: d.rng.uniform(0.05, 0.45))
    noise_slope: float = by(lambda d: d.rng.uniform(-1.1, 0.0))  # power of frequency
    snr_db: float = by(lambda d: d.rng.uniform(6.0, 28.0))
    level_dbfs: float = by(lambda d: d.rng.uniform(-34.0, -16.0))


def _skin(d: Dice) -> np.ndarray:
    """Return a skin colour between light and dark."""
    light, dark = np.array([238.0, 205, 182]), np.array([88.0, 58, 42])
    return light + (dark - light) * d.rng.beta(1.2, 1.8)


def _hair(d: Dice) -> np.ndarray:
    """Return a hair colour from fair to black, then greyed by age."""
    fair, black, grey = np.array([[214.0, 176, 112], [28, 22, 20], [196, 194, 190]])
    colour = fair + (black - fair) * d.rng.beta(1.6, 1.0)
    return colour + (grey - colour) * np.clip(d.old + d.rng.normal(0, 0.15), 0, 1)


@dataclass(frozen=True)
class Face:
    """A person's face; lengths in half head heights, the chin at y = 1, the crown at y = -1.

    Sex moves jaw, brows and hair; age greys the hair, thins the lips and draws lines.
    """

    width: float = near((0.70, 0.73), 0.04)
    jaw: float = near((0.70, 0.79), 0.07, 0.45, 1.0)  # times the width
    eye_x: float = near(0.31, 0.028)
    brow_y: float = near(-0.26, 0.035)
    brow_thickness: float = near((0.036, 0.056), 0.012, 0.012)
    nose_width: float = near((0.115, 0.135), 0.024, 0.06)
    mouth_width: float = near(0.235, 0.032)
    lips: float = near((0.062, 0.059), 0.015, 0.014, old=-0.014)
    wrinkles: float = near(0.0, 0.1, 0.0, 1.0, old=1.0)
    skin: np.ndarray = by(_skin)  # (3,) RGB
    hair: np.ndarray = by(_hair)  # (3,) RGB
    hair_length: float = near((0.75, -0.05), 0.35, -0.5, 1.4)


@dataclass(frozen=True)
class FaceSession:
    """What a day and a camera do to whatever face is seen."""

    pose: np.ndarray = by(lambda d: np.deg2rad(d.normal(1.0, 3) * (10, 5, 4)))  # yaw, pitch, roll
    offset: np.ndarray = by(lambda d: d.normal(0.025, 2))  # (2,) picture widths
    light: np.ndarray = by(lambda d: d.normal(0.3, 2))  # (2,) gained left to right, top to bottom
    gain: np.ndarray = by(lambda d: np.exp(d.normal(0.17) + d.normal(0.05, 3)))  # (3,) R, G, B
    smile: float = by(lambda d: d.rng.uniform(-0.3, 1.0) * d.spread)
    glasses: float = by(  # 0 none, else thickness
        lambda d: d.rng.uniform(1.0, 2.6) if d.rng.random() < GLASSES else 0.0
    )
    background: np.ndarray = by(lambda d: d.rng.uniform(55, 190, (2, 3)))  # RGB, top and bottom


@dataclass(frozen=True)
class Person:
    """One invented person."""

    number: int
    sex: str  # "f" or "m"
    age: int
    voice: Voice
    face: Face


def generator(seed: int, *purpose: object) -> np.random.Generator:
    """Return the random numbers of one purpose: a function of the seed and the words alone."""
    return keyed.generator_of(repr((seed, *purpose)))


def make_person(seed: int, number: int, own: float = 1.0) -> Person:
    """Draw person `number`; even numbers are women, ages are uniform from 18 to 75.

    Args:
        own: multiplies what is a person's own: below 1 age and sex say more of both voice and
            face, and so each of the other.
    """
    sex = "fm"[number % 2]
    age = int(generator(seed, "age", number).integers(18, 76))
    about = sex == "f", max(0.0, (age - 40) / 35)
    voice = Dice(generator(seed, "voice", number), own * VOICES_APART, *about).throw(Voice)
    face = Dice(generator(seed, "face", number), own * FACES_APART, *about).throw(Face)
    return Person(number, sex, age, voice, face)


def make_voice_session(rng: np.random.Generator, spread: float = VOICE_CHANGES) -> VoiceSession:
    """Draw what one session does to whatever voice speaks in it."""
    return Dice(rng, spread, telephone=rng.random() < TELEPHONE).throw(VoiceSession)


def make_face_session(rng: np.random.Generator, spread: float = FACE_CHANGES) -> FaceSession:
    """Draw what one session does to whatever face is seen in it."""
    return Dice(rng, spread).throw(FaceSession)
