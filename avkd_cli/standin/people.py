"""Who the people of the stand-in corpus are: what belongs to a person and what to a session.

Age and sex shape the voice and the face, so the two senses partly agree; given age and sex all
else of the voice is drawn independently of the face, so they partly complement each other.
Everything is a function of (seed, what it is for): neither workers nor order change a person.
"""

from dataclasses import astuple, dataclass, replace

import numpy as np

from avkd_cli import keyed

FORMANTS = 5
VOWELS = 9
BANDS = 9  # knots of a channel's frequency response


@dataclass(frozen=True)
class Difficulty:
    """How far apart people are and how much a session changes them; tuned on small networks.

    The spreads multiply the standard deviations below: raise a `_person` spread to make a sense
    easier, raise a `_session` spread to make it harder.
    """

    voice_person: float = 1.0
    voice_session: float = 1.0
    face_person: float = 1.6
    face_session: float = 0.7
    snr_db: tuple[float, float] = (6.0, 28.0)  # of a session's noise, drawn uniformly
    level_dbfs: tuple[float, float] = (-34.0, -16.0)
    channel_db: float = 4.0  # standard deviation of each knot of the response
    reverberation_s: tuple[float, float] = (0.05, 0.45)
    yaw_degrees: float = 10.0  # standard deviations of a session's pose
    pitch_degrees: float = 5.0
    roll_degrees: float = 4.0
    scale: tuple[float, float] = (0.92, 1.05)
    offset: float = 0.025  # of the face in the picture, in picture widths
    side_light: float = 0.3
    glasses: float = 0.15  # probabilities of a session
    hat: float = 0.08


def usual(own: float = 1.0) -> Difficulty:
    """Return the usual difficulty, what is a person's own multiplied.

    Args:
        own: below 1 age and sex say more of both voice and face, and so each of the other.
    """
    plain = Difficulty()
    return replace(
        plain, voice_person=own * plain.voice_person, face_person=own * plain.face_person
    )


@dataclass(frozen=True)
class Voice:
    """A person's way of speaking; frequencies in Hz, logarithms natural."""

    fundamental: float
    excursion: float  # semitones of pitch accents
    declination: float  # semitones lost over an utterance
    jitter: float  # relative change from one glottal period to the next
    tilt: float  # dB per octave of the glottal source
    breath: float  # noise in voiced sound, relative
    tract: float  # formant scale, 1 for a tract of 17 cm
    formants: np.ndarray  # (vowels, formants) natural log offsets of the person's own vowels
    bandwidth: float  # scale of the formants' bandwidths
    vowels: np.ndarray  # (vowels,) how often each is used
    hiss: float  # centre of the person's s
    syllables: float  # a second
    vowel_share: float  # of a syllable
    pauses: float  # probability after a syllable


@dataclass(frozen=True)
class VoiceSession:
    """What a day and a microphone do to a voice."""

    pitch: float  # factor of the fundamental
    rate: float  # factor of the syllables a second
    effort: float  # dB per octave added to the tilt
    tract: float  # factor of the formants (lips, head, a cold)
    channel_db: np.ndarray  # (bands,) response
    low_cut: float
    high_cut: float
    reverberation_s: float
    noise_slope: float  # power of frequency
    snr_db: float
    level_dbfs: float


@dataclass(frozen=True)
class Face:
    """A person's face; lengths in half head heights, the chin at y = 1, the crown at y = -1."""

    width: float
    forehead: float
    cheek: float
    jaw: float
    chin: float
    eye_x: float
    eye_y: float
    eye_width: float
    eye_height: float
    eye_slant: float
    iris: np.ndarray  # (3,) RGB
    brow_y: float
    brow_thickness: float
    brow_length: float
    brow_slope: float
    nose_y: float
    nose_width: float
    bridge: float
    mouth_y: float
    mouth_width: float
    upper_lip: float
    lower_lip: float
    lip: np.ndarray  # (3,) RGB
    skin: np.ndarray  # (3,) RGB
    hair: np.ndarray  # (3,) RGB
    hairline: float
    hair_volume: float
    hair_length: float
    parting: float
    ear: float
    wrinkles: float  # 0 to 1
    beard: float  # 0 to 1
    stubble: float  # how much a day's shows
    moles: np.ndarray  # (moles, 3) x, y, radius


@dataclass(frozen=True)
class Creases:
    """How deep the lines are that an expression draws into the skin, 0 (none) to 1.

    Args:
        furrow: upright, between the brows. forehead: across it. nose: across its root. cheek: from
            the wings of the nose round the corners of the mouth, and under the eyes.
    """

    furrow: float = 0.0
    forehead: float = 0.0
    nose: float = 0.0
    cheek: float = 0.0

    def times(self, strength: float) -> "Creases":
        """Return all of them so many times as deep."""
        return Creases(*(strength * depth for depth in astuple(self)))


@dataclass(frozen=True)
class FaceSession:
    """What a day and a camera do to a face; angles in radians."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    offset: np.ndarray  # (2,) picture widths
    light: np.ndarray  # (2,) brightness gained from left to right, from top to bottom
    gain: float
    colour: np.ndarray  # (3,) gains of R, G, B
    smile: float
    brow_raise: float
    eye_opening: float
    hair_length: float
    hair_volume: float
    stubble: float
    lipstick: np.ndarray  # (3,) added to the lips
    glasses: float  # 0 none, else thickness
    glasses_size: float
    hat: float  # 0 none, else height
    clothes: np.ndarray  # (3,) RGB
    hat_colour: np.ndarray  # (3,) RGB
    background: np.ndarray  # (2, 3) RGB of top and bottom
    blur: float  # pixels
    noise: float  # grey levels
    creases: Creases = Creases()  # of a mood


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


def make_person(seed: int, number: int, difficulty: Difficulty) -> Person:
    """Draw person `number`; even numbers are women, ages are uniform from 18 to 75."""
    sex = "fm"[number % 2]
    age = int(generator(seed, "age", number).integers(18, 76))
    return Person(
        number,
        sex,
        age,
        _voice(generator(seed, "voice", number), sex, age, difficulty.voice_person),
        _face(generator(seed, "face", number), sex, age, difficulty.face_person),
    )


def _voice(rng: np.random.Generator, sex: str, age: int, spread: float) -> Voice:
    """Draw a voice: women 200 Hz, men 115 Hz; old age lowers hers, raises his, roughens both."""
    female, old = sex == "f", max(0.0, (age - 40) / 35)

    def normal(deviation, size=None):
        return rng.normal(0.0, deviation * spread, size)

    return Voice(
        fundamental=(200 if female else 115)
        * np.exp((-0.12 if female else 0.08) * old + normal(0.14)),
        excursion=2.2 * np.exp(normal(0.3)) * (1.15 if female else 1.0),
        declination=2.0 + normal(0.9),
        jitter=0.006 * np.exp(0.7 * old + normal(0.35)),
        tilt=-(9.5 if female else 8.0) - 0.8 * old + normal(1.4),
        breath=0.05 * np.exp(0.5 * old + (0.3 if female else 0.0) + normal(0.45)),
        tract=(1.16 if female else 1.0) * np.exp(-0.015 * old + normal(0.04)),
        formants=normal(0.035, FORMANTS) + normal(0.035, (VOWELS, FORMANTS)),
        bandwidth=np.exp(normal(0.22)),
        vowels=rng.dirichlet(np.full(VOWELS, 6.0)),
        hiss=(6300 if female else 5300) * np.exp(normal(0.1)),
        syllables=(4.8 - 0.9 * old) * np.exp(normal(0.12)),
        vowel_share=float(np.clip(0.6 + normal(0.06), 0.42, 0.78)),
        pauses=float(np.clip(0.07 + 0.04 * old + normal(0.03), 0.01, 0.2)),
    )


def make_voice_session(rng: np.random.Generator, difficulty: Difficulty) -> VoiceSession:
    """Draw what one session does to whatever voice speaks in it."""

    def normal(deviation, size=None):
        return rng.normal(0.0, deviation * difficulty.voice_session, size)

    telephone = rng.random() < 0.15
    return VoiceSession(
        pitch=np.exp(normal(0.09)),
        rate=np.exp(normal(0.12)),
        effort=normal(1.3),
        tract=np.exp(normal(0.018)),
        channel_db=rng.normal(0.0, difficulty.channel_db, BANDS),
        low_cut=rng.uniform(200, 350) if telephone else rng.uniform(40, 160),
        high_cut=rng.uniform(3300, 4000) if telephone else rng.uniform(5500, 8000),
        reverberation_s=rng.uniform(*difficulty.reverberation_s),
        noise_slope=rng.uniform(-1.1, 0.0),
        snr_db=rng.uniform(*difficulty.snr_db),
        level_dbfs=rng.uniform(*difficulty.level_dbfs),
    )


def _skin(tone: float, warmth: float) -> np.ndarray:
    """Return a skin colour between light (0) and dark (1)."""
    light, dark = np.array([238.0, 205, 182]), np.array([88.0, 58, 42])
    return np.clip(light + (dark - light) * tone + warmth * np.array([6.0, 0, -8]), 20, 250)


def _hair(darkness: float, red: float, grey: float) -> np.ndarray:
    """Return a hair colour from fair (0) to black (1), then greyed by age."""
    fair, black = np.array([214.0, 176, 112]), np.array([28.0, 22, 20])
    colour = fair + (black - fair) * darkness + red * np.array([40.0, 0, -14])
    return np.clip(colour + (np.array([196.0, 194, 190]) - colour) * grey, 10, 250)


def _face(rng: np.random.Generator, sex: str, age: int, spread: float) -> Face:
    """Draw a face: sex moves jaw, brows and hair; age moves hairline, colour, lids and lines."""
    female, old = sex == "f", max(0.0, (age - 40) / 35)

    def normal(mean, deviation, low=-np.inf, high=np.inf):
        return float(np.clip(mean + rng.normal(0.0, deviation * spread), low, high))

    return Face(
        width=normal(0.70 if female else 0.73, 0.04),
        forehead=normal(0.86, 0.05),
        cheek=normal(0.97 if female else 0.95, 0.04),
        jaw=normal(0.70 if female else 0.79, 0.07),
        chin=normal(0.36 if female else 0.43, 0.07, 0.2, 0.62),
        eye_x=normal(0.31, 0.028),
        eye_y=normal(-0.06, 0.04),
        eye_width=normal(0.135, 0.016, 0.08),
        eye_height=normal(0.066 - 0.014 * old + (0.006 if female else 0), 0.013, 0.03),
        eye_slant=normal(0.02, 0.07),
        iris=np.clip(
            np.array([72.0, 52, 36]) + rng.random() ** 2 * np.array([20.0, 70, 110]), 0, 255
        ),
        brow_y=normal(-0.26, 0.035),
        brow_thickness=normal(0.036 if female else 0.056, 0.012, 0.012),
        brow_length=normal(0.19, 0.022),
        brow_slope=normal(0.05, 0.12),
        nose_y=normal(0.27 + 0.02 * old, 0.05),
        nose_width=normal(0.115 if female else 0.135, 0.024, 0.06),
        bridge=normal(0.05, 0.014, 0.02),
        mouth_y=normal(0.56, 0.035),
        mouth_width=normal(0.235, 0.032),
        upper_lip=normal(0.05 - 0.014 * old, 0.014, 0.012),
        lower_lip=normal(0.068 - 0.014 * old + (0.006 if female else 0), 0.016, 0.015),
        lip=np.array([168.0, 92, 88]) + rng.normal(0, 12, 3),
        skin=_skin(float(np.clip(rng.beta(1.2, 1.8), 0, 1)), rng.normal()),
        hair=_hair(
            rng.beta(1.6, 1.0), float(rng.random() ** 2), np.clip(old + rng.normal(0, 0.15), 0, 1)
        ),
        hairline=normal(-0.60 - (0.0 if female else 0.14 * old), 0.07, -0.95, -0.4),
        hair_volume=normal(0.12 if female else 0.07, 0.035, 0.01),
        hair_length=normal(0.75 if female else -0.05, 0.35, -0.5, 1.4),
        parting=normal(0.0, 0.3, -0.6, 0.6),
        ear=normal(0.13 + 0.02 * old, 0.025, 0.06),
        wrinkles=float(np.clip(old + rng.normal(0, 0.15), 0, 1)),
        beard=0.0 if female or rng.random() < 0.6 else float(rng.uniform(0.3, 0.9)),
        stubble=0.0 if female else 1.0,
        moles=np.column_stack(
            [rng.uniform(-0.5, 0.5, 2), rng.uniform(-0.4, 0.8, 2), rng.uniform(0.0, 0.035, 2)]
        ),
    )


def make_face_session(rng: np.random.Generator, difficulty: Difficulty) -> FaceSession:
    """Draw what one session does to whatever face is seen in it."""

    def normal(deviation, size=None):
        return rng.normal(0.0, deviation * difficulty.face_session, size)

    def colour(size=3):
        return rng.uniform(20, 235, size)

    return FaceSession(
        yaw=np.deg2rad(normal(difficulty.yaw_degrees)),
        pitch=np.deg2rad(normal(difficulty.pitch_degrees)),
        roll=np.deg2rad(normal(difficulty.roll_degrees)),
        scale=rng.uniform(*difficulty.scale),
        offset=normal(difficulty.offset, 2),
        light=normal(difficulty.side_light, 2),
        gain=np.exp(normal(0.17)),
        colour=np.exp(normal(0.05, 3)),
        smile=rng.uniform(-0.3, 1.0) * difficulty.face_session,
        brow_raise=normal(0.03),
        eye_opening=np.exp(normal(0.22)),
        hair_length=normal(0.16),
        hair_volume=normal(0.04),
        stubble=max(0.0, normal(0.2)),
        lipstick=normal(14.0, 3),
        glasses=rng.uniform(1.0, 2.6) if rng.random() < difficulty.glasses else 0.0,
        glasses_size=rng.uniform(0.8, 1.25),
        hat=rng.uniform(0.15, 0.35) if rng.random() < difficulty.hat else 0.0,
        clothes=colour(),
        hat_colour=colour(),
        background=128 + 0.55 * (colour((2, 3)) - 128),
        blur=rng.uniform(0.0, 1.1),
        noise=rng.uniform(1.0, 5.0),
    )
