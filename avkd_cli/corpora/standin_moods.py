"""Moods of the stand-in people: what a mood does to how one speaks and looks.

Directions follow what is known of real people: angry, happy and frightened voices are higher,
louder and livelier, sad ones lower, softer and slower; the face shows it by brows, eyes and
mouth. How strongly is drawn for each utterance, and each person shows moods in a voice of their
own, so that a face tells a mood more clearly than a voice does.

References: K. Scherer, "Vocal communication of emotion: a review of research paradigms", Speech
Communication 40, 2003, table 2. P. Ekman, W. Friesen, "Facial action coding system", 1978.
"""

from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.corpora.standin_people import Face, FaceSession, Voice, VoiceSession, generator


@dataclass(frozen=True)
class Mood:
    """What a mood does at full strength.

    Args:
        pitch: semitones added. melody: natural log of the factor of pitch accents. rate: of
            syllables a second. effort: dB per octave added to the glottal tilt. energy: dB.
        smile: added to that of the session, the mouth's corners up. brow_raise: in half head
            heights, up. brow_slope: the outer ends up. eyes: natural log of the factor of their
            opening. mouth: share of an opening that speech does not close.
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


MOODS = {
    "neutral": Mood(),
    "happy": Mood(2.0, 0.35, 0.10, 1.0, 2.0, smile=1.6, brow_raise=0.02, eyes=-0.15, mouth=0.2),
    "sad": Mood(-1.5, -0.45, -0.20, -1.5, -3.0, smile=-1.3, brow_slope=-0.5, eyes=-0.35),
    "angry": Mood(2.0, 0.2, 0.12, 2.2, 4.0, smile=-0.6, brow_raise=-0.08, brow_slope=0.5),
    "fearful": Mood(3.0, -0.1, 0.22, 0.5, 0.0, -0.3, 0.08, -0.35, 0.5, 0.25),
    "disgust": Mood(-0.8, -0.1, -0.15, 0.4, 0.5, -1.0, -0.05, 0.1, -0.45, 0.1),
    "surprised": Mood(3.0, 0.5, -0.05, 1.0, 2.0, smile=0.0, brow_raise=0.11, eyes=0.45, mouth=0.5),
}  # fmt: skip
NAMES = tuple(MOODS)

VOICE_OWN = 1.8  # deviation of how a person's voice shows a mood, in strengths of the mood
VOICE_STRENGTH, FACE_STRENGTH = (0.35, 0.95), (0.7, 1.1)  # drawn uniformly for each utterance


def mood_of(seed: int, person: int, index: int) -> str:
    """Return the mood of a person's utterance: all seven by turns, in an order of the person."""
    order = generator(seed, "moods", person).permutation(len(NAMES))
    return NAMES[int(order[index % len(NAMES)])]


def speaking(
    voice: Voice, session: VoiceSession, seed: int, person: int, index: int
) -> tuple[Voice, VoiceSession]:
    """Return a voice and its session in the mood of an utterance."""
    name = mood_of(seed, person, index)
    mood, own = MOODS[name], generator(seed, "mood of a voice", person, name)
    strength = generator(seed, "mood heard", person, index).uniform(*VOICE_STRENGTH)
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
    strength = generator(seed, "mood seen", person, index).uniform(*FACE_STRENGTH)
    return (
        replace(face, brow_slope=face.brow_slope + strength * mood.brow_slope),
        replace(
            session,
            smile=session.smile + strength * mood.smile,
            brow_raise=session.brow_raise + strength * mood.brow_raise,
            eye_opening=session.eye_opening * np.exp(strength * mood.eyes),
        ),
        strength * mood.mouth,
    )
