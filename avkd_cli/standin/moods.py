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
        voice: semitones of pitch added; natural log of the factor of pitch accents; of that of
            syllables a second; dB per octave added to the glottal tilt; dB of energy.
        brows: added to how high they are, in half head heights; their outer ends up.
        eyes: natural log of the factor of their opening.
        mouth: its corners up, added to the session's smile; share of an opening that speech does
            not close.
        creases: depths of furrow, forehead, nose and cheek.
        flush: added to the skin, R, G, B.
    """

    voice: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)
    brows: tuple[float, float] = (0.0, 0.0)
    eyes: float = 0.0
    mouth: tuple[float, float] = (0.0, 0.0)
    creases: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    flush: tuple[float, ...] = (0.0, 0.0, 0.0)


_VOICES = {  # pitch, melody, rate, effort, energy
    "neutral": (0.0, 0.0, 0.0, 0.0, 0.0),
    "happy": (2.0, 0.35, 0.10, 1.0, 2.0),
    "sad": (-1.5, -0.45, -0.20, -1.5, -3.0),
    "angry": (2.0, 0.2, 0.12, 2.2, 4.0),
    "fearful": (3.0, -0.1, 0.22, 0.5, 0.0),
    "disgust": (-0.8, -0.1, -0.15, 0.4, 0.5),
    "surprised": (3.0, 0.5, -0.05, 1.0, 2.0),
}
_FACES = {  # brows' height, slope; eyes; mouth's smile, opening; creases; flush
    "neutral": (),
    "happy": ((0.02, 0.0), -0.2, (2.4, 0.3), (0, 0, 0, 1), (10, 2, -4)),
    "sad": ((0.0, -0.8), -0.35, (-2.0, 0.0), (0.4, 0.4, 0, 0), (-10, -4, 6)),
    "angry": ((-0.08, 0.8), 0.0, (-0.8, 0.0), (1, 0, 0, 0), (20, -12, -12)),
    "fearful": ((0.1, -0.5), 0.5, (-0.5, 0.3), (0.3, 0.7, 0, 0), (-8, 4, 14)),
    "disgust": ((-0.05, 0.1), -0.5, (-1.4, 0.1), (0.3, 0, 1, 0.4), (-14, 8, -8)),
    "surprised": ((0.14, 0.0), 0.45, (0.0, 0.75), (0, 1, 0, 0)),
}
MOODS = {name: Mood(voice, *_FACES[name]) for name, voice in _VOICES.items()}
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
        np.array(mood.voice)
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
    brow_raise, brow_slope = mood.brows
    smile, opening = mood.mouth
    return (
        replace(
            face,
            brow_slope=face.brow_slope + strength * brow_slope,
            skin=np.clip(face.skin + strength * np.array(mood.flush), 20, 250),
        ),
        replace(
            session,
            smile=session.smile + strength * smile,
            brow_raise=session.brow_raise + strength * brow_raise,
            eye_opening=session.eye_opening * np.exp(strength * mood.eyes),
            creases=tuple(strength * depth for depth in mood.creases),
        ),
        strength * opening,
    )
