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

from dataclasses import dataclass, fields, replace

import numpy as np

from avkd_cli.standin.people import Voice, VoiceSession, generator

Values = tuple[float, ...] | np.ndarray


@dataclass(frozen=True)
class Expression:
    """What a mood does to a face at full strength; nothing where nothing is given.

    Args:
        brows: added to how high they are, in half head heights; their outer ends up.
        eyes: natural log of the factor of their opening.
        mouth: its corners up, added to the session's smile; share of an opening that speech does
            not close.
        creases: depths, 0 (none) to 1, of the lines drawn into the skin: upright between the
            brows, across the forehead, across the root of the nose, and from the wings of the
            nose round the corners of the mouth and under the eyes.
        flush: added to the skin, R, G, B.
    """

    brows: Values = (0.0, 0.0)
    eyes: float = 0.0
    mouth: Values = (0.0, 0.0)
    creases: Values = (0.0, 0.0, 0.0, 0.0)
    flush: Values = (0.0, 0.0, 0.0)

    def felt(self, strength: float) -> "Expression":
        """Return it less, or more, strongly."""
        return Expression(*(strength * np.array(getattr(self, one.name)) for one in fields(self)))


# Semitones of pitch added; natural logs of the factors of pitch accents and of syllables a second;
# dB per octave added to the glottal tilt; dB of energy.
_VOICES = {
    "neutral": (0.0, 0.0, 0.0, 0.0, 0.0),
    "happy": (2.0, 0.35, 0.10, 1.0, 2.0),
    "sad": (-1.5, -0.45, -0.20, -1.5, -3.0),
    "angry": (2.0, 0.2, 0.12, 2.2, 4.0),
    "fearful": (3.0, -0.1, 0.22, 0.5, 0.0),
    "disgust": (-0.8, -0.1, -0.15, 0.4, 0.5),
    "surprised": (3.0, 0.5, -0.05, 1.0, 2.0),
}
CALM = Expression()
EXPRESSIONS = {
    "neutral": CALM,
    "happy": Expression((0.02, 0.0), -0.2, (2.4, 0.3), (0, 0, 0, 1), (10, 2, -4)),
    "sad": Expression((0.0, -0.8), -0.35, (-2.0, 0.0), (0.4, 0.4, 0, 0), (-10, -4, 6)),
    "angry": Expression((-0.08, 0.8), 0.0, (-0.8, 0.0), (1, 0, 0, 0), (20, -12, -12)),
    "fearful": Expression((0.1, -0.5), 0.5, (-0.5, 0.3), (0.3, 0.7, 0, 0), (-8, 4, 14)),
    "disgust": Expression((-0.05, 0.1), -0.5, (-1.4, 0.1), (0.3, 0, 1, 0.4), (-14, 8, -8)),
    "surprised": Expression((0.14, 0.0), 0.45, (0.0, 0.75), (0, 1, 0, 0)),
}
NAMES = tuple(_VOICES)

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
    own = generator(seed, "mood of a voice", person, name)
    strength = strength_of(VOICE_STRENGTH, seed, person, index)
    pitch, melody, rate, effort, energy = strength * (
        np.array(_VOICES[name])
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


def looking(seed: int, person: int, index: int) -> Expression:
    """Return what the mood of an utterance does to a face."""
    strength = strength_of(FACE_STRENGTH, seed, person, index)
    return EXPRESSIONS[mood_of(seed, person, index)].felt(strength)
