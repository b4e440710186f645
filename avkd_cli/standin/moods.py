"""Moods of the stand-in people: what a mood does to how one speaks and looks.

Directions follow what is known of real people: angry, happy and frightened voices are higher,
louder and livelier, sad ones lower, softer and slower; the face shows it by brows, eyes and
mouth, the lines they draw into the skin, and its colour. How strongly it is felt is drawn for each
utterance and shows in both; each person shows moods in a voice of their own, so that a face tells
a mood more clearly than a voice does.

References: K. Scherer, "Vocal communication of emotion: a review of research paradigms", Speech
Communication 40, 2003, table 2. P. Ekman, W. Friesen, "Facial action coding system", 1978.
C. F. Benitez-Quiroz et al., "Facial color is an efficient mechanism to visually transmit emotion",
PNAS 115, 2018.
"""

from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.standin.people import (
    Creases,
    Face,
    FaceSession,
    Voice,
    VoiceSession,
    generator,
)


@dataclass(frozen=True)
class Mood:
    """What a mood does at full strength.

    Args:
        pitch: semitones added. melody: natural log of the factor of pitch accents. rate: of
            syllables a second. effort: dB per octave added to the glottal tilt. energy: dB.
        smile: added to that of the session, the mouth's corners up. brow_raise: in half head
            heights, up. brow_slope: the outer ends up. eyes: natural log of the factor of their
            opening. mouth: share of an opening that speech does not close. creases: depths of
            furrow, forehead, nose and cheek. flush: added to the skin, R, G, B.
    """

    pitch: float = 0.0
    melody: float = 0.0
    rate: float = 0.0
    effort: float = 0.0
    energy: float = 0.0
    smile: float = 0.0
    brow_raise: float = 0.0
    brow_slope: float = 0.0
    eyes: float = 0.0
    mouth: float = 0.0
    creases: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    flush: tuple[float, float, float] = (0.0, 0.0, 0.0)


MOODS = {
    "neutral": Mood(),
    "happy": Mood(
        2.0,
        0.35,
        0.10,
        1.0,
        2.0,
        smile=2.4,
        brow_raise=0.02,
        eyes=-0.2,
        mouth=0.3,
        creases=(0, 0, 0, 1),
        flush=(10, 2, -4),
    ),
    "sad": Mood(
        -1.5,
        -0.45,
        -0.20,
        -1.5,
        -3.0,
        smile=-2.0,
        brow_slope=-0.8,
        eyes=-0.35,
        creases=(0.4, 0.4, 0, 0),
        flush=(-10, -4, 6),
    ),
    "angry": Mood(
        2.0,
        0.2,
        0.12,
        2.2,
        4.0,
        smile=-0.8,
        brow_raise=-0.08,
        brow_slope=0.8,
        creases=(1, 0, 0, 0),
        flush=(20, -12, -12),
    ),
    "fearful": Mood(
        3.0,
        -0.1,
        0.22,
        0.5,
        0.0,
        smile=-0.5,
        brow_raise=0.1,
        brow_slope=-0.5,
        eyes=0.5,
        mouth=0.3,
        creases=(0.3, 0.7, 0, 0),
        flush=(-8, 4, 14),
    ),
    "disgust": Mood(
        -0.8,
        -0.1,
        -0.15,
        0.4,
        0.5,
        smile=-1.4,
        brow_raise=-0.05,
        brow_slope=0.1,
        eyes=-0.5,
        mouth=0.1,
        creases=(0.3, 0, 1, 0.4),
        flush=(-14, 8, -8),
    ),
    "surprised": Mood(
        3.0, 0.5, -0.05, 1.0, 2.0, brow_raise=0.14, eyes=0.45, mouth=0.75, creases=(0, 1, 0, 0)
    ),
}
NAMES = tuple(MOODS)

VOICE_OWN = 1.0  # deviation of how a person's voice shows a mood, in strengths of the mood
VOICE_STRENGTH, FACE_STRENGTH = (0.6, 1.4), (0.7, 1.1)  # of what is felt least, and most


def mood_of(seed: int, person: int, index: int) -> str:
    """Return the mood of a person's utterance: all seven by turns, in an order of the person."""
    order = generator(seed, "moods", person).permutation(len(NAMES))
    return NAMES[int(order[index % len(NAMES)])]


def strength_of(span: tuple[float, float], seed: int, person: int, index: int) -> float:
    """Return how strongly an utterance shows its mood: one draw for voice and face."""
    low, high = span
    return low + (high - low) * float(generator(seed, "mood felt", person, index).uniform())


def speaking(
    voice: Voice, session: VoiceSession, seed: int, person: int, index: int
) -> tuple[Voice, VoiceSession]:
    """Return a voice and its session in the mood of an utterance."""
    name = mood_of(seed, person, index)
    mood, own = MOODS[name], generator(seed, "mood of a voice", person, name)
    strength = strength_of(VOICE_STRENGTH, seed, person, index)
    pitch, melody, rate, effort, energy = strength * (
        np.array([mood.pitch, mood.melody, mood.rate, mood.effort, mood.energy])
        + (name != "neutral") * VOICE_OWN * own.normal(0, (1.0, 0.15, 0.06, 0.6, 1.0))
    )
    return (
        replace(voice, excursion=voice.excursion * np.exp(melody)),
        replace(
            session,
            pitch=session.pitch * 2 ** (pitch / 12),
            rate=session.rate * np.exp(rate),
            effort=session.effort + effort,
            snr_db=session.snr_db + energy,
            level_dbfs=min(-10.0, session.level_dbfs + energy),
        ),
    )


def looking(
    face: Face, session: FaceSession, seed: int, person: int, index: int
) -> tuple[Face, FaceSession, float]:
    """Return a face and its session in the mood of an utterance, and how open the mouth stays."""
    mood = MOODS[mood_of(seed, person, index)]
    strength = strength_of(FACE_STRENGTH, seed, person, index)
    return (
        replace(
            face,
            brow_slope=face.brow_slope + strength * mood.brow_slope,
            skin=np.clip(face.skin + strength * np.array(mood.flush), 20, 250),
        ),
        replace(
            session,
            smile=session.smile + strength * mood.smile,
            brow_raise=session.brow_raise + strength * mood.brow_raise,
            eye_opening=session.eye_opening * np.exp(strength * mood.eyes),
            creases=Creases(*mood.creases).times(strength),
        ),
        strength * mood.mouth,
    )
